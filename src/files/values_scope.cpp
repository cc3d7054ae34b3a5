#include <pinhook/files/values_scope.hpp>

#include <pinhook/files/node_access.hpp>

#include <array>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

std::string joined_key(std::string_view path, std::string_view key) {
  std::string out;
  out.reserve(path.size() + 1 + key.size());
  out += path;
  if (!path.empty() && !key.empty()) out += '.';
  out += key;
  return out;
}

// "spec.global" of a mapping below `root`, as keys; elements of lists are left out.
std::string path_of_node(const source_document& doc, node_index root, node_index i) {
  std::vector<std::string_view> keys;
  for (node_index up = doc.at(i).parent; up != no_node && i != root; i = up, up = doc.at(i).parent) {
    if (doc.at(up).kind != source_kind::mapping) continue;
    // A key that is a scalar stands right before its value; only others have to be looked for.
    if (i > 0 && doc.at(i - 1).parent == up && doc.at(i - 1).next == i) {
      keys.push_back(doc.at(doc.resolve(i - 1)).text);
      continue;
    }
    for (node_index k = doc.at(up).first; k != no_node; k = doc.at(doc.at(k).next).next)
      if (doc.at(k).next == i) keys.push_back(doc.at(doc.resolve(k)).text);
  }
  std::string out;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) out = joined_key(out, *key);
  return out;
}

constexpr auto outer_bits = [] {
  std::array<key_bits, pin::outer_part_keys.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = key_bit(pin::outer_part_keys[i].first);
  return out;
}();

void take_outer(const std::vector<outer_part>& outer, std::vector<outer_part>& into) {
  for (const outer_part& one : outer)
    if (into.size() < max_outer_parts) into.push_back(one);
}

}  // namespace

node_index values_scopes::mapping_around(const source_document& doc, node_index i) const {
  do {
    i = i == root_ ? no_node : doc.at(i).parent;
  } while (i != no_node && doc.at(i).kind != source_kind::mapping);
  return i;
}

// `below`: the path of `mapping` under `named`, whose own path is only computed when a part is found.
void values_scopes::take(const source_document& doc, node_index mapping, node_index named, std::string_view below,
                         std::vector<outer_part>& into) const {
  mapping = doc.resolve(mapping);
  if (mapping == no_node || doc.at(mapping).kind != source_kind::mapping) return;
  const key_bits held = doc.at(mapping).keys;
  for (std::size_t i = 0; i < outer_bits.size(); ++i) {
    if ((held & outer_bits[i]) == 0) continue;
    const auto& [key, kind] = pin::outer_part_keys[i];
    const node_index value = doc.find(mapping, key);
    if (value == no_node || doc.at(doc.resolve(value)).kind != source_kind::scalar) continue;
    into.push_back(
        {kind, joined_key(joined_key(path_of_node(doc, root_, named), below), key), value, scalar_at(doc, value)});
  }
}

void values_scopes::take_global(const source_document& doc, node_index mapping, std::vector<outer_part>& into) const {
  const node_index global = doc.find(mapping, "global");
  if (global == no_node) return;
  take(doc, global, mapping, "global", into);
  take(doc, doc.find(global, "image"), mapping, "global.image", into);
}

const std::vector<outer_part>& values_scopes::within(const source_document& doc, node_index mapping) {
  const auto [at, is_new] = own_.try_emplace(mapping);
  if (is_new) take(doc, mapping, mapping, {}, at->second);
  return at->second;
}

std::string values_scopes::path_to(const source_document& doc, node_index mapping, std::string_view key) const {
  return joined_key(path_of_node(doc, root_, mapping), key);
}

const std::vector<outer_part>& values_scopes::up_from(const source_document& doc, node_index mapping) {
  // Begins with the outermost unknown mapping: nesting may be too deep for a recursion.
  std::vector<node_index> missing;
  for (node_index i = mapping; i != no_node && !known_.contains(i); i = mapping_around(doc, i)) missing.push_back(i);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    std::vector<outer_part> parts;
    take(doc, *at, *at, {}, parts);
    take_global(doc, *at, parts);
    if (const node_index up = mapping_around(doc, *at); up != no_node) take_outer(known_[up], parts);
    known_.emplace(*at, std::move(parts));
  }
  return known_[mapping];
}

std::vector<outer_part> values_scopes::around(const source_document& doc, node_index mapping) {
  const auto [at, is_new] = around_.try_emplace(mapping);
  if (!is_new) return at->second;
  take_global(doc, mapping, at->second);
  if (const node_index up = mapping_around(doc, mapping); up != no_node) take_outer(up_from(doc, up), at->second);
  return at->second;
}

}  // namespace pinhook::files
