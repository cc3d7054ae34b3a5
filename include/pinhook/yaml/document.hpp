// A YAML document as a tree of nodes that know their place, for configuration files.
//
//   auto root = yaml::parse("deadline:\n  limit: 8s\n");
//   const yaml::node* section = root->find("deadline");
//   section->find("limit")->text;   // "8s", at line 2, column 10
//
// Constructs that a configuration does not need are refused, so that a file has the same meaning for every reader: a
// second document, anchors and aliases (a few lines of them unfold into gigabytes), tags, keys that are not plain text,
// and duplicate keys in one mapping.
//
// Values without state: safe to use from any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::yaml {

enum class node_kind : std::uint8_t { scalar, sequence, mapping };

/// `plain` is text without quotes, which YAML reads as a number, a boolean or null where it looks like one.
enum class scalar_style : std::uint8_t { plain, quoted };

struct member;

struct node {
  node_kind kind = node_kind::scalar;
  /// Of a scalar: its text, unquoted and unescaped.
  std::string text;
  scalar_style style = scalar_style::plain;
  /// The start of the node, both from 1; of a value that is not written, the start of its key or its list.
  std::size_t line = 1;
  std::size_t column = 1;
  /// Of a sequence.
  std::vector<node> items;
  /// Of a mapping, in the order of the file.
  std::vector<member> members;

  /// True for an empty value, `~` and `null`.
  [[nodiscard]] bool is_null() const;
  /// The value of a mapping's key, or null when there is none or this is not a mapping.
  [[nodiscard]] const node* find(std::string_view key) const;
};

struct member {
  std::string key;
  std::size_t line = 1;
  std::size_t column = 1;
  node value;
};

struct parse_limits {
  /// Bytes of text. A ConfigMap holds 1 MiB at most.
  std::size_t size = std::size_t{1024} * 1024;
  /// Nesting of sequences and mappings. The configuration has four levels.
  std::size_t depth = 32;
};

/// Parses the whole text as one YAML 1.2 document; an empty text is a null scalar. malformed: "line 3, column 5: …"
/// with the fault, or the exceeded limit.
[[nodiscard]] result<node> parse(std::string_view text, const parse_limits& limits = {});

/// "a scalar", "a list", "a mapping", for messages.
[[nodiscard]] std::string_view to_string(node_kind kind) noexcept;

}  // namespace pinhook::yaml
