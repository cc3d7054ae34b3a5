// Base64 (RFC 4648 §4).
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

/// With or without its padding; line breaks are passed over, as Go's decoder does. Nothing when it is no base64.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

/// With its padding, on one line.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace pinhook
