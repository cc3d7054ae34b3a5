// The terminal that a stream of this process may be.
//
// Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pinhook {

/// True for a descriptor (STDERR_FILENO) that is a terminal.
[[nodiscard]] bool is_terminal(int descriptor) noexcept;

/// The columns of that terminal; none when it is no terminal, or does not know them (TIOCGWINSZ).
[[nodiscard]] std::optional<std::size_t> columns_of_terminal(int descriptor) noexcept;

/// Lines that are wider are hard to read, and narrower ones break every path.
inline constexpr std::size_t most_columns = 120;
inline constexpr std::size_t least_columns = 40;

/// The columns of lines for a person: those that the user set (COLUMNS), else those of the terminal, else 80; within
/// the limits above.
[[nodiscard]] std::size_t text_columns(std::string_view columns_variable, std::optional<std::size_t> of_terminal);

/// The same for a stream of this process.
[[nodiscard]] std::size_t text_columns(int descriptor);

}  // namespace pinhook
