// Certificates out of PEM, as signatures bring them.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The DER bytes of the first `most` CERTIFICATE blocks; others are passed over.
[[nodiscard]] std::vector<std::string> certificates_in_pem(std::string_view text, std::size_t most);

}  // namespace pinhook::trust
