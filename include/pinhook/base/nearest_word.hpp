// The most likely meaning of a misspelt word.
//
//   nearest_word("namespcae", {"name", "namespaces"})   // "namespaces"
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace pinhook {

/// Longer words are not taken for slips.
inline constexpr std::size_t max_slip_size = 100;

/// Edits (insert, delete or replace one byte, swap two neighbours) from one text to the other. Time grows with the
/// product of the lengths.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `known` that is fewest edits away, of equal ones the first; empty when all are further than a third of
/// the word's length.
[[nodiscard]] std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace pinhook
