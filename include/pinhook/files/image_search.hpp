// The search for images in one document, and what its kinds of documents share. For find_images (found_image.hpp).
//
// A finding belongs to one thread; it lives no longer than the source and the text.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/comment_markers.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/files/site.hpp>
#include <pinhook/files/values_scope.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Lists in Lists. The reader's own limit of nesting allows some 100; aliases go on from there.
inline constexpr std::size_t max_list_depth = 100;

/// What aliases may unfold a document to, in bytes of JSON and nodes looked at: this, and so many times its own size.
inline constexpr std::size_t unfolded_allowance = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t unfolded_factor = 16;

/// The budget of a document.
[[nodiscard]] inline std::size_t allowed_for(const yaml::source_document& doc) {
  return unfolded_allowance + doc.span.size() * unfolded_factor;
}

struct image_search {
  const yaml::source_document& doc;
  /// The whole file.
  std::string_view text;
  /// Of `doc` in its source.
  std::size_t document = 0;
  const file_rules& rules;
  /// What is left to look at.
  std::size_t budget = unfolded_allowance;
  std::vector<found_image> images;
  values_scopes scopes{};

  /// What stands between the begin and the end of a node.
  [[nodiscard]] std::string_view written(yaml::node_index i) const {
    return text.substr(doc.at(i).span.begin, doc.at(i).span.size());
  }
  /// malformed: nothing is left.
  [[nodiscard]] result<void> spend(std::size_t amount);
};

/// Whether one of the keys, or one written with escapes, may stand in it.
[[nodiscard]] bool holds_key(std::string_view text, const std::vector<std::string>& keys);

/// Something else fills it in: pin::is_variable, and what Compose, envsubst and Flux replace: "${TAG}", "$TAG".
[[nodiscard]] bool is_filled_in(std::string_view image);

/// "/spec/jobs/0/image" → "spec.jobs[0].image".
[[nodiscard]] std::string path_text(std::string_view pointer);

/// A string that is an image, at its node.
[[nodiscard]] found_image scalar_image(const image_search& in, yaml::node_index scalar, std::string pointer);

/// Completes what is known (`written`, `reason` when it is not `none`), and keeps it.
void keep(image_search& in, found_image image);

/// Group and kind of what has the strings `apiVersion` and `kind`.
struct object_type {
  std::string_view group;
  std::string_view kind;
};
[[nodiscard]] std::optional<object_type> type_of(const yaml::source_document& doc, yaml::node_index i);
[[nodiscard]] bool is_kustomization_type(const object_type& type);

/// "Deployment shop/web"
[[nodiscard]] std::string object_text(const yaml::source_document& doc, yaml::node_index i, const object_type& type);

/// Fills in whose image it is: `object`, `group`, `kind`, `ns`.
void set_owner(const yaml::source_document& doc, yaml::node_index object, const object_type& type, site& s);

/// An object of Kubernetes, or a list of them, item by item. Errors: a key that stands twice on the way to an image, a
/// limit of find_slots.hpp or of this header.
[[nodiscard]] result<void> find_in_object(image_search& in, yaml::node_index object, const object_type& type);

[[nodiscard]] result<void> find_in_kustomization(image_search& in, yaml::node_index root, const std::string& pointer);
/// An item of `images` as kustomize reads it; of what is no mapping, nothing.
[[nodiscard]] kustomize_entry kustomize_entry_at(const yaml::source_document& doc, yaml::node_index item);

[[nodiscard]] bool is_compose_file(const yaml::source_document& doc);
[[nodiscard]] result<void> find_in_compose_file(image_search& in);

/// By its name; standard input is none.
[[nodiscard]] bool is_values_file(std::string_view path);
[[nodiscard]] result<void> find_in_values(image_search& in);
/// The image that a mapping of `repository` and others says, if it does. `is_image`: its place says that it is one,
/// even when it has neither `tag` nor `digest`; then `name` does for `repository` beside a tag.
[[nodiscard]] result<std::optional<found_image>> values_image(image_search& in, yaml::node_index mapping,
                                                              std::string pointer, bool is_image);
/// The image of a string `image` without a tag and what stands beside it: `tag`, `imageTag`, `digest`.
[[nodiscard]] result<std::optional<found_image>> image_beside_tag(image_search& in, yaml::node_index mapping,
                                                                  std::string pointer);
/// What charts pass on as imagePullPolicy; empty when nothing is written.
[[nodiscard]] std::string_view pull_policy_beside(const image_search& in, yaml::node_index mapping);
/// Why the chart may put something before or behind `ref`, the text of a string `image`; empty: it is whole.
[[nodiscard]] std::string part_of_split(image_search& in, yaml::node_index mapping, const registry::reference& ref);

/// What the operator's rule says of the document; what stands in `images` already is passed over.
[[nodiscard]] result<void> find_by_rule(image_search& in, const path_rule& rule);
[[nodiscard]] bool applies_to(const path_rule& rule, std::string_view path);

/// The tags of digests that stand alone, from the comments of their lines.
void take_tags_from_comments(image_search& in);

/// Comments of other programs that have an image's line for themselves: site::marker, found_image::is_digest_marked.
void take_markers(image_search& in, const marked_text& marks);

}  // namespace pinhook::files
