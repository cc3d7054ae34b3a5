// The two values that we ever put into an Authorization header.
//
// Pure functions; any thread.
#pragma once

#include <pinhook/base/secret.hpp>

#include <string_view>

namespace pinhook::registry {

/// "Bearer …" (RFC 6750 §2.1).
[[nodiscard]] secret bearer_authorization(const secret& token);

/// "Basic …" (RFC 7617).
[[nodiscard]] secret basic_authorization(std::string_view user, const secret& password);

}  // namespace pinhook::registry
