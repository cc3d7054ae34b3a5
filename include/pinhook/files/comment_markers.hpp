// Comments that other programs search for to find the values that they read or write:
//
//   image: ghcr.io/acme/web:2.0.1 # {"$imagepolicy": "flux-system:web"}
//
// Some of them must be the only comment of their line. There a pin keeps its tag in the reference, never in a comment.
// One table lists them with the page where each program documents its marker; docs/comments.md shows the same.
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

/// The position of a marker in a comment. White space after the '#' is ignored, except for `tight`.
enum class marker_place : std::uint8_t {
  first,     // the comment begins with it
  tight,     // directly after the '#'
  object,    // the comment begins with '{' and holds it
  anywhere,  // the comment holds it
};

/// The part of a marked line that the program writes.
enum class marker_change : std::uint8_t { nothing, value, tag };

/// The lines that a comment on a line of its own applies to, beside that line.
enum class marker_reach : std::uint8_t { nothing, next_line, next_item };

struct comment_marker {
  std::string_view program;
  std::string_view text;
  marker_place place = marker_place::first;
  /// True when the program does not find the marker after, or before, other text of the same comment.
  bool breaks_behind_text = false;
  bool breaks_before_text = false;
  marker_change changes = marker_change::nothing;
  marker_reach reach = marker_reach::nothing;
  /// The page that documents the marker, or the code that reads it.
  std::string_view source;

  /// True when no comment may be added to its line: the program would not find the marker, or it finds the tag by its
  /// position in the line.
  [[nodiscard]] constexpr bool is_exclusive() const { return breaks_behind_text || changes == marker_change::tag; }
};

/// Bytes of a comment that are read. A marker is a word or a short object.
inline constexpr std::size_t max_marker_comment = 1024;
/// Signs '#' of one line that are read; those in quoted text count, too.
inline constexpr std::size_t max_signs = 16;
/// Comment lines above an image that are read. Markers are directly above it, or among a few words.
inline constexpr std::size_t max_lines_above = 8;

[[nodiscard]] std::span<const comment_marker> comment_markers();

/// The marker of a comment that begins with its '#' and ends with its line. Null: none.
[[nodiscard]] const comment_marker* marker_of(std::string_view comment);

/// True when that marker is one that must be the only comment of its line.
[[nodiscard]] bool has_exclusive_marker(std::string_view comment);

/// The places of markers in a text, which must outlive this object.
class marked_text {
 public:
  explicit marked_text(std::string_view text);

  /// True when no line of the text has a marker.
  [[nodiscard]] bool is_empty() const { return is_empty_; }
  /// The exclusive marker that applies to a line. The node of the line begins at the byte `begin`, and its
  /// comment at `sign` (the end of the line when there is no comment). The marker is that of the comment itself, of a
  /// line above, of a region around it, or of the whole file. Null: none. `is_item`: the node is an item of a list.
  [[nodiscard]] const comment_marker* at(std::size_t begin, std::size_t sign, bool is_item) const;

 private:
  [[nodiscard]] const comment_marker* above(std::size_t begin, bool is_item) const;

  std::string_view text_;
  bool is_empty_ = true;
  const comment_marker* of_file_ = nullptr;
  /// Each reaches from the comment that opens it to the comment that ends it.
  std::vector<yaml::text_span> regions_;
};

}  // namespace pinhook::files
