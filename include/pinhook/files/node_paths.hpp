// Path patterns into a YAML document, and the walk that finds all their nodes in one pass.
//
//   const node_paths wanted("jobs/*/container services/*[kind=db]/image **/step/image");
//   wanted.walk(doc, budget, [&](const path_match& m) { … doc.at(m.node) … return true; });
//
// Parts are separated by '/': a key, `*` for any key or item, or `**` for any number of parts. `[key=text]` behind a
// part demands that the node there is a mapping with this text under this key. Paths are separated by blanks.
//
// Immutable values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Limit of the levels of a walk, those that aliases add included. The reader's own limit of nesting is 200.
inline constexpr std::size_t max_walk_levels = 400;

struct path_match {
  yaml::node_index node = yaml::no_node;
  /// JSON Pointer from the start of the walk. It is valid during the call.
  std::string_view pointer;
  /// Index of the path.
  std::size_t path = 0;
};

class node_paths {
 public:
  /// The views of `text` are kept. The texts are constants of this program: a part that is not closed is a literal key.
  /// The paths of `more` follow, then those of `last`.
  explicit node_paths(std::string_view text, std::string_view more = {}, std::string_view last = {});

  [[nodiscard]] std::size_t size() const { return paths_.size(); }

  /// Calls `take` for every node that a path leads to, in the order of the document, mappings before their members;
  /// false ends the walk. Merge keys ("<<") and aliases are followed, own keys first, so a node may be found several
  /// times. Each visited node costs some bytes of `budget`. malformed: the budget is used up, more than
  /// max_walk_levels, a duplicate key where the paths lead through.
  [[nodiscard]] result<void> walk(const yaml::source_document& doc, yaml::node_index from, std::size_t& budget,
                                  const std::function<bool(const path_match&)>& take) const;

 private:
  struct part {
    enum class kind : std::uint8_t { key, any, deep };
    kind type = kind::key;
    std::string_view name;
    /// Empty: no condition.
    std::string_view condition_key, condition_text;
  };
  class walker;
  static std::vector<part> parts_of(std::string_view path);

  std::vector<std::vector<part>> paths_;
};

}  // namespace pinhook::files
