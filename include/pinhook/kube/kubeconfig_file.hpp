// One file of kubectl's configuration, parsed as YAML and not yet interpreted.
//
// Plain values; any thread.
#pragma once

#include <pinhook/yaml/document.hpp>

#include <string>

namespace pinhook::kube {

struct kubeconfig {
  std::string file;
  yaml::node root;
};

}  // namespace pinhook::kube
