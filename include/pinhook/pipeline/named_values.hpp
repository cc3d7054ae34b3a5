// Files of Helm values that kustomizations name under `helmCharts`, whatever the files are called.
//
// One thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/pipeline/path_order.hpp>

#include <filesystem>
#include <string>

namespace pinhook::pipeline {

/// Limit of the directories above a file that are searched: kustomize reads files below a kustomization alone, and real
/// ones are one or two levels above.
inline constexpr int max_levels_above = 4;

class named_values {
 public:
  /// True when a kustomization in the file's directory, or above it, names the file as values of a chart.
  [[nodiscard]] bool is_named(const std::string& path);

 private:
  const path_set& files_of(const std::filesystem::path& directory);

  /// By the directory of the kustomization.
  path_map<path_set> known_;
};

}  // namespace pinhook::pipeline
