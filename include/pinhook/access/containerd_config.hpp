// What a node's containerd says about registries: the `registry` table of its config.toml.
//
//   version = 3
//   [plugins."io.containerd.cri.v1.images".registry]     # version 2: plugins."io.containerd.grpc.v1.cri"
//     config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
//
// Sources: containerd docs/cri/config.md and docs/hosts.md; "Deprecated config properties" of its RELEASES.md.
//
// A pure function; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::access {

/// Bytes of a config.toml; the full default has some 10 KiB.
inline constexpr std::size_t max_containerd_config = std::size_t{1024} * 1024;

struct containerd_config {
  /// The directories of hosts.toml, best first, as the node names them.
  std::vector<std::string> certs_dirs;
  /// What it says in a way that is not read, with the place and what to do: a sentence each.
  std::vector<std::string> notes;
};

/// `file` begins messages and notes: "…/config.toml:7: …". invalid_input: not TOML.
[[nodiscard]] result<containerd_config> parse_containerd_config(std::string_view text, const std::string& file);

}  // namespace pinhook::access
