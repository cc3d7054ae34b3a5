// Certificates made in memory: an authority, and a server's certificate signed by it. For where nobody brings one.
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
  /// Subject alternative names; verifiers look at nothing else.
  std::vector<std::string> dns_names = {};
  /// IPv4 or IPv6 in their textual form.
  std::vector<std::string> addresses = {};
  /// It is valid until now plus this …
  std::chrono::seconds lifetime = std::chrono::hours(24);
  /// … and from this long ago: the clocks of those who verify it differ from ours.
  std::chrono::seconds backdated = std::chrono::minutes(5);
};

/// A self-signed authority that may sign leaves and nothing below them. invalid_input: the name; internal: OpenSSL.
[[nodiscard]] result<key_pair> make_authority(const certificate_request& what, const clock& time);

/// A server's certificate and its key, signed by `authority`. invalid_input: a name or address, no name at all, or an
/// authority that is none.
[[nodiscard]] result<key_pair> make_leaf(const key_pair& authority, const certificate_request& what, const clock& time);

}  // namespace pinhook
