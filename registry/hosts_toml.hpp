// containerd's hosts.toml: a node's routes to a registry, its mirrors among them (containerd docs/hosts.md).
//
//   server = "https://registry-1.docker.io"
//   [host."https://mirror.corp:5000"]
//     capabilities = ["pull", "resolve"]
//     ca = "corp.pem"
//
// A pure function; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/route.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// Bytes of a hosts.toml. Real ones have a few hundred.
inline constexpr std::size_t max_hosts_toml = std::size_t{256} * 1024;

struct hosts_toml {
  /// The `[host]` tables in the order of the file.
  std::vector<mirror_setting> hosts;
  /// The root fields, which apply to `server`; its url is empty when there is none.
  mirror_setting server;
};

/// `file` is the text's own path, absolute: paths inside are relative to its directory, and messages begin with it
/// ("…/hosts.toml:7: …"). invalid_input: not TOML, a field of the wrong type, an unknown capability, an invalid
/// duration. Unknown fields are ignored. Of several client certificates the first counts.
[[nodiscard]] result<hosts_toml> parse_hosts_toml(std::string_view text, const std::string& file);

}  // namespace pinhook::registry
