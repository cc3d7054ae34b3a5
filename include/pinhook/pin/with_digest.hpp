// An image by its digest, from its tag.
//
// Pure; any thread.
#pragma once

#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <optional>

namespace pinhook::pin {

/// The image of `ref` with this digest, and with its effective tag where it has one. None: it would be too long.
[[nodiscard]] std::optional<registry::reference> with_digest(const registry::reference& ref,
                                                             const registry::digest& digest);

}  // namespace pinhook::pin
