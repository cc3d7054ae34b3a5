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

/// Appends the bytes to `out`, encoded with padding on one line. `out` grows by 4 characters for every 3 bytes and, for
/// a moment, by one more: a secret that reserves them leaves no copy of itself behind.
void append_base64(std::string& out, std::string_view bytes);

/// Encodes with padding, on one line.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace pinhook
