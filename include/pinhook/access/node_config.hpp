// The files of a node, copied: what `pinhook explain --node-config DIR` reads in place of the settings' own.
//
// Blocks for as long as the disk does; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/config/settings.hpp>

#include <string>

namespace pinhook::access {

/// Sets `mirrors` to the files below `directory`, a node's /etc or the folder that holds it: containerd/certs.d,
/// containers/registries.conf and registries.conf.d, rancher/k3s/registries.yaml or that of rke2. Settings of mirrors
/// that are pinhook's own do not count then. invalid_input: none of them is there; the message lists them.
[[nodiscard]] result<void> use_node_config(const std::string& directory, config::settings& s);

}  // namespace pinhook::access
