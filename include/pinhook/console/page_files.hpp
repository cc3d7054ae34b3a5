// The files of the page, as they are in src/console/pages, built into the program.
//
// Values; any thread.
#pragma once

#include <span>
#include <string_view>

namespace pinhook::console {

struct page_file {
  /// "/console.js"
  std::string_view path;
  std::string_view content_type;
  std::string_view text;
};

/// The first is the page itself, "/".
[[nodiscard]] std::span<const page_file> page_files();

}  // namespace pinhook::console
