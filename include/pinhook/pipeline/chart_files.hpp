// The chart that a values file belongs to: its templates and those of its dependencies, read from the disk.
//
// One thread; blocks for as long as the disk does.
#pragma once

#include <pinhook/files/chart_uses.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace pinhook::pipeline {

/// Limits for one chart with its dependencies, several times the size of charts for whole platforms. A file beyond
/// them counts as not read, and images of its values are pinned with a warning.
inline constexpr std::size_t max_chart_templates = 2'000;
inline constexpr std::size_t max_template_size = std::size_t{1} * 1024 * 1024;
inline constexpr std::size_t max_chart_size = std::size_t{16} * 1024 * 1024;

class chart_files {
 public:
  /// Null when the path is not that of a values file, or no Chart.yaml is beside it (for `ci/*-values.yaml`, above it).
  [[nodiscard]] const files::chart* chart_of(const std::string& values_file);

 private:
  /// By the directory of Chart.yaml.
  std::map<std::string, std::optional<files::chart>> known_;
};

}  // namespace pinhook::pipeline
