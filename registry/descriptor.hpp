// The manifest that a tag points at.
//
// Plain values; any thread.
#pragma once

#include <pinhook/registry/digest.hpp>

#include <string>

namespace pinhook::registry {

/// What a tag points at.
struct descriptor {
  registry::digest digest;
  /// As the registry said, without parameters; empty when it did not.
  std::string media_type;
};

}  // namespace pinhook::registry
