// The comment "pinhook: skip" of an author, which leaves an image as it is:
//
//   image: nginx:1.25 # pinhook: skip
//
//   # pinhook: skip
//   FROM nginx:1.25
//
// Behind a value it applies to its line, on a line of its own to the next one with content. Text may follow after a
// blank: "# pinhook: skip since the vendor moves this tag".
//
// Pure; any thread.
#pragma once

#include <pinhook/files/found_image.hpp>
#include <pinhook/yaml/source.hpp>

#include <string_view>
#include <vector>

namespace pinhook::files {

/// The lines that such comments apply to, in their order, each from its first byte to its end. `sign`: "#" or "//".
[[nodiscard]] std::vector<yaml::text_span> skipped_lines(std::string_view text, std::string_view sign);

/// Sets skip_reason::skip_comment for every image that has a part, the key of a part, or the anchor of one on these
/// lines.
void skip_images(const yaml::source& from, const std::vector<yaml::text_span>& lines, std::vector<found_image>& images);

}  // namespace pinhook::files
