// How one registry is spoken to, as the configuration says it, and whether that is plain HTTP.
//
// Plain values and pure functions; any thread.
#pragma once

#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/route.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// How one registry is spoken to. Key of the table: the canonical registry name, "registry.example.com:5000".
struct host_settings {
  /// Speak HTTP instead of HTTPS. Unless this is set, loopback registries ("localhost", 127.0.0.0/8, [::1]) speak HTTP
  /// where nothing about TLS is said of them: see speaks_plain_http.
  std::optional<bool> plain_http;
  /// PEM file with certificate authorities trusted for this registry, beside the system's.
  std::string ca_file;
  /// Hosts that may receive this registry's credentials as token realm. Empty: any https host that passes the address
  /// check.
  std::vector<std::string> realm_hosts;
};

/// Whether a registry is spoken to in plain HTTP: what `plain_http` says, else whether its name is a loopback address
/// and no authority, certificate of ours or other setting of TLS stands beside it. `said`, `by`: null when there is
/// none.
[[nodiscard]] bool speaks_plain_http(const host_settings* said, const route* by, const reference& ref);

/// The line of configuration for a registry or mirror that was asked by the wrong scheme.
[[nodiscard]] std::string scheme_advice(const route* by, std::string_view asked, bool plain_http);

}  // namespace pinhook::registry
