// Manual pages (man(7)), made from the declaration of the command line as help is.
//
//   for (const manual_page& page : manual_pages(describe_command_line())) write(page.name, page.text);
//
// Pure; any thread.
#pragma once

#include <pinhook/cli/command_line.hpp>

#include <string>
#include <vector>

namespace pinhook::cli {

struct manual_page {
  /// "pinhook-pin.1"; that of the program is "pinhook.1".
  std::string name;
  std::string text;
};

/// The page of the program, and one for each command.
[[nodiscard]] std::vector<manual_page> manual_pages(const std::vector<described_command>& commands);

}  // namespace pinhook::cli
