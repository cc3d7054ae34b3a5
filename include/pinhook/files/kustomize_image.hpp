// The effect of an entry of kustomize's `images` on an image: whether the entry matches it, and the result.
//
//   const kustomize_entry e{.name = "quay.io/acme/web:v1.7.7", .new_tag = "v1.8.0"};
//   applied(e, "quay.io/acme/web:v1.7.7")   // "quay.io/acme/web:v1.8.0"
//   applied(e, "quay.io/acme/web:v1.7.6")   // none: no match
//
// Source: sigs.k8s.io/kustomize/api v0.21.2 (kustomize v5.8.2), internal/image/image.go (IsImageMatched, Split) and
// filters/imagetag (updater.go, legacy.go). Its unexpected behaviour:
//
//   - Images are compared as they are written: the entry `nginx` does not match docker.io/library/nginx.
//   - `name` is put into a regular expression, ^name(:tag)?(@digest)?$: a name with a tag matches images of that tag
//     alone, and '.' matches any character.
//   - `newTag` and `digest` replace both tag and digest; `newName` replaces all text before them, whatever it holds:
//     newName "x:1" makes "x:1:1.25" of nginx:1.25.
//   - `tagSuffix` counts when neither is set, drops a digest, and is added twice where two filters reach the image.
//   - Every entry is applied, in order, each to the result of those before it.
//
// Pure; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Limit of the entries of one list: each is compared with all later ones. The longest lists of real trees have some
/// hundred.
inline constexpr std::size_t max_kustomize_entries = 2'000;

struct kustomize_entry {
  std::string name{}, new_name{}, new_tag{}, tag_suffix{}, digest{};
  /// The reason why kustomize reads the entry differently than it seems, and what to write instead. Empty: none.
  std::string fault{};

  /// True when it sets the tag or the digest, whatever the image has.
  [[nodiscard]] bool decides() const { return !new_tag.empty() || !digest.empty(); }
  friend bool operator==(const kustomize_entry&, const kustomize_entry&) = default;
};

/// "host:5000/a/b:tag@digest" as kustomize splits it: at the first ':' and '@' after the first '/'.
struct image_parts {
  std::string_view name, tag, digest;
};
[[nodiscard]] image_parts split_image(std::string_view image);

/// True for a name that is a regular expression beyond '.'; its matches are not followed here.
[[nodiscard]] bool is_pattern(std::string_view name);

/// Whether an entry of that name changes the image. False for a pattern.
[[nodiscard]] bool is_matched(std::string_view name, std::string_view image);

/// The image afterwards; none when it does not match.
[[nodiscard]] std::optional<std::string> applied(const kustomize_entry& entry, std::string_view image);

/// The number of times that kustomize applies each entry to the image at this JSON Pointer of an object: 2 for the
/// containers and init containers of Pods and of `spec.template`, 1 for those of any other place and for image volumes,
/// 0 elsewhere.
[[nodiscard]] std::size_t times_applied(std::string_view pointer);

/// The result of `follow`.
struct followed_image {
  std::string image;
  /// Indices of the entries that matched, in order.
  std::vector<std::size_t> matched{};
  /// True when one of them sets tag or digest, and no later one adds a suffix.
  bool is_decided = false;
};

/// The image after all entries, each applied `times` times.
[[nodiscard]] followed_image follow(std::span<const kustomize_entry> entries, std::string_view image,
                                    std::size_t times = 2);

/// The entries on the image's way that set a tag or a digest, but no new name, and match by a '.' although the image's
/// name is not theirs: a digest of one name would be that of both.
[[nodiscard]] std::vector<std::size_t> matched_by_dots(std::span<const kustomize_entry> entries, std::string_view image,
                                                       std::size_t times = 2);
/// The remedy for such an entry.
inline constexpr std::string_view dot_remedy = "pin them in their own files";

/// True when the entry depends on the image's tag: its name holds one, or it adds a suffix.
[[nodiscard]] bool compares_tags(const kustomize_entry& entry);

/// An image that gets a digest: the current text, and the name and tag of its pin.
struct image_to_pin {
  std::string_view image;
  std::string_view name, tag;
};

/// The format in which the pin passes the entries as the image did: matched by the same entries, and at the end with
/// its digest, or unchanged. `preferred` where both formats do, or neither does.
[[nodiscard]] pin::pin_format format_for(std::span<const kustomize_entry> entries, const image_to_pin& one,
                                         pin::pin_format preferred);
/// The same for the entries of several kustomizations, each by itself.
[[nodiscard]] pin::pin_format format_for_all(const std::vector<std::vector<kustomize_entry>>& lists,
                                             const image_to_pin& one, pin::pin_format preferred);

}  // namespace pinhook::files
