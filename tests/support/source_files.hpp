// The product's own files, for the tests of what is written in them.
#pragma once

#include <string>
#include <vector>

namespace pinhook::testing {

struct source_file {
  /// Relative to the root of the source tree: "src/pin/object.cpp".
  std::string path;
  std::string text;
};

/// Every header and source of include/pinhook, src and registry.
[[nodiscard]] std::vector<source_file> product_sources();

}  // namespace pinhook::testing
