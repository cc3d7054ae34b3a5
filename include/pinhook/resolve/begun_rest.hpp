// Describes the rest that a failure begins where all was well before: for `explain --try`, which has no state of its
// own.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/resolve/host_health.hpp>

#include <string>

namespace pinhook::resolve {

/// "after this answer the webhook backs off from repository acme/api for 1 s"; empty when nothing rests.
[[nodiscard]] std::string describe_begun_rest(const errand& on, const error& failure);

}  // namespace pinhook::resolve
