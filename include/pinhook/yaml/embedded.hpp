// YAML that a scalar of another document holds as it is in the file, for edits in its place:
//
//   values: |
//     image: nginx:1.25
//   values: '{"image": "nginx:1.25"}'
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <string_view>

namespace pinhook::yaml {

/// Reads the text of `scalar`, a literal scalar ("|") of `doc`, or one in quotes on one line without escapes; in the
/// second no comment may be behind a value (source_document::has_comments). The nodes have the bytes, lines and columns
/// that they have in `text`, which `doc` was read from; both, and the source of `doc`, must outlive the result.
/// unsupported: any other scalar, whose text is not in the file as it is. malformed: as read_source, but with lines of
/// the inner text.
[[nodiscard]] result<source> read_embedded(const source_document& doc, std::string_view text, node_index scalar,
                                           const source_limits& limits = {});

}  // namespace pinhook::yaml
