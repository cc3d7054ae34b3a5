// registries.yaml of k3s and RKE2, from which they make containerd's hosts.toml (docs.k3s.io, "Private Registry
// Configuration"; k3s pkg/agent/containerd/config.go, getHostConfigs and normalizeEndpointAddress).
//
//   mirrors:
//     docker.io:
//       endpoint: ["https://mirror.example.com:5000"]
//       rewrite: {"^library/(.*)": "hub/$1"}
//   configs:
//     "mirror.example.com:5000":
//       auth: {username: puller, password: …}
//       tls: {ca_file: /etc/ca.pem}
//
// Values and a pure function; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/docker_config.hpp>
#include <pinhook/registry/mirror_rules.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::access {

/// Bytes of a registries.yaml.
inline constexpr std::size_t max_registries_yaml = std::size_t{256} * 1024;

struct registries_yaml {
  registry::mirror_rules rules;
  /// The `auth` of `configs`, as the entries of a config.json.
  registry::docker_config credentials;
};

struct registries_yaml_options {
  /// Begins messages: "/etc/rancher/k3s/registries.yaml, line 3, …".
  std::string file;
  /// False: the node runs with --disable-default-registry-endpoint, so a registry with mirrors is not asked itself.
  bool asks_default_endpoint = true;
};

/// invalid_input: not YAML, a value of the wrong type, an invalid endpoint or pattern, which a node leaves out with a
/// line in its log. Unknown keys are ignored, as there.
[[nodiscard]] result<registries_yaml> parse_registries_yaml(std::string_view text,
                                                            const registries_yaml_options& options);

}  // namespace pinhook::access
