// RFC 3161 timestamps: an authority's signed word that bytes existed at a moment.
//
// Pure but for OpenSSL's allocations; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The moment that the response (TimeStampResp, DER) proves for `data`. denied: it is for other bytes, or no authority
/// that was valid then made it; malformed: it cannot be read, or it hashes by SHA-1 or weaker.
[[nodiscard]] result<wall_time> verify_timestamp(std::string_view response, std::string_view data,
                                                 const std::vector<trusted_authority>& authorities);

/// The same for a bare token that brings its certificates, as notation's do. `anchors`: certificates in DER, of which
/// one must vouch for the authority.
[[nodiscard]] result<wall_time> verify_timestamp_token(std::string_view token, std::string_view data,
                                                       const std::vector<std::string>& anchors);

}  // namespace pinhook::trust
