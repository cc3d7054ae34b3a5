// Block scalars ("|", ">-"): their signs, their values, and those without a line of their own, as templates write them
// when they have nothing to say:
//
//   description: |
//   image: nginx:1.25
//
// libfyaml 0.7 reads "image: nginx:1.25" as the description where the mapping is indented, so the readers of this floor
// look for such blocks themselves. Pure; any thread.
#pragma once

#include <pinhook/yaml/text_span.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::yaml {

/// What follows the sign of a block that has no content.
struct empty_block {
  /// From the line after the sign to the line of the next content, or to the end of the text.
  text_span span;
  /// Line feeds, where the sign keeps them ("|+"); otherwise empty.
  std::string value;
  /// Ends of lines from the sign to the end of `span`.
  std::size_t breaks = 0;
};

/// `sign`: the '|' or '>'.
[[nodiscard]] empty_block empty_block_at(std::string_view text, std::size_t sign);

/// The sign, with what belongs to it ("|-", ">2+"), on the line that ends before `lines`, where the block's lines
/// begin; looked for behind `from`. No value: there is none.
[[nodiscard]] std::optional<text_span> block_sign(std::string_view text, std::size_t from, std::size_t lines);

/// True when the first line with content from `lines` on is not indented further than `indent` spaces, and so is not
/// the block's.
[[nodiscard]] bool is_outside_of_block(std::string_view text, std::size_t lines, std::size_t indent);

/// The lines from the one after the sign to the first with content that is not indented further than `indent` spaces;
/// empty where that is the first with content, or none has any. `sign`: the '|' or '>'.
[[nodiscard]] text_span block_lines(std::string_view text, std::size_t sign, std::size_t indent);

/// The value of the block with these lines, by YAML 1.2.2, section 8.1. `indent`: the spaces before the collection that
/// holds it; 0 where there is none. libfyaml 0.7 loses line feeds beside lines that are indented further, and letters
/// behind a backslash.
[[nodiscard]] std::string block_value(std::string_view text, const text_span& sign, const text_span& lines,
                                      std::size_t indent);

/// The spaces and signs ("- ", "? ") before the first key or value on the line of `at`.
[[nodiscard]] std::size_t indent_of_line(std::string_view text, std::size_t at);

}  // namespace pinhook::yaml
