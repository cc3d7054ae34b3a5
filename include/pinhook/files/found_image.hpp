// What stands behind a site: the nodes that say the image, for who rewrites them. `find_images` makes them from what a
// document is; `image_file` keeps them.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/file_rules.hpp>
#include <pinhook/files/site.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// What to do about an image of values that only the chart can put together.
inline constexpr std::string_view rendered_first = "pin what the chart renders: helm template … | pinhook pin -";

/// Indices in source.documents[site.document].nodes; no_node where there is none. They are the nodes as they stand at
/// their place: an alias is the alias, not its anchor.
struct found_image {
  files::site site;
  /// scalar: the string.
  yaml::node_index scalar = yaml::no_node;
  /// values, kustomization: the mapping (resolved), and of its members the values, and the keys of those that a pin
  /// replaces or stands beside.
  yaml::node_index mapping = yaml::no_node;
  yaml::node_index registry = yaml::no_node;  // values: registry, of the mapping or of one around it
  yaml::node_index name = yaml::no_node;      // values: repository, image; kustomization: newName, else name
  yaml::node_index tag_key = yaml::no_node;   // values: tag; kustomization: newTag
  yaml::node_index tag = yaml::no_node;
  yaml::node_index digest_key = yaml::no_node;  // values: digest, sha256, sha
  yaml::node_index digest = yaml::no_node;
  /// values: the digest is written without its "sha256:".
  bool is_hex_digest = false;
  /// The comment that another pinner left, when `site.tag` comes from it (foreign_tag.hpp); else empty.
  yaml::text_span foreign_comment{};
  /// Another program keeps the digest, too: its line has such a comment as `site.marker`.
  bool is_digest_marked = false;
};

/// Every image of the text, in the order of the text. Fills all of `site`, `tag` from a comment included
/// (tag_comment.hpp). Images behind an alias are sites of their own, at the alias.
/// Errors as image_file::read.
[[nodiscard]] result<std::vector<found_image>> find_images(const yaml::source& from, std::string_view text,
                                                           std::string_view path, const file_rules& rules);

/// False for a text in which no image can stand, whatever it is: `find_images` would find none (and need not be asked,
/// nor the text be parsed). Fast.
[[nodiscard]] bool may_hold_images(std::string_view text, std::string_view path, const file_rules& rules);

/// True for what is likely a Helm template that is not rendered, for who could not parse it: an action ("{{ … }}")
/// stands where YAML wants a value or a line begins, or its quotes end the quoted text around it. Templates that only
/// have actions inside of values ("name: x-{{ .Release.Name }}") parse as YAML, and `find_images` judges them.
[[nodiscard]] bool looks_like_template(std::string_view text);

/// unsupported: "line 7, column 10: a Helm template, not YAML; render it first: helm template …". Without a line: the
/// same from "a Helm template" on.
[[nodiscard]] error not_rendered(std::size_t line = 0, std::size_t column = 0);

}  // namespace pinhook::files
