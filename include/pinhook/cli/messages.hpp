// Lines on standard error. Paths, images and texts of registries in them come from others, so they are made printable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::cli {

/// "pinhook pin: web.yaml: line 3, column 5: no YAML" with a newline; "pinhook: …" without a command. At most 4 KiB.
/// `width`: the columns at which it is broken into lines; 0: it is one line.
[[nodiscard]] std::string message_line(std::string_view command, std::string_view text, std::size_t width = 0);

/// Writes that line to standard error; on a terminal, broken at its width.
void say(std::string_view command, std::string_view text);

}  // namespace pinhook::cli
