// The manifest that a tag refers to.
//
// Plain values; any thread.
#pragma once

#include <pinhook/registry/digest.hpp>

#include <string>

namespace pinhook::registry {

struct descriptor {
  registry::digest digest;
  /// As the registry sent it, without parameters; empty when it did not.
  std::string media_type;
};

}  // namespace pinhook::registry
