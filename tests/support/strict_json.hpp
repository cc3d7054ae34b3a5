// A reader of JSON as strict as RFC 8259 alone, to judge the program's output: RapidJSON's own accepts more than that
// where SSE2 is on. It knows nothing of the product.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

struct strict_json {
  enum class kind : std::uint8_t { object, array, string, other };
  kind type = kind::other;
  /// Of a string: its value. Of a number, true, false, null: as written.
  std::string text;
  /// Of an object, in their order: keys[i] names elements[i].
  std::vector<std::string> keys;
  std::vector<strict_json> elements;

  /// Whether some string in it, a key or a value, holds `part`.
  [[nodiscard]] bool has_text(std::string_view part) const;
};

/// Nothing when `text` is not exactly one JSON value: raw control characters, bytes that are no UTF-8, a lone half of a
/// surrogate pair, a duplicate key, more than 100 levels.
[[nodiscard]] std::optional<strict_json> read_strict_json(std::string_view text);

}  // namespace pinhook::testing
