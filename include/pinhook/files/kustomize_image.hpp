// What kustomize does to an image by an entry of `images`: whether the entry matches it, and what it becomes.
//
//   const kustomize_entry e{.name = "quay.io/acme/web:v1.7.7", .new_tag = "v1.8.0"};
//   applied(e, "quay.io/acme/web:v1.7.7")   // "quay.io/acme/web:v1.8.0"
//   applied(e, "quay.io/acme/web:v1.7.6")   // none: it is not matched
//
// Source: sigs.k8s.io/kustomize/api v0.21.2 (kustomize v5.8.2), internal/image/image.go (IsImageMatched, Split) and
// filters/imagetag (updater.go, legacy.go). What one would not guess:
//
//   - Images are compared as they are written: the entry `nginx` does not match docker.io/library/nginx.
//   - `name` is put into a regular expression, ^name(:tag)?(@digest)?$: a name with a tag matches the images of that
//   tag
//     alone, and '.' matches any character.
//   - `newTag` and `digest` replace tag and digest both; `newName` replaces what stands before them, whatever it holds:
//     newName "x:1" makes "x:1:1.25" of nginx:1.25.
//   - `tagSuffix` counts when neither is there, drops a digest, and is put on twice where two filters reach the image.
//   - Every entry is applied, in order, each to what those before it made.
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

/// Entries of one list: each is compared with all behind it. The longest of real trees have some hundred.
inline constexpr std::size_t max_kustomize_entries = 2'000;

struct kustomize_entry {
  std::string name{}, new_name{}, new_tag{}, tag_suffix{}, digest{};
  /// Why kustomize makes something else of it than it seems, and what to write; empty: it does not.
  std::string fault{};

  /// It says the tag or the digest, whatever the image has.
  [[nodiscard]] bool decides() const { return !new_tag.empty() || !digest.empty(); }
  friend bool operator==(const kustomize_entry&, const kustomize_entry&) = default;
};

/// "host:5000/a/b:tag@digest" as kustomize takes it apart: at the first ':' and '@' behind the first '/'.
struct image_parts {
  std::string_view name, tag, digest;
};
[[nodiscard]] image_parts split_image(std::string_view image);

/// True for a name that is a regular expression beyond '.': it matches what is not followed here.
[[nodiscard]] bool is_pattern(std::string_view name);

/// Whether an entry of that name changes the image. False for a pattern.
[[nodiscard]] bool is_matched(std::string_view name, std::string_view image);

/// The image afterwards; none when it is not matched.
[[nodiscard]] std::optional<std::string> applied(const kustomize_entry& entry, std::string_view image);

/// How often kustomize applies each entry to the image at this JSON Pointer of an object: 2 for the containers and init
/// containers of Pods and of `spec.template`, 1 for those of any other place and for image volumes, 0 elsewhere.
[[nodiscard]] std::size_t times_applied(std::string_view pointer);

/// What `follow` finds.
struct followed_image {
  std::string image;
  /// Indices of the entries that matched, in order.
  std::vector<std::size_t> matched{};
  /// One of them says its tag or digest, and none behind it puts a suffix on.
  bool is_decided = false;
};

/// The image behind all entries, each applied so many times.
[[nodiscard]] followed_image follow(std::span<const kustomize_entry> entries, std::string_view image,
                                    std::size_t times = 2);

/// Entries on the image's way that say a tag or a digest, but no new name, and match it by a '.' although its name is
/// another than theirs: a digest of the one name would be that of both.
[[nodiscard]] std::vector<std::size_t> matched_by_dots(std::span<const kustomize_entry> entries, std::string_view image,
                                                       std::size_t times = 2);
/// What to do about one.
inline constexpr std::string_view dot_remedy = "pin them in their own files";

/// True when it matters to the entry whether an image has a tag: its name holds one, or it puts a suffix on.
[[nodiscard]] bool compares_tags(const kustomize_entry& entry);

/// An image that gets a digest: as it stands, and the tag that a pin of it says.
struct image_to_pin {
  std::string_view image;
  std::string_view name, tag;
};

/// The format in which the pin goes through the entries as the image did: matched by the same, and at the end with its
/// digest, or as it was. `preferred` where both do, or neither does.
[[nodiscard]] pin::pin_format format_for(std::span<const kustomize_entry> entries, const image_to_pin& one,
                                         pin::pin_format preferred);
/// The same for entries of several kustomizations, each by itself.
[[nodiscard]] pin::pin_format format_for_all(const std::vector<std::vector<kustomize_entry>>& lists,
                                             const image_to_pin& one, pin::pin_format preferred);

}  // namespace pinhook::files
