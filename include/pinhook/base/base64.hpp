// Base64 (RFC 4648 §4), as far as it is read.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinhook {

/// With or without its padding; line breaks are passed over, as Go's decoder does. Nothing when it is no base64.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace pinhook
