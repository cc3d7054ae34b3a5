// The values around a mapping of Helm values that may be part of its image's name: `hub`, `registry` or `tag` in the
// mappings that hold it, and in `global`, which templates see everywhere.
//
//   global: {hub: docker.io/acme, tag: 1.20.0, proxy: {image: meshproxy}}
//   // around /global/proxy: global.hub, global.tag
//
// One thread. The document must outlive the scopes.
#pragma once

#include <pinhook/pin/image_parts.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// Limit of the parts kept, the innermost first: charts have two or three, and a file of many levels must not cost the
/// square of their number.
inline constexpr std::size_t max_outer_parts = 32;

using pin::part_kind;

struct outer_part {
  part_kind kind = part_kind::registry;
  /// "global.imageRegistry"
  std::string path;
  /// A scalar, or an alias of one.
  yaml::node_index value = yaml::no_node;
  /// Empty when it is empty here: a file of other values may set it.
  std::string_view text;
};

class values_scopes {
 public:
  values_scopes() = default;
  /// Values inside an object: mappings around `root` are no values.
  explicit values_scopes(yaml::node_index root) : root_(root) {}

  /// The parts around the mapping, with its own `global` but not its other members. The innermost first.
  [[nodiscard]] std::vector<outer_part> around(const yaml::source_document& doc, yaml::node_index mapping);
  /// The parts that the mapping itself holds.
  [[nodiscard]] const std::vector<outer_part>& within(const yaml::source_document& doc, yaml::node_index mapping);
  /// "engine.repository"
  [[nodiscard]] std::string path_to(const yaml::source_document& doc, yaml::node_index mapping,
                                    std::string_view key) const;

 private:
  /// The mapping around a node, also through lists; no_node outside of the values.
  [[nodiscard]] yaml::node_index mapping_around(const yaml::source_document& doc, yaml::node_index i) const;
  void take(const yaml::source_document& doc, yaml::node_index mapping, yaml::node_index named, std::string_view below,
            std::vector<outer_part>& into) const;
  void take_global(const yaml::source_document& doc, yaml::node_index mapping, std::vector<outer_part>& into) const;
  const std::vector<outer_part>& up_from(const yaml::source_document& doc, yaml::node_index mapping);

  yaml::node_index root_ = yaml::no_node;
  /// By mapping: the parts of the mapping, of its `global` and of everything around them.
  std::map<yaml::node_index, std::vector<outer_part>> known_;
  /// By mapping: the parts that it holds itself, and those around it. One may hold many images.
  std::map<yaml::node_index, std::vector<outer_part>> own_;
  std::map<yaml::node_index, std::vector<outer_part>> around_;
};

}  // namespace pinhook::files
