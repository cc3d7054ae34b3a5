// Builds JSON Pointers (RFC 6901), and tells of their parts.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::pin {

/// Appends "/" and the name with `~` and `/` escaped (RFC 6901).
void append_pointer(std::string& pointer, std::string_view name);

/// Digits alone, as the part of a path that is an item of a list.
[[nodiscard]] bool is_index(std::string_view part);

}  // namespace pinhook::pin
