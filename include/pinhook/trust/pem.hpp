// Certificates out of PEM, and hexadecimal text, as signatures bring them.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The DER bytes of the first `most` CERTIFICATE blocks; others are passed over.
[[nodiscard]] std::vector<std::string> certificates_in_pem(std::string_view text, std::size_t most);

/// No value for an odd number of characters, or one that is not a hexadecimal digit.
[[nodiscard]] std::optional<std::string> decode_hexadecimal(std::string_view text);
/// In lower case.
[[nodiscard]] std::string encode_hexadecimal(std::string_view bytes);

}  // namespace pinhook::trust
