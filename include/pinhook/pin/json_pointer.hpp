// Builds JSON Pointers (RFC 6901).
#pragma once

#include <string>
#include <string_view>

namespace pinhook::pin {

/// Appends "/" and the name with `~` and `/` escaped (RFC 6901).
void append_pointer(std::string& pointer, std::string_view name);

}  // namespace pinhook::pin
