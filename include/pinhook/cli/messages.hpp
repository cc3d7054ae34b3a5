// Lines on standard error. Paths, images and texts of registries in them are other people's: they are made printable.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::cli {

/// "pinhook pin: web.yaml: line 3, column 5: no YAML", with its end; "pinhook: …" without a command. At most 4 KiB.
[[nodiscard]] std::string message_line(std::string_view command, std::string_view text);

/// Writes that line to standard error.
void say(std::string_view command, std::string_view text);

}  // namespace pinhook::cli
