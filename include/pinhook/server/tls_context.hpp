// The certificate that the server shows, and everything else about TLS that connections share. It can be exchanged
// while connections go on: new handshakes use the new certificate, old connections never notice.
//
//   tls_context tls;
//   if (auto ok = tls.load({"/tls/tls.crt", "/tls/tls.key"}); !ok) …
//   …every few seconds: if (auto changed = tls.reload(); !changed) log it
//
// TLS 1.2 and 1.3; of 1.2 only suites with forward secrecy and AEAD. Session tickets are on: resuming costs the peer
// and us less than a full handshake. HTTP/2 is not offered.
//
// Thread rule: all functions from any thread; `load`, `reload` and `set_pair` do file and key work and belong on the
// control thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace pinhook::server {

struct certificate_files {
  /// PEM: the leaf first, then the chain.
  std::string certificate;
  /// PEM, not encrypted, RSA or ECDSA.
  std::string key;
};

class tls_context {
 public:
  /// Bytes of a certificate or key file; a chain is under 20 KiB.
  static constexpr std::size_t file_limit = std::size_t{1024} * 1024;

  tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  ~tls_context();

  /// Reads the pair and uses it from now on; `reload` looks at these files. invalid_input, naming the file: not
  /// readable, no PEM, the key is not the certificate's, too weak for OpenSSL's security level.
  result<void> load(certificate_files files);

  /// A pair made in memory. `reload` has nothing to do after that. Same errors.
  result<void> set_pair(std::string_view certificate_pem, const secret& key_pem);

  /// Reads the files again and, when what they hold has changed, uses it: true. Content is compared, so it does not
  /// matter how a file was replaced (Kubernetes swaps a symbolic link above a mounted Secret). A pair that is no good
  /// leaves the old one in use: an error, once for each content; the next calls give false until the files change
  /// again.
  result<bool> reload();

  [[nodiscard]] bool is_loaded() const;
  /// When the leaf in use expires; the epoch when nothing is loaded.
  [[nodiscard]] wall_time not_after() const;

  /// PEM of what is in use, the leaf first; empty when nothing is loaded.
  [[nodiscard]] std::string chain() const;

  /// OpenSSL's context for one new connection; null when nothing is loaded.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> current() const;

 private:
  struct pair;
  result<void> use(const pair& p);

  mutable std::mutex mutex_;
  std::shared_ptr<ssl_ctx_st> context_;
  wall_time not_after_{};
  std::string chain_;
  certificate_files files_;
  // Of the content last tried, good or not.
  std::string tried_;
};

}  // namespace pinhook::server
