// The comment that keeps a pin's tag in sight, at the end of the line:
//
//   image: nginx@sha256:… # nginx:1.25
//   - {image: "nginx@sha256:…", sidecar: {image: redis@sha256:…}} # nginx:1.25 # redis # ours: see the wiki
//
// It is a chain of "# <tag reference>", one for each pin of the line and in their order, each ended by the line's end
// or by white space before another '#'; the text after the chain belongs to the author, or to another program
// (comment_markers.hpp). An element belongs to the next pin of the line with the same name as written. A reference
// without a tag ("# redis") means latest, as it does in an image. After an image without a digest it is the author's
// own comment and stays.
//
// Pure; any thread.
#pragma once

#include <pinhook/registry/reference.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// The end of one line of a text, as far as comments go.
struct line_end {
  /// The begin of the chain, or the place for one: directly after the last byte of content of the line.
  std::size_t chain_begin = 0;
  /// The end of the chain; equal to chain_begin when there is none.
  std::size_t chain_end = 0;
  /// The chain's elements; all parse, and have no digest.
  std::vector<registry::reference> chain;
  /// The span of each element, from the white space before its '#' to the end of the reference.
  std::vector<yaml::text_span> spans;
};

/// The end of the line in which the scalar's span ends. None where no comment is allowed: in JSON, where the document
/// has none, and inside of a scalar of several lines that begins or continues there. For a literal or folded scalar the
/// line of its indicator
/// ("image: >-") counts.
[[nodiscard]] std::optional<line_end> line_end_at(const yaml::source_document& doc, std::string_view text,
                                                  yaml::node_index scalar);

/// True when the scalar's document is JSON as far as the path to the scalar shows, so that it cannot hold a comment;
/// the text after it is not searched for one. Fast.
[[nodiscard]] bool is_in_json(const yaml::source_document& doc, std::string_view text, yaml::node_index scalar);

/// The position of the first '#' after `chain_end`, or of the line's end.
[[nodiscard]] std::size_t sign_behind(const line_end& line, std::string_view text);

/// " # nginx:1.25 # redis"; empty for none.
[[nodiscard]] std::string chain_text(const std::vector<std::string>& references);

/// The element of the chain that belongs to each of `pins` (names as written, of the line's images pinned by a digest
/// without a tag, in their order; an anchor's scalar once): index in chain, or none. The first element of a name
/// belongs to the first pin of that name, the second to the second. All other elements are the author's.
[[nodiscard]] std::vector<std::optional<std::size_t>> match_chain(const std::vector<registry::reference>& chain,
                                                                  const std::vector<std::string_view>& pins);

}  // namespace pinhook::files
