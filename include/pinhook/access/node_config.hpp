// The files of a node, copied: what `pinhook explain --node-config DIR` reads in place of the settings' own.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>

#include <string>
#include <vector>

namespace pinhook::access {

/// Sets `mirrors` to the files below `directory`, a node's /etc or the folder that holds it: containerd/certs.d, or the
/// directories that containerd/config.toml names; containers/registries.conf and registries.conf.d;
/// rancher/k3s/registries.yaml or that of rke2. Settings of mirrors that are pinhook's own do not count then. The
/// value: what config.toml says in ways that are not read, a sentence each. invalid_input: none of the files is there
/// (the message lists them), or a config.toml that is no TOML; errors of base/file.
[[nodiscard]] result<std::vector<std::string>> use_node_config(const std::string& directory, config::settings& s);

}  // namespace pinhook::access
