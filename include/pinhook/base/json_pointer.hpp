// Builds JSON Pointers (RFC 6901), and takes them apart.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook {

/// Appends "/" and the name with `~` and `/` escaped (RFC 6901).
void append_pointer(std::string& pointer, std::string_view name);

/// Takes the first part, "/a~1b" of "/a~1b/c", from a pointer that is not empty, and returns it unescaped: "a/b".
[[nodiscard]] std::string take_part(std::string_view& pointer);

/// Digits alone, as the part of a path that is an item of a list.
[[nodiscard]] bool is_index(std::string_view part);

}  // namespace pinhook
