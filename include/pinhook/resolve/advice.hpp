// The advice for a person after a look-up that failed.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <string_view>

namespace pinhook::resolve {

/// A sentence without its full stop: "Check the name and the tag".
[[nodiscard]] std::string_view advice_for(error_code code) noexcept;

}  // namespace pinhook::resolve
