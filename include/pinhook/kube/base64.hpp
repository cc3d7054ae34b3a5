// Base64 (RFC 4648 §4) as it is written; reading it is base/base64's.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::kube {

/// With its padding, on one line.
[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace pinhook::kube
