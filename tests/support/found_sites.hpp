// What find_images says of a text, a line a site, for tests that compare with what a person reads off the text.
#pragma once

#include <pinhook/files/found_image.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::test {

/// "3:10 /spec/containers/0/image | Pod web | nginx | nginx:1.25 | nginx:1.25": line, column and pointer; object; name;
/// what is written; the tag that is meant ("-": not known), or in brackets why the site is left alone. A failure is one
/// line: "malformed: line 3, …". Every site is checked to lie in the text, where it says what it says.
[[nodiscard]] std::vector<std::string> found_sites(std::string_view text, std::string_view path = "web.yaml",
                                                   const files::file_rules& rules = {});

}  // namespace pinhook::test
