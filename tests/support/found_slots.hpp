// The result of find_images for a text, one line for each slot, for tests that compare it with an expectation by hand.
#pragma once

#include <pinhook/files/found_image.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::test {

/// "3:10 /spec/containers/0/image | Pod web | nginx | nginx:1.25 | nginx:1.25": line, column and pointer; object; name;
/// the written text; the tag ("-": unknown), or in brackets the reason why the slot is skipped. A failure is one line:
/// "malformed: line 3, …". Every slot is also compared with the text at its place.
[[nodiscard]] std::vector<std::string> found_slots(std::string_view text, std::string_view path = "web.yaml",
                                                   const files::image_places& places = {});

}  // namespace pinhook::test
