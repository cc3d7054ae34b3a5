// JSON with comments ("JSONC"), as editors' files have it: `//` to the end of the line, `/* … */`.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pinhook::files {

/// The text with blanks in place of comments, so that every other byte keeps its position; ends of lines stay, too. A
/// comment that is not closed reaches to the end.
[[nodiscard]] std::string without_json_comments(std::string_view text);

}  // namespace pinhook::files
