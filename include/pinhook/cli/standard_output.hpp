// Results on standard output, which may be a pipe that is closed early.
#pragma once

#include <pinhook/base/error.hpp>

#include <string_view>

namespace pinhook::cli {

/// Writes all of it. A closed pipe (`… | head`) is not an error: the rest of the text is dropped.
/// unavailable: the disk is full, or another failure.
[[nodiscard]] result<void> print_text(std::string_view text);

/// True when standard output is a terminal that shows colours and NO_COLOR (no-color.org) is unset or empty.
[[nodiscard]] bool wants_colour();

}  // namespace pinhook::cli
