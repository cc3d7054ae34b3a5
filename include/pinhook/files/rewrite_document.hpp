// The edits for all changes of one document: values through aliases and anchors, and the comments of the lines. For
// image_file::rewrite.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/files/found_image.hpp>
#include <pinhook/files/rewrite_slot.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// One slot that changes.
struct planned_change {
  const found_image* image = nullptr;
  slot_rewrite plan;
  /// True when a new comment may be added to its line.
  bool may_add_comment = true;
  /// Set by `document_edits`: the comment is written, so that the tag can be read.
  bool has_comment = false;
};

/// The edits that make `changes`, all of the same document. `all`: every image of that document.
/// An anchor's scalar changes when everything that uses it changes to the same value; its own place is an image, or one
/// that is there for aliases alone ("x-web"). Else the aliases that change are replaced by text, and where the anchor's
/// scalar changes, the other aliases are replaced by its old text. invalid_input: two values for one scalar.
[[nodiscard]] result<std::vector<yaml::edit>> document_edits(const yaml::source_document& doc, std::string_view text,
                                                             std::span<const found_image> all,
                                                             std::vector<planned_change>& changes);

/// Values by their nodes (an alias is the alias, not its anchor).
using value_map = std::map<yaml::node_index, node_value>;

struct value_edits {
  std::vector<yaml::edit> edits;
  /// Aliases that became text: with their new value, and with their old one.
  std::set<yaml::node_index> replaced;
  std::set<yaml::node_index> kept;
};

/// `in_use`: nodes of images, whether they change or not.
[[nodiscard]] value_edits edit_values(const yaml::source_document& doc, std::string_view text, const value_map& values,
                                      const std::set<yaml::node_index>& in_use);

/// The comments of the lines on which changes are made; sets has_comment.
[[nodiscard]] std::vector<yaml::edit> edit_comments(const yaml::source_document& doc, std::string_view text,
                                                    std::span<const found_image> all,
                                                    std::vector<planned_change>& changes, const value_edits& values);

}  // namespace pinhook::files
