// A YAML or JSON text as trees of nodes that know their bytes, for edits of files that users wrote.
//
//   auto read = yaml::read_source("a: &x nginx:1.25 # ours\nb: *x\n");
//   const yaml::source_document& doc = read->documents[0];
//   const auto a = doc.find(doc.root, "a");
//   doc.nodes[a].text      // "nginx:1.25"
//   doc.nodes[a].span      // bytes 6 to 16 of the text
//
// Unlike `parse` (document.hpp) this accepts all of YAML: many documents, anchors and aliases, merge keys, tags, keys
// of any kind, duplicate keys. JSON is YAML, too. Nothing is unfolded: an alias is a node that refers to its anchor's
// node. Values without state: safe to use from any thread; `text` views point into the source and into `owned`.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/key_list.hpp>
#include <pinhook/yaml/text_span.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::yaml {

enum class source_kind : std::uint8_t { scalar, sequence, mapping, alias };

/// The written form of a scalar. `none`: an empty value ("key:" without text after it).
enum class scalar_form : std::uint8_t { none, plain, single_quoted, double_quoted, literal, folded };

using node_index = std::uint32_t;
inline constexpr node_index no_node = std::numeric_limits<node_index>::max();

struct source_node {
  source_kind kind = source_kind::scalar;
  scalar_form form = scalar_form::none;
  /// Of a collection: written with brackets.
  bool is_flow : 1 = false;
  /// "!!str", or any other explicit tag.
  bool has_tag : 1 = false;
  bool has_anchor : 1 = false;
  /// Of a scalar: its text is known to have neither a slash nor a line feed, and not to begin with '{'.
  bool is_word : 1 = false;
  /// Of a mapping: its keys, and those that it merges; all where that is not known.
  key_bits keys = all_keys;
  /// Of a scalar: its bytes, quotes included; of a literal or folded one the lines of its content. Of an alias: with
  /// its star. Of a collection: from the first byte to after the last of its content (brackets included). `form` none:
  /// empty, at the place of a value: right after the ':' or the '-'.
  text_span span;
  /// Of a scalar: its value, unquoted, unescaped, folded. Of an alias: the anchor's name.
  std::string_view text;
  /// Of an alias: the node that it refers to (never an alias itself).
  node_index target = no_node;
  /// Of a collection: its first child; of a mapping they alternate: key, value, key, value.
  node_index first = no_node;
  /// The next child of the same parent.
  node_index next = no_node;
  node_index parent = no_node;
  /// Of the first byte of `span` (of an alias its star, of quoted text its quote), both from 1; columns count
  /// characters, not bytes.
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// The node in place of a missing one: an empty scalar.
inline constexpr source_node absent_node{};

/// How the bytes of a document stand in the file: as they are, or in a text of another document (embedded.hpp).
enum class text_encoding : std::uint8_t { none, single_quoted, double_quoted, folded };

struct source_document {
  /// Parents come before their children, and everything in the order of the text.
  std::vector<source_node> nodes;
  /// no_node: the document is empty.
  node_index root = no_node;
  /// Its bytes, from its "---" (or the start of the text) to before the next one's (or the end).
  text_span span;
  /// False where no comment may be behind a value. The readers of other languages set it.
  bool has_comments = true;
  /// The spans of its nodes are in this encoding, and edits of it must be.
  text_encoding encoding = text_encoding::none;

  /// The node; for `no_node` the absent one, so that a missing node reads as empty instead of ending the process. It
  /// has no place: check before an edit.
  [[nodiscard]] const source_node& at(node_index i) const { return i < nodes.size() ? nodes[i] : absent_node; }
  /// The node that an alias refers to; any other node itself. no_node stays.
  [[nodiscard]] node_index resolve(node_index i) const { return at(i).kind == source_kind::alias ? at(i).target : i; }
  /// The value of a mapping's key, through an alias and merge keys ("<<", own keys first); no_node when there is none
  /// or `mapping` (resolved) is not a mapping. The value itself may be an alias. Of a duplicate key the first counts.
  [[nodiscard]] node_index find(node_index mapping, std::string_view key) const {
    mapping = resolve(mapping);
    const source_node& n = at(mapping);
    return n.kind == source_kind::mapping && (n.keys & key_bit(key)) != 0 ? find_among(mapping, key) : no_node;
  }
  /// The node at a JSON Pointer (RFC 6901) from `from`, with the rules of `find`; the last may be an alias.
  [[nodiscard]] node_index at_pointer(node_index from, std::string_view pointer) const;
  /// The text of a scalar value under a key (through aliases); empty when there is none or it is not a scalar.
  [[nodiscard]] std::string_view text_of(node_index mapping, std::string_view key) const;
  /// True for a value that YAML reads as null: empty, or plain `~`, `null`, `Null`, `NULL`.
  [[nodiscard]] bool is_null(node_index i) const {
    const source_node& n = at(resolve(i));
    if (n.kind != source_kind::scalar || n.has_tag) return false;
    return n.form == scalar_form::none || (n.form == scalar_form::plain && is_null_text(n.text));
  }

 private:
  [[nodiscard]] static bool is_null_text(std::string_view t) {
    return t.empty() || t == "~" || (t.size() == 4 && (t == "null" || t == "Null" || t == "NULL"));
  }
  /// `mapping` is one.
  [[nodiscard]] node_index find_among(node_index mapping, std::string_view key) const;
};

struct source {
  std::vector<source_document> documents;
  /// Values that do not occur literally in the source.
  std::deque<std::string> owned;
  /// Those of documents that were read from a text inside of another one (embedded.hpp).
  std::deque<std::deque<std::string>> inner{};
};

struct source_limits {
  /// Bytes of text. The largest charts render to some 20 MiB.
  std::size_t size = std::size_t{512} * 1024 * 1024;
  /// Nesting of sequences and mappings.
  std::size_t depth = 200;
  /// Nodes of one document.
  std::size_t nodes = 50'000'000;
};

/// Reads the whole text; it must outlive the result. A byte order mark, CR LF and directives are accepted and skipped.
/// malformed: "line 3, column 5: …" with the fault, or the exceeded limit; an alias without its anchor, or inside the
/// node that it refers to, is malformed.
[[nodiscard]] result<source> read_source(std::string_view text, const source_limits& limits = {});

/// The node as JSON, aliases and merge keys unfolded, for readers of objects as JSON. Plain scalars become null, true,
/// false or numbers where YAML 1.2 (core schema) reads them so and JSON can write them; every other scalar becomes a
/// string. Keys that are not scalars are left out; duplicate keys are kept. malformed: the text would be longer than
/// `limit` bytes (aliases can unfold into gigabytes).
[[nodiscard]] result<std::string> to_json(const source_document& doc, node_index from,
                                          std::size_t limit = std::size_t{64} * 1024 * 1024);

/// The same with the members of these keys alone, in mappings of any depth, for a reader that passes over all others.
/// (Of a mapping that merges others, all members.)
[[nodiscard]] result<std::string> to_json_of(const source_document& doc, node_index from, const key_list& keys,
                                             std::size_t limit = std::size_t{64} * 1024 * 1024);

/// One change of a text: the bytes of `span` become `text`. An empty span inserts.
struct edit {
  text_span span;
  std::string text;
  friend bool operator==(const edit&, const edit&) = default;
};

/// `text` with every edit made, everything else as it was. Two edits of the same span and text are one; several
/// insertions at one place keep their order. internal: edits that overlap, or reach beyond the text.
[[nodiscard]] result<std::string> splice(std::string_view text, std::vector<edit> edits);

}  // namespace pinhook::yaml
