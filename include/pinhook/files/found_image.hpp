// A slot with the nodes of its image, which rewriting needs. `find_images` finds them by the kind of the document;
// `image_file` keeps them.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/image_places.hpp>
#include <pinhook/files/slot.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// The remedy for an image of values that only the chart can put together.
inline constexpr std::string_view rendered_first = "pin the rendered chart: helm template … | pinhook pin -";

/// Indices in source.documents[tree].nodes; no_node where there is none. They are the nodes at their place: an
/// alias is the alias, not its anchor.
struct found_image {
  files::slot slot;
  /// Index in source.documents: `slot.document`, or the text inside of that document which holds the image.
  std::size_t tree = 0;
  /// scalar: the string.
  yaml::node_index scalar = yaml::no_node;
  /// values, kustomization: the mapping (resolved), the values of its members, and the keys of the members that a pin
  /// replaces or is written beside.
  yaml::node_index mapping = yaml::no_node;
  yaml::node_index registry = yaml::no_node;  // values: registry, of the mapping or of one around it
  yaml::node_index name = yaml::no_node;      // values: repository, image; kustomization: newName, else name
  yaml::node_index tag_key = yaml::no_node;   // values: tag; kustomization: newTag
  yaml::node_index tag = yaml::no_node;
  yaml::node_index digest_key = yaml::no_node;  // values: digest, sha256, sha
  yaml::node_index digest = yaml::no_node;
  /// True when it was found by the names of keys in an object, not in values or in a known place.
  bool is_by_keys = false;
  /// scalar: the text before the image: "docker://", "nginx=" of an Application's
  /// kustomize.images.
  std::string before{};
  /// values: the digest is written without its "sha256:".
  bool is_hex_digest = false;
  /// values: a digest takes the place of the tag (pin::operator_pin::as_tag).
  bool has_digest_as_tag = false;
  /// The comment of another pinning program when `slot.tag` comes from it (foreign_tag.hpp); else empty.
  yaml::text_span foreign_comment{};
  /// True when another program writes the digest, too: its line has a comment like `slot.marker`.
  bool is_digest_marked = false;
};

/// Every image of the text, in the order of the text; those of a text inside of a document follow the others of the
/// document, and its trees are added to `from`. Fills all of `slot`, including a `tag` from a comment
/// (tag_comment.hpp). Images reached through an alias are slots of their own, at the alias.
/// Errors as image_file::read.
[[nodiscard]] result<std::vector<found_image>> find_images(yaml::source& from, std::string_view text,
                                                           std::string_view path, const image_places& places);

/// False for a text that cannot hold an image, whatever its kind: `find_images` would find none, so the text need not
/// be parsed. Fast.
[[nodiscard]] bool may_hold_images(std::string_view text, std::string_view path, const image_places& places);

/// True for a text that could not be parsed and is probably a Helm template that is not rendered: an action ("{{ … }}")
/// is where YAML expects a value or at the begin of a line, or its quotes end the quoted text around it. Templates with
/// actions only inside of values ("name: x-{{ .Release.Name }}") parse as YAML, and `find_images` judges them.
[[nodiscard]] bool looks_like_template(std::string_view text);

/// unsupported: "line 7, column 10: a Helm template, not YAML; render it first: helm template …". Without a line the
/// message begins with "a Helm template".
[[nodiscard]] error not_rendered(std::size_t line = 0, std::size_t column = 0);

}  // namespace pinhook::files
