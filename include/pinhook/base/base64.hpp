// Base64 (RFC 4648 §4).
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

/// Decodes text with or without padding; line breaks are ignored, as in Go's decoder. No value when it is not base64.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

/// Encodes with padding, on one line.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace pinhook
