// YAML that a scalar of another document holds, for edits in its place:
//
//   values: |
//     image: nginx:1.25
//   values: '{"image": "nginx:1.25"}'
//   values: "image: nginx:1.25\n"
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <string>
#include <string_view>

namespace pinhook::yaml {

/// Reads the text of `scalar` of `doc`: literal ("|"), folded (">") or in quotes. In the last two no comment may be
/// behind a value (source_document::has_comments), and edits are `encoded`. The nodes have the bytes, lines and columns
/// that they have in `text`, which `doc` was read from; both, and the source of `doc`, must outlive the result.
/// unsupported: any other scalar; one whose bytes' places are not certain; a text in quotes or folded inside of another
/// such text. malformed: as read_source, but with lines of the inner text.
[[nodiscard]] result<source> read_embedded(const source_document& doc, std::string_view text, node_index scalar,
                                           const source_limits& limits = {});

/// The bytes of `text` in the file. unsupported: a line break where no escape can stand for it.
[[nodiscard]] result<std::string> encoded(std::string_view text, text_encoding as);

}  // namespace pinhook::yaml
