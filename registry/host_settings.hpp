// The configuration of one registry, and the choice between HTTPS and plain HTTP.
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

/// The configuration of one registry. The key of the table is the canonical registry name, "registry.example.com:5000".
struct host_settings {
  /// Use HTTP instead of HTTPS. Unless this is set, loopback registries ("localhost", 127.0.0.0/8, [::1]) use HTTP
  /// where they have no TLS setting: see speaks_plain_http.
  std::optional<bool> plain_http;
  /// PEM file with certificate authorities trusted for this registry, beside the system's.
  std::string ca_file;
  /// Hosts that may receive this registry's credentials as token realm. Empty: any https host that passes the address
  /// check.
  std::vector<std::string> realm_hosts;
};

/// True when requests to a registry use plain HTTP: the value of `plain_http`, else true when its name is a loopback
/// address and it has no authority, client certificate or other TLS setting. `settings`, `by`: null when there is none.
[[nodiscard]] bool speaks_plain_http(const host_settings* settings, const route* by, const reference& ref);

/// The line of configuration for a registry or mirror that was contacted by the wrong scheme.
[[nodiscard]] std::string scheme_advice(const route* by, std::string_view host, bool plain_http);

}  // namespace pinhook::registry
