// Base 64 as Kubernetes writes bytes in JSON: RFC 4648 §4, padded.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/secret.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::kube {

/// The bytes; nothing when the text is no padded base 64. Line ends within it are passed over, as Go does. A secret,
/// since Secrets and private keys come so.
[[nodiscard]] std::optional<secret> decode_base64(std::string_view text);

[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace pinhook::kube
