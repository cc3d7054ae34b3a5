// What stands beside Helm values in an object and is stronger than they: `parameters` of Argo CD, `set` of others. An
// image of the values is not the one that runs when one of these gives its repository, tag or registry:
//
//   helm:
//     values: "image: {repository: acme/app, tag: v1}"
//     parameters: [{name: global.imageRegistry, value: quay.io}]
//
// One thread. The document must outlive the overrides.
#pragma once

#include <pinhook/files/found_image.hpp>
#include <pinhook/files/node_access.hpp>
#include <pinhook/yaml/source.hpp>

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {

class values_overrides {
 public:
  values_overrides() = default;
  /// Those beside `values`, the node of the values or of their text, or beside a list that holds it.
  values_overrides(const yaml::source_document& doc, yaml::node_index values);

  [[nodiscard]] bool is_empty() const { return by_name_.empty() && replaced_by_.empty(); }

  /// Leaves those of the images from the index `first` on that an override takes part in: they get the reason split,
  /// and those with a digest only the problem, so that it is not looked up again. `in`: the document of the images,
  /// `root` its values, `pointer` the begin of their pointers, which leads to the values.
  void settle(const yaml::source_document& in, yaml::node_index root, std::string_view pointer,
              std::vector<found_image>& images, std::size_t first) const;

 private:
  struct override_value {
    /// "global.imageRegistry"
    std::string_view name;
    std::string_view text;
    /// False: the values are the stronger ones, and it counts where they say nothing.
    bool is_stronger = true;
  };
  void take_list(const yaml::source_document& doc, yaml::node_index list, std::string_view key, bool is_stronger);
  void take_pairs(const yaml::source_document& doc, yaml::node_index mapping);
  [[nodiscard]] std::string problem_of(const yaml::source_document& in, yaml::node_index root, std::string_view path,
                                       const found_image& image) const;
  [[nodiscard]] std::string outer_problem(const yaml::source_document& in, yaml::node_index root,
                                          std::string_view around, const found_image& image) const;
  [[nodiscard]] const override_value* find(const yaml::source_document& in, yaml::node_index root,
                                           const std::string& name) const;

  std::map<std::string_view, override_value> by_name_;
  /// The key of other values that are taken in the place of these; empty: none.
  std::string_view replaced_by_;
};

/// The other way round: registries, and text beside a name, in the values beside `parameters`, the node of a list of
/// them. They may be parts of the images that parameters give.
class values_beside {
 public:
  values_beside(const yaml::source_document& doc, yaml::node_index parameters);

  /// The path to a part of the image that parameters under `name` give ("web.image"); empty: there is none.
  [[nodiscard]] const std::string& part_of(std::string_view name);

 private:
  struct tree {
    const yaml::source_document* doc;
    yaml::node_index root;
    key_index keys{};
  };
  [[nodiscard]] static yaml::node_index mapping_at(tree& in, std::string_view path);
  [[nodiscard]] std::string part_at(const std::string& place, bool is_image);

  std::deque<yaml::source> texts_;
  std::vector<tree> trees_;
  /// By the path that was asked for; many names have the same ones around them.
  std::map<std::string, std::string, std::less<>> known_;
};

}  // namespace pinhook::files
