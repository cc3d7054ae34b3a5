// What is wrong with a file of TUF 1.0, and what a person can do about it.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstdint>
#include <string_view>

namespace pinhook::trust {

enum class tuf_fault : std::uint8_t {
  not_signed,       // denied
  expired,          // denied
  older,            // denied: a version went back
  differs,          // denied: it is not the file that was signed for
  unreadable,       // malformed
  missing,          // not_found
  stored_unusable,  // invalid_input: what was stored the last time
};

/// "\"5.root.json\" (role root): it REASON; …" with what to do at its end. `reason`: a predicate.
[[nodiscard]] std::unexpected<error> refuse(tuf_fault fault, std::string_view name, std::string_view role,
                                            std::string_view reason);

/// What to do about it.
[[nodiscard]] std::string_view remedy_of(tuf_fault fault);

}  // namespace pinhook::trust
