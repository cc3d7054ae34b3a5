// Reading members and scalars of a parsed YAML document, node by node.
//
// Pure; any thread. The views point into the document.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <expected>
#include <optional>
#include <string_view>

namespace pinhook::files {

/// malformed: "line 3, column 5: " and the message.
[[nodiscard]] std::unexpected<error> refuse_at(const yaml::source_node& node, std::string_view message);

/// A key and its value; no_node when there is none. Through a merge key both belong to another mapping.
struct member {
  yaml::node_index key = yaml::no_node;
  yaml::node_index value = yaml::no_node;
};

/// As source_document::find. malformed: a duplicate key.
[[nodiscard]] result<member> member_of(const yaml::source_document& doc, yaml::node_index mapping,
                                       std::string_view key);

/// The text of a string, as YAML reads it (`1.25`, `true` and null are not strings), through an alias.
[[nodiscard]] std::optional<std::string_view> string_at(const yaml::source_document& doc, yaml::node_index i);

/// The text of any scalar as written ("1.25", "7"), through an alias; empty for null and for other kinds of nodes.
[[nodiscard]] std::string_view scalar_at(const yaml::source_document& doc, yaml::node_index i);

}  // namespace pinhook::files
