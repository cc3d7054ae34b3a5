// What stands around a mapping of Helm values and may be a part of its image's name: `hub`, `registry` or `tag` in the
// mappings that hold it, and in `global`, which templates see everywhere.
//
//   global: {hub: docker.io/acme, tag: 1.20.0, proxy: {image: meshproxy}}
//   // around /global/proxy: global.hub, global.tag
//
// One thread. The document must outlive the scopes.
#pragma once

#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

/// What is kept of them, the innermost first: charts have two or three, and a file of many levels shall not cost their
/// square.
inline constexpr std::size_t max_outer_parts = 32;

enum class part_kind : std::uint8_t {
  registry,  // before the name, with a slash
  tag,       // behind it, with a colon
  affix,     // something before or behind the name or the tag, in a way that nobody knows
};

struct outer_part {
  part_kind kind = part_kind::registry;
  /// "global.imageRegistry"
  std::string path;
  /// A scalar, or an alias of one.
  yaml::node_index value = yaml::no_node;
  /// Empty when it says nothing here: a file of other values may.
  std::string_view text;
};

class values_scopes {
 public:
  /// Of the mapping itself not what it holds, but its `global`. The innermost first.
  [[nodiscard]] std::vector<outer_part> around(const yaml::source_document& doc, yaml::node_index mapping);
  /// What the mapping itself holds.
  [[nodiscard]] static std::vector<outer_part> within(const yaml::source_document& doc, yaml::node_index mapping);

 private:
  const std::vector<outer_part>& up_from(const yaml::source_document& doc, yaml::node_index mapping);

  /// By mapping: what it, its `global` and everything around them hold.
  std::map<yaml::node_index, std::vector<outer_part>> known_;
};

}  // namespace pinhook::files
