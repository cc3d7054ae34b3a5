// Reading members and scalars of a parsed YAML document, node by node.
//
// Pure, but for key_index; any thread. The views point into the document.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

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

/// `find` and `member_of` for one document, in little time also where a mapping has thousands of keys and each is
/// looked for: the keys of a large mapping are sorted when the first of them is.
///
/// One thread. The document must be the same at each call.
class key_index {
 public:
  /// Keys that are compared one by one. Charts and objects have fewer in nearly all mappings.
  static constexpr std::size_t few = 64;

  /// As source_document::find.
  [[nodiscard]] yaml::node_index find(const yaml::source_document& doc, yaml::node_index mapping, std::string_view key);
  /// As member_of.
  [[nodiscard]] result<member> member_of(const yaml::source_document& doc, yaml::node_index mapping,
                                         std::string_view key);

 private:
  struct large_mapping {
    /// Keys that are scalars, by their texts; equal ones in their order.
    std::vector<yaml::node_index> keys;
    bool has_merge = false;
  };
  const large_mapping& of(const yaml::source_document& doc, yaml::node_index mapping);

  std::map<yaml::node_index, large_mapping> large_;
};

/// The text of a string, as YAML reads it (`1.25`, `true` and null are not strings), through an alias.
[[nodiscard]] std::optional<std::string_view> string_at(const yaml::source_document& doc, yaml::node_index i);

/// The text of any scalar as written ("1.25", "7"), through an alias; empty for null and for other kinds of nodes.
[[nodiscard]] std::string_view scalar_at(const yaml::source_document& doc, yaml::node_index i);

}  // namespace pinhook::files
