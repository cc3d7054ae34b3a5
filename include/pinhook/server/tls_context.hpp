// The server's certificate and the other TLS state that connections share. The certificate can be replaced while
// connections are open: new handshakes use the new one, and old connections are not affected.
//
//   tls_context tls;
//   if (auto ok = tls.set_pair(certificate, key); !ok) …
//
// A certificate that has expired, or is not valid yet, does not replace one that is (certificate_validity).
//
// TLS 1.2 and 1.3; of 1.2 only suites with forward secrecy and AEAD. Session tickets are on: resuming costs the peer
// and us less than a full handshake. HTTP/2 is not offered.
//
// With authorities of clients, a client's certificate is requested and not required: a handshake without one, or with a
// bad one, succeeds, and the session knows the outcome (client.hpp). There are no tickets then, since one would carry
// the outcome of an earlier check; API servers do not resume anyway.
//
// Thread rule: all functions from any thread; `set_pair` does key work and belongs on the control thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/server/certificate_validity.hpp>
#include <pinhook/server/client_authorities.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;

namespace pinhook::server {

/// The names of a certificate and its key in messages: their files, where there are files.
struct pair_names {
  std::string certificate = "the certificate";
  std::string key = "the key";
};

class tls_context {
 public:
  /// Limit in bytes of a certificate or key file; a chain is under 20 KiB.
  static constexpr std::size_t file_limit = std::size_t{1024} * 1024;

  explicit tls_context(const clock& time = machine_clock());
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  ~tls_context();

  /// The names and addresses that clients may ask for. A certificate for none of them does not replace a valid one that
  /// is for one of them, since that is how a file of another service looks; where the one in use is for none, these are
  /// not what clients ask for, and any certificate is taken. Before the first pair.
  void set_expected_names(std::vector<std::string> names);

  /// Uses the pair from now on. `certificate_pem`: the leaf first, then its chain; `key_pem`: not encrypted, RSA or
  /// ECDSA. Errors leave the old pair in use. invalid_input, with the name: not PEM, a key of another certificate, too
  /// weak for OpenSSL's security level, not for the expected names; unavailable: the pair is not valid now and the pair
  /// in use is better; it can be tried again later.
  result<void> set_pair(std::string_view certificate_pem, const secret& key_pem, const pair_names& names = {});

  /// Client certificates are requested from now on in new connections, and checked by these authorities in all. Before
  /// the first pair, and then again with others. Errors as client_authorities::parse; the old ones stay.
  result<void> set_client_authorities(std::string_view pem, std::string_view name);
  /// Null: none are set.
  [[nodiscard]] std::shared_ptr<const client_authorities> authorities_of_clients() const;
  /// Another number after each change of them.
  [[nodiscard]] std::uint64_t client_authorities_version() const { return clients_version_.load(); }

  [[nodiscard]] bool is_loaded() const;
  /// The expiry of the leaf in use; the epoch when none is loaded.
  [[nodiscard]] wall_time not_after() const;
  /// The reason for which clients refuse the certificate in use: it has expired, or is not valid yet. Nothing when it
  /// is valid or none is loaded.
  [[nodiscard]] std::optional<std::string> why_not_valid() const;

  /// The reason for which clients may refuse the certificate in use: it is for none of the expected names. Nothing when
  /// it is for one, when none are expected, or none is loaded.
  [[nodiscard]] std::optional<std::string> why_not_named() const;

  /// PEM of the chain in use, the leaf first; empty when none is loaded.
  [[nodiscard]] std::string chain() const;

  /// OpenSSL's context for one new connection; null when no certificate is loaded.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> current() const;

 private:
  const clock& time_;
  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
  certificate_validity validity_;
  /// The certificate in use is for an expected name.
  bool is_named_ = false;
  std::vector<std::string> expected_names_;
  std::string chain_;
  std::shared_ptr<const client_authorities> clients_;
  std::atomic<std::uint64_t> clients_version_{0};
};

}  // namespace pinhook::server
