// Where the bytes of a scalar's text are in the file, for text that is not there as it is: with escapes, doubled
// quotes, or lines that YAML folds.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace pinhook::yaml {

/// The places of each byte of `source_node::text`; the bytes of one character that an escape stands for share its
/// place.
struct text_places {
  /// Before the byte.
  std::vector<std::size_t> begins;
  /// Behind it.
  std::vector<std::size_t> ends;
};

/// For a scalar in quotes, or folded (">"). `text`: of the whole file. None where a byte's place is not certain, as in
/// other forms of scalars, and in a text inside of such a text.
[[nodiscard]] std::optional<text_places> places_of_text(std::string_view text, const source_node& scalar);

}  // namespace pinhook::yaml
