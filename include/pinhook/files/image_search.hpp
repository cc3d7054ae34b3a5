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
#include <pinhook/pin/operator_images.hpp>
#include <pinhook/pin/path.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Limit of nested Lists. The reader's own limit of nesting allows some 100; aliases could go further.
inline constexpr std::size_t max_list_depth = 100;

/// Limit of texts with YAML inside of each other. Real ones have two: an Application in a ConfigMap, and its values.
inline constexpr std::size_t max_text_depth = 3;

/// Limit of a document with its aliases expanded, in bytes of JSON and visited nodes: this constant, plus so many times
/// the document's own size.
inline constexpr std::size_t unfolded_allowance = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t unfolded_factor = 16;

/// The budget of a document.
[[nodiscard]] inline std::size_t allowed_for(const yaml::source_document& doc) {
  return unfolded_allowance + doc.span.size() * unfolded_factor;
}

/// A text inside of a document that is YAML, with the images of each of its documents.
struct inner_text {
  yaml::source from;
  std::vector<std::vector<found_image>> images;
};

struct image_search {
  const yaml::source_document& doc;
  /// The whole file.
  std::string_view text;
  /// Index of `doc` in its source.
  std::size_t document = 0;
  const image_places& places;
  /// Comments of other programs in the file.
  const marked_text& marks;
  /// Texts of the document that were searched by themselves.
  std::deque<inner_text>& inner;
  /// The number of texts around this one.
  std::size_t depth = 0;
  /// The rest of the budget.
  std::size_t budget = unfolded_allowance;
  std::vector<found_image> images;
  values_scopes scopes{};
  /// The strings and mappings of `images`.
  std::set<yaml::node_index> known{};

  /// The text of a node as written.
  [[nodiscard]] std::string_view written(yaml::node_index i) const {
    return text.substr(doc.at(i).span.begin, doc.at(i).span.size());
  }
  /// malformed: the budget is used up.
  [[nodiscard]] result<void> spend(std::size_t amount) {
    if (amount > budget) return overspent();
    budget -= amount;
    return {};
  }
  [[nodiscard]] std::unexpected<error> overspent() const;

  /// As source_document::find and member_of.
  [[nodiscard]] yaml::node_index find(yaml::node_index mapping, std::string_view key) const {
    return keys.find(doc, mapping, key);
  }
  [[nodiscard]] result<member> find_member(yaml::node_index mapping, std::string_view key) const {
    return keys.member_of(doc, mapping, key);
  }
  mutable key_index keys{};
};

/// True when the text may hold one of the keys, perhaps written with escapes.
[[nodiscard]] bool holds_key(std::string_view text, const std::vector<std::string>& keys);
/// The same for the keys that images may have in objects and values: of the table of kinds, and those of
/// pin/image_keys.hpp.
[[nodiscard]] bool holds_image_key(std::string_view text, const image_places& places);

/// "/spec/jobs/0/image" → "spec.jobs[0].image".
[[nodiscard]] std::string path_text(std::string_view pointer);

/// The image of a string, at its node. `name`: its slot's; empty: the path to it.
[[nodiscard]] found_image scalar_image(const image_search& in, yaml::node_index scalar, std::string pointer,
                                       std::string_view name = {});

/// Completes the image from `written` (and from `reason` when it is not `none`), and adds it to `images`.
void keep(image_search& in, found_image&& image);

/// Group and kind of a mapping with the strings `apiVersion` and `kind`.
struct object_type {
  std::string_view group;
  std::string_view kind;
};
[[nodiscard]] std::optional<object_type> type_of(const yaml::source_document& doc, yaml::node_index i);
inline constexpr std::string_view kustomize_group = "kustomize.config.k8s.io";
[[nodiscard]] bool is_kustomization_type(const object_type& type);

/// "Deployment shop/web"
[[nodiscard]] std::string object_text(const yaml::source_document& doc, yaml::node_index i, const object_type& type);

/// Fills in the object that the image belongs to: `object`, `group`, `kind`, `ns`.
void set_owner(const yaml::source_document& doc, yaml::node_index object, const object_type& type, slot& s);

/// Searches a kustomization: its `images`, and the values of its charts.
[[nodiscard]] result<void> find_in_kustomization(image_search& in, yaml::node_index root, const std::string& pointer);
/// Searches the `images` of a mapping alone.
[[nodiscard]] result<void> find_in_entries(image_search& in, yaml::node_index root, const std::string& pointer);
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
/// The document is of environment_source().
void find_in_environment_file(image_search& in);

/// Decides by the name; false for standard input.
[[nodiscard]] bool is_values_file(std::string_view path);

/// A part of a document that holds images of one owner.
struct owned_part {
  /// Its node, and the JSON Pointer to it.
  yaml::node_index root = yaml::no_node;
  std::string pointer;
  /// `object`, `group`, `kind` and `ns`; `reason` skip_label or pattern: none of its images is changed.
  slot owner;
};
[[nodiscard]] owned_part part_of(yaml::node_index root, std::string_view object);
/// Searches a Flux OCIRepository, `owner`. malformed: a duplicate key.
[[nodiscard]] result<void> find_in_oci_repository(image_search& in, const owned_part& owner);
/// Fills in the owner, and adds it to `images`.
void keep(image_search& in, const owned_part& part, found_image&& image);

