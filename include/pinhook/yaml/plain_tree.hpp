// The documents that the short way through YAML (plain_source.hpp) builds, node by node in the order of the text.
//
// One thread.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::yaml {

class plain_tree {
 public:
  /// A collection that is not closed yet.
  struct level {
    node_index node = no_node;
    node_index last = no_node;
    /// Of a block: its column, from 0.
    std::size_t indent = 0;
    bool is_mapping = false;
    bool is_flow = false;
    /// Its last key, or its last dash, has no value yet.
    bool is_waiting = false;
    /// Of a mapping: its last child is a key.
    bool has_key = false;
  };

  explicit plain_tree(const source_limits& limits) : limits_(limits) {}

  [[nodiscard]] bool has_document() const { return !out_.documents.empty(); }
  [[nodiscard]] bool has_root() const { return out_.documents.back().root != no_node; }
  [[nodiscard]] bool is_closed() const { return open_.empty(); }
  [[nodiscard]] std::size_t depth() const { return open_.size(); }
  [[nodiscard]] const level& top() const { return open_.back(); }
  /// True when the innermost collection is a sequence that begins where its key does.
  [[nodiscard]] bool is_at_key() const {
    if (open_.size() < 2 || open_.back().is_mapping) return false;
    const level& up = open_[open_.size() - 2];
    return up.is_mapping && up.indent == open_.back().indent;
  }

  void begin_document(std::size_t begin, std::size_t expected_nodes) {
    if (has_document()) expected_nodes = out_.documents.back().nodes.size();
    auto& added = out_.documents.emplace_back();
    added.span.begin = begin;
    added.nodes.reserve(std::min(expected_nodes, max_reserved));
    nodes_ = &added.nodes;
    behind_ = begin;
  }

  /// Closes everything. False for a document without a value, or with too many nodes.
  bool end_document() {
    while (!open_.empty()) close();
    return has_root() && nodes_->size() <= limits_.nodes;
  }

  /// Opens the collection at its first byte. False beyond the limits.
  bool open(const source_node& at, bool is_mapping, std::size_t indent) {
    if (open_.size() >= limits_.depth || is_full()) return false;
    source_node& n = nodes_->emplace_back(at);
    n.kind = is_mapping ? source_kind::mapping : source_kind::sequence;
    n.form = scalar_form::none;
    n.keys = 0;
    n.is_word = false;
    n.text = {};
    n.span.end = n.span.begin;
    behind_ = n.span.begin;
    const bool is_flow = n.is_flow;
    open_.push_back({link_last(), no_node, indent, is_mapping, is_flow, false, false});
    return true;
  }

  /// Closes the innermost collection, which ends behind its last value or at `reach`.
  void close() {
    if (open_.back().is_waiting) add_missing();
    source_node& n = (*nodes_)[open_.back().node];
    n.span.end = std::max(n.span.begin, behind_);
    open_.pop_back();
  }

  /// Adds a scalar. False beyond the limits.
  bool add(const source_node& n) {
    if (is_full()) return false;
    nodes_->push_back(n);
    link_last();
    behind_ = n.span.end;
    return true;
  }

  /// The innermost collection has a key or a dash; `place`: of its value, if none comes.
  void wait(const source_node& place) {
    open_.back().is_waiting = true;
    missing_ = place;
  }

  /// Adds the value that did not come.
  void add_missing() {
    nodes_->push_back(missing_);
    link_last();
    behind_ = missing_.span.end;
  }

  /// The bytes up to `at` belong to the innermost collection.
  void reach(std::size_t at) { behind_ = at; }

  /// Keeps a value that is not written in the text.
  std::string_view own(std::string value) { return out_.owned.emplace_back(std::move(value)); }

  /// The documents of a text of this size; nothing may be called afterwards.
  source finish(std::size_t size) {
    auto& all = out_.documents;
    for (std::size_t i = 0; i < all.size(); ++i) all[i].span.end = i + 1 < all.size() ? all[i + 1].span.begin : size;
    return std::move(out_);
  }

 private:
  static constexpr std::size_t max_reserved = 4096;
  static constexpr std::string_view merge_key = "<<";

  [[nodiscard]] bool is_full() const { return nodes_->size() >= limits_.nodes; }

  // Puts the last node below the innermost collection, which then waits for no value.
  node_index link_last() {
    source_node* const all = nodes_->data();
    const auto index = static_cast<node_index>(nodes_->size() - 1);
    if (open_.empty()) {
      out_.documents.back().root = index;
      return index;
    }
    level& up = open_.back();
    source_node& collection = all[up.node];
    source_node& n = all[index];
    n.parent = up.node;
    (up.last == no_node ? collection.first : all[up.last].next) = index;
    up.last = index;
    up.is_waiting = false;
    if (!up.is_mapping) return index;
    up.has_key = !up.has_key;
    if (up.has_key) collection.keys |= n.text == merge_key ? all_keys : key_bit(n.text);
    return index;
  }

  const source_limits& limits_;
  source out_;
  /// Of the last document.
  std::vector<source_node>* nodes_ = nullptr;
  std::vector<level> open_;
  /// After the last byte that belongs to a node.
  std::size_t behind_ = 0;
  source_node missing_;
};

}  // namespace pinhook::yaml
