// Images of Helm values to which other values give another name or tag, and leave the digest:
//
//   values.yaml        image: {repository: acme/app, tag: v1}        pinned: tag: v1@sha256:…
//   values-prod.yaml   image: {repository: quay.io/acme/app}         runs that digest of quay.io
//
// So the digest has to be that of the other image, too. Which files are laid over another is known by their names:
// values-prod.yaml over values.yaml, values-prod-eu.yaml over values-prod.yaml; beside Chart.yaml also those of folders
// below, and over the values of a dependency those of the charts around it (chart_relations.hpp). In a Fleet bundle
// targetCustomizations are laid over the values. And values below give a registry to an image that has none
// (layered_image.hpp).
//
// Blocks for as long as the disk does; one thread.
#pragma once

#include <pinhook/files/image_file.hpp>
#include <pinhook/pipeline/chart_relations.hpp>
#include <pinhook/pipeline/path_order.hpp>
#include <pinhook/pipeline/pinning.hpp>
#include <pinhook/yaml/source.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::pipeline {

/// Limit of the files of a directory that are looked at. Charts have ten, and folders of values for each cluster a
/// hundred.
inline constexpr std::size_t max_files_beside_values = 1'000;

class values_layers {
 public:
  /// False for a file whose values are merged with no others; then it need not be read.
  [[nodiscard]] bool has_any(const std::string& path);
  /// What other values make of the images of the file.
  [[nodiscard]] renamed_images renamed(const std::string& path, const files::image_file& content);

 private:
  /// A file, the keys under which its values are, and those of our own that they are merged with; empty: all of them.
  struct layer_file {
    std::filesystem::path path;
    std::vector<std::string> keys, own_keys;
    /// Its values are laid over our own; else ours are laid over them.
    bool is_over = true;
  };
  struct directory {
    std::vector<std::filesystem::path> values, folders;
    /// Of `values`: compared for each of them.
    std::vector<std::string> stems;
    bool is_chart = false;
  };
  struct read_file {
    std::string text;
    std::optional<yaml::source> content;
  };
  const directory& listed(const std::filesystem::path& path);
  const yaml::source* read(const std::filesystem::path& path);
  [[nodiscard]] std::vector<layer_file> layers_of(const std::string& path);
  void take_of_chart(const std::filesystem::path& folder, bool is_usual, std::vector<layer_file>& into);

  chart_relations charts_;
  path_map<directory> directories_;
  /// Of the directory of the last file alone: nodes take ten times the bytes of their text.
  path_map<read_file> read_;
  std::filesystem::path read_for_;
};

}  // namespace pinhook::pipeline
