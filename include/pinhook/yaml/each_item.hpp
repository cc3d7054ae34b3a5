// The items of a list.
#pragma once

#include <pinhook/yaml/source.hpp>

namespace pinhook::yaml {

/// `take(item)` for each item of the list, aliases followed; for none where `list` is no list, or no_node.
template <class Take>
void for_each_item(const source_document& doc, node_index list, Take take) {
  list = doc.resolve(list);
  if (list == no_node || doc.at(list).kind != source_kind::sequence) return;
  for (node_index one = doc.at(list).first; one != no_node; one = doc.at(one).next) take(doc.resolve(one));
}

}  // namespace pinhook::yaml
