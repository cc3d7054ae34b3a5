// YAML that a literal scalar of another document holds, for edits in its place:
//
//   values: |
//     image: nginx:1.25
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <string_view>

namespace pinhook::yaml {

/// Reads the text of `scalar`, a literal scalar ("|") of `doc`. The nodes have the bytes, lines and columns that they
/// have in `text`, which `doc` was read from; both, and the source of `doc`, must outlive the result.
/// unsupported: any other scalar, whose text is not in the file as it is. malformed: as read_source, but with lines of
/// the inner text.
[[nodiscard]] result<source> read_embedded(const source_document& doc, std::string_view text, node_index scalar,
                                           const source_limits& limits = {});

}  // namespace pinhook::yaml
