// Charts of Helm inside of each other: the values of the outer one are laid over those of the inner one, under a key.
//
//   app/Chart.yaml          dependencies: [{name: mysql, alias: db}, {name: lib, repository: file://../lib}]
//   app/charts/mysql        its values are under `db` in app/values.yaml
//   lib                     under `lib`
//
// Source: helm.sh/helm/v3 v3.22.0, pkg/chartutil/dependencies.go.
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <pinhook/pipeline/path_order.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pinhook::pipeline {

/// Levels of charts. Umbrella charts have two or three.
inline constexpr std::size_t max_chart_depth = 8;
/// Limit of the folders beside a chart that may be charts that depend on it.
inline constexpr std::size_t max_charts_beside = 1'000;

/// A chart, and the keys, one inside of the other, under which the outer one of the two has values for the inner one.
struct related_chart {
  std::filesystem::path folder;
  std::vector<std::string> keys;
};

class chart_relations {
 public:
  /// The charts whose dependency the one of this folder is, at any distance: those that hold it under `charts`, and
  /// those in the folders beside and above it that name it by file://. Charts that name each other end where they meet.
  [[nodiscard]] std::vector<related_chart> around(const std::filesystem::path& folder);
  /// The dependencies of the chart that are on the disk, one level.
  [[nodiscard]] std::vector<related_chart> inside(const std::filesystem::path& folder);

 private:
  struct dependency {
    std::string name, alias, folder;
  };
  struct chart {
    std::string name;
    std::vector<dependency> dependencies;
  };
  struct dependent {
    std::filesystem::path folder;
    std::string key;
  };
  /// By the folder that is named, as text: comparing paths takes their parts one by one.
  using by_named_folder = std::unordered_map<std::string, std::vector<dependent>>;
  const std::optional<chart>& chart_in(const std::filesystem::path& folder);
  const std::vector<std::filesystem::path>& folders_in(const std::filesystem::path& folder);
  /// The charts in the folders of this one that name others by file://.
  const by_named_folder& dependents_in(const std::filesystem::path& folder);
  void index(const std::filesystem::path& outer, by_named_folder& into);
  void take_around(const std::filesystem::path& folder, const std::vector<std::string>& keys,
                   std::vector<related_chart>& into);
  static std::vector<std::string> keys_of(const std::string& name, const chart& outer);
  static void take_dependencies(std::string_view text, chart& into);

  path_map<std::optional<chart>> charts_;
  path_map<std::vector<std::filesystem::path>> folders_;
  path_map<by_named_folder> dependents_;
  /// The charts from the one that is asked about to that whose surroundings are looked at.
  std::vector<std::filesystem::path> open_;
};

}  // namespace pinhook::pipeline