/// Searches a Kubernetes object, or a list of them item by item. Of `part` the root, the pointer and the reason count.
/// Errors: a duplicate key on the way to an image, a limit of find_slots.hpp or of this header.
[[nodiscard]] result<void> find_in_object(image_search& in, const owned_part& part, const object_type& type);

/// Searches Helm values: a whole file, or a part of an object.
[[nodiscard]] result<void> find_in_values(image_search& in, const owned_part& part);
/// Searches the Helm values, kustomize's images and texts inside of an object of this type (values_places.hpp).
/// `owner`: the object itself. Adds the nodes whose content is searched to `searched`.
[[nodiscard]] result<void> find_in_places(image_search& in, const owned_part& owner, const object_type& type,
                                          std::set<yaml::node_index>& searched);

/// Searches the `spec` of an object of any kind by the names of keys (pin/image_keys.hpp), and objects inside of it.
/// Nodes in `searched`, and images that are known already, are passed over.
[[nodiscard]] result<void> find_by_keys(image_search& in, const owned_part& owner, const object_type& type,
                                        const std::set<yaml::node_index>& searched);

/// The search of find_by_keys in a part of an object: `value`, at `pointer`, under `key`.
struct keyed_part {
  yaml::node_index value = yaml::no_node;
  std::string pointer;
  std::string_view key;
  /// It is of a container, whose `image` needs neither a tag nor a path.
  bool is_of_container = false;
};
[[nodiscard]] result<void> find_below_key(image_search& in, const owned_part& owner, keyed_part part);

/// Searches the values that a JSON patch, a list of operations, adds and puts (RFC 6902).
[[nodiscard]] result<void> find_in_patch(image_search& in, const owned_part& part);
[[nodiscard]] bool is_json_patch(const yaml::source_document& doc);

enum class text_form : std::uint8_t {
  values,   // Helm values
  objects,  // Kubernetes objects and JSON patches; other documents hold no images
};
/// Searches a literal text that holds YAML: its images are added to `inner`. A text that cannot be read, or not be
/// edited in its place, holds none.
void find_in_text(image_search& in, yaml::node_index scalar, const owned_part& part, text_form form);

/// The image of a mapping with `repository` and other keys, if it has one. `is_image`: its place shows that it is an
/// image, even when it has neither `tag` nor `digest`; then `repo`, or beside a tag `name`, may replace `repository`,
/// and `version` the tag.
[[nodiscard]] result<std::optional<found_image>> values_image(image_search& in, yaml::node_index mapping,
                                                              std::string_view pointer, bool is_image);
/// The image of a string `image` without a tag and of the keys beside it: `tag`, `imageTag`, `version`, `digest`. Of a
/// string with another name, `initImage`, and `initImageTag`, `initImageVersion`, `initImageDigest`.
[[nodiscard]] result<std::optional<found_image>> image_beside_tag(image_search& in, yaml::node_index mapping,
                                                                  std::string_view key, std::string_view pointer);
/// The image that the operator of an object puts together from members of the mapping, if it has all of them, by a row
/// with a tag. One that the operator takes no digest for has the reason split.
[[nodiscard]] result<std::optional<found_image>> image_of_operator(image_search& in, yaml::node_index mapping,
                                                                   const pin::operator_image& of, std::string pointer);
/// The value of an environment variable, `name` and `value`, whose name shows that it is an image, and whose text is
/// one; no_node for any other mapping.
[[nodiscard]] yaml::node_index image_of_variable(const yaml::source_document& doc, yaml::node_index mapping);
/// Fills in all of the slot that follows from the nodes of the parts.
void complete_values(image_search& in, found_image& image, std::string pointer);
/// The key beside `image` whose text may stand before that; empty: none.
[[nodiscard]] std::string_view front_part(const image_search& in, yaml::node_index mapping, std::string_view image);
/// The value that charts pass on as imagePullPolicy; empty when there is none.
[[nodiscard]] std::string_view pull_policy_beside(const image_search& in, yaml::node_index mapping);
/// The reason why the chart may put text before or after `ref`, the text of a string `image`. Empty: the image is
/// complete.
[[nodiscard]] std::string part_of_split(image_search& in, yaml::node_index mapping, std::string_view key,
                                        const registry::reference& ref);

/// Calls `take` with each node that `path` leads to from the mapping `from`; `pointer`, to `from`, then leads to the
/// node. malformed: a duplicate key on the way.
[[nodiscard]] result<void> follow_path(image_search& in, yaml::node_index from, const pin::path& path,
                                       std::string& pointer, const std::function<result<void>(yaml::node_index)>& take);
/// The JSON Pointer to a node below the root of `part`; aliases are not followed.
[[nodiscard]] std::string pointer_to(const yaml::source_document& doc, const owned_part& part, yaml::node_index node);

/// Searches the document by the custom paths of the operator; images that are already in `images` are skipped.
[[nodiscard]] result<void> find_by_path(image_search& in, const custom_paths& custom);
[[nodiscard]] bool applies_to(const custom_paths& custom, std::string_view path);

/// unsupported: the document is a Helm template that is not rendered.
[[nodiscard]] result<void> refuse_template(const image_search& in);
/// Sorts the images by their places, and takes what the comments of their lines tell.
void complete(image_search& in);

/// Takes the tags of digests without a tag from the comments of their lines.
void take_tags_from_comments(image_search& in);

/// Finds comments of other programs that must be the only comment of an image's line: slot::marker,
/// found_image::is_digest_marked.
void take_markers(image_search& in, const marked_text& marks);

}  // namespace pinhook::files
