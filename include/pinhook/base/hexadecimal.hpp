// Bytes as hexadecimal text.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

/// No value for an odd number of characters, or one that is not a hexadecimal digit.
[[nodiscard]] std::optional<std::string> decode_hexadecimal(std::string_view text);
/// In lower case.
[[nodiscard]] std::string encode_hexadecimal(std::string_view bytes);

}  // namespace pinhook
