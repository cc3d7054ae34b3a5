// The signed assertion with which a service account's key requests a token (RFC 7523; google.aip.dev/auth/4112).
//
// Pure function; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/google_principal.hpp>

#include <string_view>

namespace pinhook::cloud {

/// A JWT signed RS256, for one hour from `now`, the longest that Google takes. invalid_input: the key is not an RSA
/// private key in PEM without a password.
[[nodiscard]] result<secret> make_google_assertion(const google_service_account& account, std::string_view audience,
                                                   std::string_view scope, wall_time now);

}  // namespace pinhook::cloud
