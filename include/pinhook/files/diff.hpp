// What a change would do to a file, as a unified diff that `patch -p1` and `git apply` take.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::files {

/// Empty when the texts are equal. `path`: as the person names the file; a leading "./" and "/" are left out behind
/// "a/" and "b/". Three lines around each change; "\ No newline at end of file" where it is so; CR stays part of its
/// line.
[[nodiscard]] std::string unified_diff(std::string_view path, std::string_view before, std::string_view after);

}  // namespace pinhook::files
