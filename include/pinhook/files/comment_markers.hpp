// Comments by which other programs find what they read or write:
//
//   image: ghcr.io/acme/web:2.0.1 # {"$imagepolicy": "flux-system:web"}
//
// Some of them must have the line's comment for themselves. There a pin keeps its tag in the reference, never in a
// comment. One table says which, with where each program documents it; docs/comments.md shows the same.
//
// Pure; any thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// How a marker is found in a comment. White space behind the '#' does not count but for `tight`.
enum class marker_place : std::uint8_t {
  first,     // the comment begins with it
  tight,     // right behind the '#'
  object,    // the comment begins with '{' and holds it
  anywhere,  // the comment holds it
};

/// What the program writes into a line that is marked.
enum class marker_change : std::uint8_t { nothing, value, tag };

/// What a comment that has a line for itself speaks of, beside that line.
enum class marker_reach : std::uint8_t { nothing, next_line, next_item };

struct comment_marker {
  std::string_view program;
  std::string_view text;
  marker_place place = marker_place::first;
  /// Whether the program no longer finds it behind, and before, other text of the same comment.
  bool breaks_behind_text = false;
  bool breaks_before_text = false;
  marker_change changes = marker_change::nothing;
  marker_reach reach = marker_reach::nothing;
  /// Where that is written, or the code that reads it.
  std::string_view source;

  /// No comment is added to its line: it would not be found, or the program finds the tag by its place in the line.
  [[nodiscard]] bool stands_alone() const { return breaks_behind_text || changes == marker_change::tag; }
};

/// What is looked at of a comment. A marker is a word or a short object.
inline constexpr std::size_t max_marker_comment = 1024;
/// Signs '#' of one line that are looked at; those in quoted text count, too.
inline constexpr std::size_t max_signs = 16;
/// Comment lines above an image that are looked at. Markers stand right above it, at most among a few words.
inline constexpr std::size_t max_lines_above = 8;

[[nodiscard]] std::span<const comment_marker> comment_markers();

/// The marker that a comment is, from its '#' to the end of its line; null: none.
[[nodiscard]] const comment_marker* marker_of(std::string_view comment);

/// Where markers stand in a text, which must outlive this.
class marked_text {
 public:
  explicit marked_text(std::string_view text);

  /// No line of the text has one.
  [[nodiscard]] bool is_empty() const { return is_empty_; }
  /// The marker that stands alone and speaks of the line that begins with the byte at `begin` of some node and whose
  /// comment, if any, begins at `sign` (else it is the end of the line): of the comment itself, of a line above, of a
  /// region around it, of the whole file. Null: none. `is_item`: the node is an item of a list.
  [[nodiscard]] const comment_marker* at(std::size_t begin, std::size_t sign, bool is_item) const;

 private:
  [[nodiscard]] const comment_marker* above(std::size_t begin, bool is_item) const;

  std::string_view text_;
  bool is_empty_ = true;
  const comment_marker* of_file_ = nullptr;
  /// From the comment that opens it to the one that ends it.
  std::vector<yaml::text_span> regions_;
};

}  // namespace pinhook::files
