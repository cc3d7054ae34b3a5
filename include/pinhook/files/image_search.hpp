// The search for images in one document, and the functions that all kinds of documents share. For find_images
// (found_image.hpp).
//
// An image_search belongs to one thread; the source and the text must outlive it.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/comment_markers.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/image_places.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/files/slot.hpp>
#include <pinhook/files/values_scope.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Limit of nested Lists. The reader's own limit of nesting allows some 100; aliases could go further.
inline constexpr std::size_t max_list_depth = 100;

/// Limit of a document with its aliases expanded, in bytes of JSON and visited nodes: this constant, plus so many times
/// the document's own size.
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
  /// Index of `doc` in its source.
  std::size_t document = 0;
  const image_places& places;
  /// The rest of the budget.
  std::size_t budget = unfolded_allowance;
  std::vector<found_image> images;
  values_scopes scopes{};

  /// The text of a node as written.
  [[nodiscard]] std::string_view written(yaml::node_index i) const {
    return text.substr(doc.at(i).span.begin, doc.at(i).span.size());
  }
  /// malformed: the budget is used up.
  [[nodiscard]] result<void> spend(std::size_t amount);
};

/// True when the text may hold one of the keys, perhaps written with escapes.
[[nodiscard]] bool holds_key(std::string_view text, const std::vector<std::string>& keys);

/// True for a text that another program fills in: pin::is_variable, and the variables of Compose, envsubst and Flux:
/// "${TAG}", "$TAG".
[[nodiscard]] bool is_filled_in(std::string_view image);

/// "/spec/jobs/0/image" → "spec.jobs[0].image".
[[nodiscard]] std::string path_text(std::string_view pointer);

/// The image of a string, at its node.
[[nodiscard]] found_image scalar_image(const image_search& in, yaml::node_index scalar, std::string pointer);

/// Completes the image from `written` (and from `reason` when it is not `none`), and adds it to `images`.
void keep(image_search& in, found_image image);

/// Group and kind of a mapping with the strings `apiVersion` and `kind`.
struct object_type {
  std::string_view group;
  std::string_view kind;
};
[[nodiscard]] std::optional<object_type> type_of(const yaml::source_document& doc, yaml::node_index i);
[[nodiscard]] bool is_kustomization_type(const object_type& type);

/// "Deployment shop/web"
[[nodiscard]] std::string object_text(const yaml::source_document& doc, yaml::node_index i, const object_type& type);

/// Fills in the object that the image belongs to: `object`, `group`, `kind`, `ns`.
void set_owner(const yaml::source_document& doc, yaml::node_index object, const object_type& type, slot& s);

/// Searches a Kubernetes object, or a list of them item by item. Errors: a duplicate key on the way to an image, a
/// limit of find_slots.hpp or of this header.
[[nodiscard]] result<void> find_in_object(image_search& in, yaml::node_index object, const object_type& type);

[[nodiscard]] result<void> find_in_kustomization(image_search& in, yaml::node_index root, const std::string& pointer);
/// An item of `images` as kustomize reads it; empty for an item that is not a mapping.
[[nodiscard]] kustomize_entry kustomize_entry_at(const yaml::source_document& doc, yaml::node_index item);

[[nodiscard]] bool is_compose_file(const yaml::source_document& doc);
[[nodiscard]] result<void> find_in_compose_file(image_search& in);

/// Searches a file of a known form that is no object. Errors: as node_paths::walk.
[[nodiscard]] result<void> find_in_known_form(image_search& in, const known_form& form);
/// Searches the fields of an object whose API group is in the table of known forms. `pointer` leads to the object.
[[nodiscard]] result<void> find_in_known_fields(image_search& in, yaml::node_index object, const object_type& type,
                                                const std::string& pointer);

/// The document is of dockerfile_source().
void find_in_dockerfile(image_search& in);

/// Decides by the name; false for standard input.
[[nodiscard]] bool is_values_file(std::string_view path);
[[nodiscard]] result<void> find_in_values(image_search& in);
/// The image of a mapping with `repository` and other keys, if it has one. `is_image`: its place shows that it is an
/// image, even when it has neither `tag` nor `digest`; then `name` may replace `repository` beside a tag.
[[nodiscard]] result<std::optional<found_image>> values_image(image_search& in, yaml::node_index mapping,
                                                              std::string pointer, bool is_image);
/// The image of a string `image` without a tag and of the keys beside it: `tag`, `imageTag`, `digest`.
[[nodiscard]] result<std::optional<found_image>> image_beside_tag(image_search& in, yaml::node_index mapping,
                                                                  std::string pointer);
/// The value that charts pass on as imagePullPolicy; empty when there is none.
[[nodiscard]] std::string_view pull_policy_beside(const image_search& in, yaml::node_index mapping);
/// The reason why the chart may put text before or after `ref`, the text of a string `image`. Empty: the image is
/// complete.
[[nodiscard]] std::string part_of_split(image_search& in, yaml::node_index mapping, const registry::reference& ref);

/// Searches the document by the custom paths of the operator; images that are already in `images` are skipped.
[[nodiscard]] result<void> find_by_path(image_search& in, const custom_paths& custom);
[[nodiscard]] bool applies_to(const custom_paths& custom, std::string_view path);

/// Takes the tags of digests without a tag from the comments of their lines.
void take_tags_from_comments(image_search& in);

/// Finds comments of other programs that must be the only comment of an image's line: slot::marker,
/// found_image::is_digest_marked.
void take_markers(image_search& in, const marked_text& marks);

}  // namespace pinhook::files
