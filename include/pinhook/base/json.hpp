// RapidJSON, checked: parsing with limits, and readers that do not assert on input.
//
// RapidJSON's accessors abort when a value is of another type; these return no value instead. Parsing is iterative (the
// default parser recurses, and a million '[' is a stack overflow) and the depth is limited, because writing and
// comparing recurse.
#pragma once

#include <pinhook/base/error.hpp>

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::json {

using value = rapidjson::Value;
using document = rapidjson::Document;

struct parse_limits {
  /// Nesting of arrays and objects. The API server allows 10,000 in a request; no Kubernetes object comes near 100.
  std::size_t depth = 200;
  /// Bytes of text.
  std::size_t size = std::size_t{16} * 1024 * 1024;
};

/// Parses the whole text as one JSON value. Strict JSON: no comments, no trailing commas, valid UTF-8. malformed: with
/// the offset in bytes and RapidJSON's reason, or the exceeded limit.
[[nodiscard]] result<document> parse(std::string_view text, const parse_limits& limits = {});

/// The member of an object, or null when `v` is not an object or has none of that name. Case matters.
[[nodiscard]] const value* find(const value& v, std::string_view name);

/// The text of a member that is a string; no value for anything else.
[[nodiscard]] std::optional<std::string_view> find_string(const value& v, std::string_view name);

[[nodiscard]] std::optional<std::int64_t> find_integer(const value& v, std::string_view name);
[[nodiscard]] std::optional<bool> find_bool(const value& v, std::string_view name);

[[nodiscard]] inline std::string_view text_of(const value& string) {
  return {string.GetString(), string.GetStringLength()};
}

/// Appends `text` as a JSON string with its quotes; U+FFFD replaces bytes that are not UTF-8.
void append_string(std::string& out, std::string_view text);

}  // namespace pinhook::json
