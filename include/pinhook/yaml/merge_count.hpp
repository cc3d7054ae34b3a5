// How many mappings the merge keys ("<<") of a document bring in, and the bound on them: a key is looked for in a
// mapping and all that it merges, so a chain of merge keys costs the square of its length.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <algorithm>
#include <cstddef>
#include <map>

namespace pinhook::yaml {

/// Mappings that all merge keys of a document may bring in; in a longer text as many as it has bytes. Compose files and
/// charts have some hundreds; a quarter of a million is searched in well under a second.
inline constexpr std::size_t least_merges = std::size_t{256} * 1024;

/// Of one document; one thread.
class merge_count {
 public:
  explicit merge_count(std::size_t text_size) : limit_(std::max(least_merges, text_size)) {}

  /// Counts what the merge keys of a mapping bring in, after its last child. malformed: with it they are too many.
  [[nodiscard]] result<void> add(const source_document& doc, node_index mapping);

 private:
  std::size_t limit_;
  /// Mappings with merge keys, and their targets: how many they are with all that they merge.
  std::map<node_index, std::size_t> merged_;
  std::size_t all_ = 0;
};

}  // namespace pinhook::yaml
