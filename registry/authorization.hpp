// The Authorization header: two values that pinhook makes, and the one that an operator configured.
//
// Pure functions; any thread.
#pragma once

#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>

#include <string_view>

namespace pinhook::registry {

/// "Bearer …" (RFC 6750 §2.1).
[[nodiscard]] secret bearer_authorization(const secret& token);

/// "Basic …" (RFC 7617).
[[nodiscard]] secret basic_authorization(std::string_view user, const secret& password);

/// Adds a header that an operator configured; an Authorization goes to the request's own field.
void add_configured(http::request& to, const http::header& header);

}  // namespace pinhook::registry
