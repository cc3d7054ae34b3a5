// Exchanges a token of Azure for a refresh token of one registry (Azure/acr docs/AAD-OAuth.md "POST /oauth2/exchange").
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/oauth.hpp>
#include <pinhook/http/message.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace pinhook::cloud {

/// The life of a refresh token whose end is not known. They last 3 hours.
inline constexpr std::chrono::seconds unknown_refresh_life = std::chrono::minutes(5);

/// `registry`: a login server that `acr_name` knows; the token is sent to it. `tenant` may be empty.
[[nodiscard]] http::request exchange_request(std::string_view registry, const secret& token, std::string_view tenant);

/// The "refresh_token" and the rest of its life by its "exp"; 0 when that is missing or has passed.
[[nodiscard]] result<access_token> read_exchange(const token_step& step, const result<http::response>& outcome,
                                                 wall_time now);

/// The "exp" of a JWT (RFC 7519 §4.1.4), not verified: it only decides when to fetch the next one.
[[nodiscard]] std::optional<wall_time> jwt_expiry(std::string_view token);

}  // namespace pinhook::cloud
