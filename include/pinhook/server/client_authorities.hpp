// The authorities whose client certificates count, and the check of a client's certificate by them.
//
//   auto authorities = client_authorities::parse(pem, "callers.client_ca");
//   const client_proof p = (*authorities)->verify(leaf, chain, clock.wall());
//
// The check is that of TLS (RFC 5280 §6 with the purpose of a TLS client), made here instead of in the handshake: a
// client without a good certificate is answered by HTTP with the reason, and a connection that is kept for hours is
// checked again when its certificate expires or the authorities change.
//
// Immutable; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/server/client.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct x509_store_st;
struct stack_st_X509;

namespace pinhook::server {

/// The outcome of a check.
struct client_proof {
  client_certificate state = client_certificate::none;
  std::vector<std::string> names;
  std::string fault;
  /// The outcome holds until then: the first expiry in the chain; for an invalid certificate a second later.
  wall_time until = wall_time::max();
};

class client_authorities {
 public:
  /// Limit in bytes of the file.
  static constexpr std::size_t file_limit = std::size_t{1024} * 1024;

  /// One or more certificates in PEM. One that is not signed by itself counts as an authority, too, as with Go's
  /// programs. invalid_input, with `name`: no certificate, or an unreadable one among them.
  [[nodiscard]] static result<std::shared_ptr<const client_authorities>> parse(std::string_view pem,
                                                                               std::string_view name);

  /// `leaf`: null where the client has sent none; `chain`: what it sent behind it, can be null. Both belong to the
  /// caller.
  [[nodiscard]] client_proof verify(x509_st* leaf, stack_st_X509* chain, wall_time now) const;

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  client_authorities() = default;

  std::shared_ptr<x509_store_st> store_;
  std::size_t size_ = 0;
};

}  // namespace pinhook::server
