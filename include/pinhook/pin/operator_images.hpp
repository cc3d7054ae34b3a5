// The images of operators that put them together in a way of their own, or read more from their text than the image:
// one row for each way, with the place in the operator's source that it follows. For files and for admission; what no
// row names is searched by the names of keys (image_keys.hpp) and of parts (image_parts.hpp).
//
// Constant; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pinhook::pin {

/// The place of the digest.
enum class operator_pin : std::uint8_t {
  behind_tag,  // the tag becomes "1.2@sha256:…"
  as_tag,      // the digest takes the tag's place: "sha256:…"
  hex_digest,  // its digits stand in the member `digest`, where the object has that; else the image is left
  whole,       // `name` holds the whole reference
  none,        // the image is left by tag: `reason`
  spread,      // the same, of a tag whose image's whole name, or whose images' names, the object does not have
};

struct operator_image {
  std::string_view title{};
  /// "*.example.com": all groups below it.
  std::string_view group{};
  /// Empty: all kinds of the group.
  std::string_view kind{};
  /// The key of the mapping that holds the members; empty: any mapping in the object's `spec`.
  std::string_view mapping{};
  /// The text before the name, with a slash; empty: the name is whole.
  std::string_view prefix{};
  /// "*": each member of the mapping.
  std::string_view name{};
  /// Empty: the name is the whole reference.
  std::string_view tag{};
  std::string_view digest{};
  /// A member that replaces all of them where it has a text.
  std::string_view replaced_by{};
  operator_pin pin = operator_pin::none;
  /// The reason for which it is left: "the operator reads the version from the tag".
  std::string_view reason{};
  /// "repository@commit path".
  std::string_view source{};
};

inline constexpr std::string_view any_member = "*";

/// All rows; those of one group are beside each other. Of two rows for the same members the first counts.
[[nodiscard]] std::span<const operator_image> operator_images() noexcept;

using operator_rows = std::vector<const operator_image*>;

/// The rows of objects of this kind, in their order.
[[nodiscard]] operator_rows rows_of_operator(std::string_view group, std::string_view kind);

/// Words of which a text has at least one when it holds images of rows whose members have other names than images.
[[nodiscard]] std::span<const std::string_view> words_of_operators() noexcept;

/// True when a digest stands in the text of a tag: "1.2@sha256:…", "sha256:…".
[[nodiscard]] bool has_digest_in_tag(std::string_view tag);

}  // namespace pinhook::pin
