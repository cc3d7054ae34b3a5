// Registries of clouds, known by their names: two facts that no protocol tells (registry.md §3.5, §4.4–§4.6, §7).
//
// Pure functions; any thread. Names are compared anchored, whole label by whole label: the check is a boundary.
#pragma once

#include <string_view>

namespace pinhook::registry {

/// A private registry of Amazon ECR: 12 digits, ".dkr.ecr." or ".dkr-ecr." (also with "-fips"), a region and Amazon's
/// suffix. It takes Basic alone, and answers 403 without a challenge when the 12-hour password has expired
/// (flipt#3043).
[[nodiscard]] bool is_ecr_private(std::string_view host);

/// True for registries whose credentials are minted by the cloud and open more than one repository (ACR, Google's,
/// public ECR): their token realm is the registry itself, and any other place is refused.
[[nodiscard]] bool keeps_tokens_at_home(std::string_view host);

}  // namespace pinhook::registry
