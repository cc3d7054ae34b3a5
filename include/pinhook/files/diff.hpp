// What a change would do to a file, as a unified diff that `patch -p1` and `git apply` take.
//
//   fmt::print("{}", unified_diff("deploy/web.yaml", before, after));
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::files {

/// Lines that are taken away or added before the shortest diff is given up: what is kept to find it grows with the
/// square. A file of several hundred images stays below.
inline constexpr std::size_t max_diff_effort = 2000;

/// Empty when the texts are equal. `path`: as the person names the file; a leading "./" and "/" are left out behind
/// "a/" and "b/"; quoted as git does where it holds control characters, `"` or `\`. Three lines around each change;
/// "\ No newline at end of file" where it is so; CR stays part of its line. The shortest diff within `effort`; behind
/// it line by line when as many lines stand on both sides, else one block.
[[nodiscard]] std::string unified_diff(std::string_view path, std::string_view before, std::string_view after,
                                       std::size_t effort = max_diff_effort);

}  // namespace pinhook::files
