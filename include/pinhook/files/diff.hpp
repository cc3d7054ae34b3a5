// The change of a file as a unified diff that `patch -p1` and `git apply` accept.
//
//   fmt::print("{}", unified_diff("deploy/web.yaml", before, after));
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::files {

/// Limit of removed and added lines for the search of the shortest diff, whose memory grows with the square of their
/// number. A file of several hundred images stays below.
inline constexpr std::size_t max_diff_effort = 2000;

/// Empty when the texts are equal. `path`: the path as the user wrote it; a leading "./" or "/" is dropped after "a/"
/// and "b/"; it is quoted as git does where it holds control characters, `"` or `\`. The diff shows three lines around
/// each change, and "\ No newline at end of file" where that is so; CR stays part of its line. It is the shortest diff
/// within `effort`; beyond it is line by line when both sides have the same number of lines, else one block.
[[nodiscard]] std::string unified_diff(std::string_view path, std::string_view before, std::string_view after,
                                       std::size_t effort = max_diff_effort);

}  // namespace pinhook::files
