// Generated YAML: files of Kubernetes objects, kustomizations, values and Compose files in every style a person may
// have, each made from a seed. For property tests.
//
//   const made_file f = make_yaml(42);   // the same text for the same seed, everywhere
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pinhook::testing {

struct made_file {
  std::string path;
  std::string text;
  /// Images that a person would count in it.
  std::size_t images = 0;
  /// Some value is written otherwise than it reads (escapes, folded lines): pinned and unpinned it reads the same, and
  /// is written plainly.
  bool has_respelled = false;
};

[[nodiscard]] made_file make_yaml(std::uint64_t seed);

}  // namespace pinhook::testing
