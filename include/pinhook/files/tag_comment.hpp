// The comment that keeps a pin's tag in sight, at the end of the line:
//
//   image: nginx@sha256:… # nginx:1.25
//   - {image: "nginx@sha256:…", sidecar: {image: redis@sha256:…}} # nginx:1.25 # redis # ours: see the wiki
//
// A chain of "# <tag reference>", one a pin of the line and in their order, each ended by the line's end or by white
// space before another '#'; what follows the chain is the author's, or another program's (comment_markers.hpp). An
// element belongs to the next pin of the line with the same name as written. A reference without a tag ("# redis")
// means what it means in an image: latest. Behind an image that has no digest yet it is the author's word and stays.
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
  /// Where the chain stands, or would be put: right behind the last byte of the line that is content.
  std::size_t chain_begin = 0;
  /// Behind the chain; equal to chain_begin when there is none.
  std::size_t chain_end = 0;
  /// The chain's elements; all parse, and have no digest.
  std::vector<registry::reference> chain;
  /// Where each stands, from the white space before its '#' to behind the reference.
  std::vector<yaml::text_span> spans;
};

/// The end of the line that the bytes before `offset` (the end of a scalar's span) stand in. None where no comment may
/// stand: JSON, inside of a scalar of several lines that begins or goes on there; of a literal or folded scalar the
/// line of its indicator ("image: >-") counts.
[[nodiscard]] std::optional<line_end> line_end_at(const yaml::source_document& doc, std::string_view text,
                                                  yaml::node_index scalar);

/// The scalar's document is JSON as far as the way to it shows, so that no comment may stand in it; one behind it is
/// not looked for. Fast.
[[nodiscard]] bool is_in_json(const yaml::source_document& doc, std::string_view text, yaml::node_index scalar);

/// From `chain_end` on, the '#' of what follows the chain, or the line's end.
[[nodiscard]] std::size_t sign_behind(const line_end& line, std::string_view text);

/// " # nginx:1.25 # redis"; empty for none.
[[nodiscard]] std::string chain_text(const std::vector<std::string>& references);

/// The element of the chain that belongs to each of `pins` (names as written, of the line's images pinned by a digest
/// without a tag, in their order; an anchor's scalar once): index in chain, or none. The first element of a name
/// belongs to the first pin of that name, the second to the second. Elements that belong to none are the author's.
[[nodiscard]] std::vector<std::optional<std::size_t>> match_chain(const std::vector<registry::reference>& chain,
                                                                  const std::vector<std::string_view>& pins);

}  // namespace pinhook::files
