// Several files as one text for standard output.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pipeline {

struct printed_file {
  std::string_view path;
  std::string_view text;
};

/// YAML documents one after the other, with a "---" between files where the next does not begin with one. A single file
/// stays as it is, whatever its content. Empty files add nothing.
/// invalid_input: several files, and one of them is JSON; the message names it.
[[nodiscard]] result<std::string> joined(const std::vector<printed_file>& files);

/// True for a text that begins as JSON does, with a brace or a bracket.
[[nodiscard]] bool looks_like_json(std::string_view text);

}  // namespace pinhook::pipeline
