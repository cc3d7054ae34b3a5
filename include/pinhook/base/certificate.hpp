// Certificates made in memory: an authority, and a server's certificate signed by it, where none is provided.
//
//   auto ca = make_authority({.common_name = "pinhook demo"}, machine_clock());
//   auto leaf = make_leaf(*ca, {.common_name = "pinhook", .dns_names = {"pinhook.pinhook.svc"}}, machine_clock());
//
// ECDSA P-256 with SHA-256; X.509 version 3 with the extensions that Go and OpenSSL verify (RFC 5280 §4.2). Values
// without state: safe to use from any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace pinhook {

/// PEM, both.
struct key_pair {
  std::string certificate;
  secret key;
};

struct certificate_request {
  /// At most 64 bytes (X.520 ub-common-name).
  std::string common_name;
  /// Subject alternative names; verifiers check only these.
  std::vector<std::string> dns_names = {};
  /// IPv4 or IPv6 in their textual form.
  std::vector<std::string> addresses = {};
  /// The certificate is valid until now plus this …
  std::chrono::seconds lifetime = std::chrono::hours(24);
  /// … and from this long ago: the clocks of verifiers differ from the local one.
  std::chrono::seconds backdated = std::chrono::minutes(5);
};

/// Makes a self-signed authority that may sign leaves only. invalid_input: the name; internal: OpenSSL.
[[nodiscard]] result<key_pair> make_authority(const certificate_request& request, const clock& time);

/// Makes a server's certificate with its key, signed by `authority`. invalid_input: an invalid name or address, no name
/// at all, or an invalid authority.
[[nodiscard]] result<key_pair> make_leaf(const key_pair& authority, const certificate_request& request,
                                         const clock& time);

}  // namespace pinhook
