// Results on standard output, as a pipe may refuse them.
#pragma once

#include <pinhook/base/error.hpp>

#include <string_view>

namespace pinhook::cli {

/// Writes all of it. A reader that has gone away (`… | head`) is no error: what it did not want is dropped.
/// unavailable: the disk is full, or another failure.
[[nodiscard]] result<void> print_text(std::string_view text);

/// True when standard output is a terminal that shows colours and NO_COLOR (no-color.org) is unset or empty.
[[nodiscard]] bool wants_colour();

}  // namespace pinhook::cli
