// Lines on standard error. Paths, images and texts of registries in them come from others, so they are made printable.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::cli {

/// "pinhook pin: web.yaml: line 3, column 5: no YAML" with a newline; "pinhook: …" without a command. At most 4 KiB.
[[nodiscard]] std::string message_line(std::string_view command, std::string_view text);

/// Writes that line to standard error.
void say(std::string_view command, std::string_view text);

}  // namespace pinhook::cli
