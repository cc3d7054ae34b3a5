// Rule 3.7 (README.md): objects of controllers that may compare the images of what they made.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::pin {

/// True for a Pod whose controller is not a built-in workload. `group`, `kind`: of the object.
[[nodiscard]] bool has_foreign_controller(std::string_view group, std::string_view kind, const object& now);

/// The warning about an object of a kind that has a controller; `left`: the number of its images that stay for that.
[[nodiscard]] std::string foreign_warning(std::string_view kind, const object& now, std::size_t left);

}  // namespace pinhook::pin
