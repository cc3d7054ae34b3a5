// What one site's change means for the bytes around it: values of scalars, keys that are renamed, lines that come and
// go, and the comment that is wanted. For image_file::rewrite.
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

/// A scalar, or an alias, at its place, and the value it gets.
struct node_value {
  yaml::node_index node = yaml::no_node;
  std::string value;
  plain_rule rule = plain_rule::string;
};

struct site_rewrite {
  std::optional<node_value> value;
  /// Beside it: keys and lines.
  std::vector<yaml::edit> edits;
  /// What the line's comment shall say of this site; none: nothing.
  std::optional<std::string> comment;
  /// A digest stands alone afterwards, whether its tag is known or not.
  bool leaves_digest_alone = false;
  /// The site afterwards: site::written, and the tag it has without a comment.
  std::string written;
  std::optional<std::string> tag;
};

/// invalid_input: the site's `reason` is not `none`; it has no known tag and shall go back to it.
[[nodiscard]] result<site_rewrite> rewrite_site(const yaml::source_document& doc, std::string_view text,
                                                const found_image& image, const std::optional<registry::digest>& digest,
                                                pin::pin_format format);

/// Of values and kustomizations: a digest is written into the tag ("1.25@sha256:…"), since one stands there, there is
/// no key for it, or another program writes new tags: beside one of those the digest of the old tag would go on to
/// decide.
[[nodiscard]] bool takes_digest_in_tag(const yaml::source_document& doc, const found_image& image);

/// The scalar (or alias) whose line holds the comment of the site: the image, or of a kustomization's entry its digest,
/// else its tag. no_node: values have none.
[[nodiscard]] yaml::node_index commented_node(const found_image& image);

/// True for a digest that stands alone, so that only a comment can tell its tag.
[[nodiscard]] bool needs_comment(const found_image& image);

}  // namespace pinhook::files
