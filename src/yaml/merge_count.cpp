#include <pinhook/yaml/merge_count.hpp>

#include <pinhook/yaml/event_stream.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace pinhook::yaml {

result<void> merge_count::add(const source_document& doc, node_index mapping) {
  const auto& nodes = doc.nodes;
  std::size_t merged = 0;
  const auto add_target = [&](node_index i) {
    i = doc.resolve(i);
    if (nodes[i].kind != source_kind::mapping) return;
    // A target without merge keys of its own is one mapping.
    merged += merged_.emplace(i, 1).first->second;
  };
  for (node_index k = nodes[mapping].first; k != no_node; k = nodes[nodes[k].next].next) {
    const source_node& key = nodes[k];
    if (key.kind != source_kind::scalar || key.text != "<<" || key.form != scalar_form::plain) continue;
    const node_index from = doc.resolve(key.next);
    if (nodes[from].kind == source_kind::mapping) add_target(from);
    if (nodes[from].kind != source_kind::sequence) continue;
    for (node_index one = nodes[from].first; one != no_node; one = nodes[one].next) add_target(one);
  }
  if (merged == 0) return {};
  // However often they are reached, they are no more than there are.
  merged = std::min(merged, merged_.size());
  merged_.insert_or_assign(mapping, merged + 1);
  all_ += merged;
  if (all_ <= limit_) return {};
  return refuse_at(nodes[mapping].line, nodes[mapping].column,
                   fmt::format("its merge keys bring in more than {} mappings", limit_));
}

}  // namespace pinhook::yaml
