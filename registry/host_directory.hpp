// A registry's directory under containerd's config_path (containerd docs/hosts.md): a hosts.toml, or Docker's older
// layout of certificates alone (*.crt: authorities, *.cert and *.key: the client's).
//
// Any thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/registry/route.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Files of a directory that are considered.
inline constexpr std::size_t max_directory_files = 256;

struct host_directory {
  std::string path;
  /// False: "_default".
  bool is_own = true;
  /// The whole hosts.toml; no value when it is missing or empty.
  std::optional<secret> text;
  /// The certificates as a setting for the registry itself.
  mirror_setting certificates;

  [[nodiscard]] std::string hosts_file() const { return path + "/hosts.toml"; }
};

/// The names of a registry's directory, in the order in which they are tried: "<host>_<port>_", "<host>:<port>" (or the
/// host alone), "_default".
[[nodiscard]] std::vector<std::string> directory_names(const std::string& registry);

/// The first directory that exists, with its content; no value when none exists. unavailable: it exists but cannot be
/// read, or its hosts.toml has more than max_hosts_toml bytes.
[[nodiscard]] result<std::optional<host_directory>> find_host_directory(const std::vector<std::string>& roots,
                                                                        const std::string& registry);

}  // namespace pinhook::registry
