// What names an object and its version, from its bytes alone: for objects of any kind, also those that are read no
// further.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::kube {

/// Empty: not there, or no text.
struct object_metadata {
  std::string ns;
  std::string name;
  std::string resource_version;
  /// The whole object is valid JSON. Otherwise the rest is what stands before the fault.
  bool is_whole = false;
};

[[nodiscard]] object_metadata read_metadata(std::string_view object);

}  // namespace pinhook::kube
