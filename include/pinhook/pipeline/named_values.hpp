// Files of Helm values that kustomizations name under `helmCharts`, whatever the files are called.
//
// One thread; blocks for as long as the disk does.
#pragma once

#include <filesystem>
#include <map>
#include <set>
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
  const std::set<std::filesystem::path>& files_of(const std::filesystem::path& directory);

  /// By the directory of the kustomization.
  std::map<std::filesystem::path, std::set<std::filesystem::path>> known_;
};

}  // namespace pinhook::pipeline
