// Members of JSON as protocol buffers write it: bytes are base64, 64-bit integers are strings, and a member that is
// zero or empty is left out.
//
// Source: the ProtoJSON format, https://protobuf.dev/programming-guides/json/ (readers take both alphabets of base64,
// and integers as numbers, too). Pure; any thread.
#pragma once

#include <pinhook/base/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// Base64 in either alphabet, with or without padding. No value for other text.
[[nodiscard]] std::optional<std::string> decode_any_base64(std::string_view text);

/// The bytes of a member; empty when it is absent. No value when it is there and is not base64.
[[nodiscard]] std::optional<std::string> bytes_in(const json::value& v, std::string_view name);
/// The integer of a member; 0 when it is absent. No value when it is there and is not an integer of 64 bits.
[[nodiscard]] std::optional<std::int64_t> integer_in(const json::value& v, std::string_view name);
/// The text of a member; empty when it is absent or not a string.
[[nodiscard]] std::string_view text_in(const json::value& v, std::string_view name);
/// The elements of a member that is an array; none when it is absent or something else.
[[nodiscard]] std::vector<const json::value*> list_in(const json::value& v, std::string_view name);
/// A member of a member: find_path(v, {"certChain", "certificates"}). Null when one of them is absent.
[[nodiscard]] const json::value* find_path(const json::value& v, std::initializer_list<std::string_view> names);

}  // namespace pinhook::trust
