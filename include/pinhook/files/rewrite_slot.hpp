// The edits for the change of one slot: values of scalars, renamed keys, added and removed lines, and the comment. For
// image_file::rewrite.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/rewrite_scalar.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/yaml/source.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// A scalar or an alias at its place, and its new value.
struct node_value {
  yaml::node_index node = yaml::no_node;
  std::string value;
  plain_rule rule = plain_rule::string;
};

struct slot_rewrite {
  std::optional<node_value> value;
  /// Edits of keys and lines beside the value.
  std::vector<yaml::edit> edits;
  /// The text for this slot in the line's comment. None: no text.
  std::optional<std::string> comment;
  /// True when the slot then has a digest without a tag, whether its tag is known or not.
  bool leaves_digest_alone = false;
  /// The new slot::written, and the new tag without a comment.
  std::string written;
  std::optional<std::string> tag;
};

/// invalid_input: the slot's `reason` is not `none`; it should go back to its tag, which is unknown.
[[nodiscard]] result<slot_rewrite> rewrite_slot(const yaml::source_document& doc, std::string_view text,
                                                const found_image& image, const std::optional<registry::digest>& digest,
                                                pin::pin_format format);

/// True for values and kustomizations whose digest is written into the tag ("1.25@sha256:…"): the tag holds one
/// already, there is no key for it, or another program writes new tags, which a digest of the old tag beside them would
/// override.
[[nodiscard]] bool takes_digest_in_tag(const yaml::source_document& doc, const found_image& image);

/// The scalar (or alias) whose line holds the comment of the slot: the image; for a kustomization's entry its digest,
/// else its tag; of values the tag that a digest takes the place of. no_node for other values and artefacts, which have
/// no comment.
[[nodiscard]] yaml::node_index commented_node(const found_image& image);

/// True for a digest without a tag, so that only a comment can hold the tag.
[[nodiscard]] bool needs_comment(const found_image& image);

}  // namespace pinhook::files
