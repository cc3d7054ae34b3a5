// The places of images in files: the table of kinds, and the paths that the operator adds.
//
// Plain values; any thread.
#pragma once

#include <pinhook/pin/pod_paths.hpp>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace pinhook::files {

/// The operator's places of images in files that are not Kubernetes objects.
struct custom_paths {
  /// A glob for the file's path as given, without a leading "./" (base/glob.hpp): "**/argo-values.yaml". A leading
  /// "**/" matches no directory, too.
  std::string files;
  /// Paths as in pin::custom_kind: "server.image", "jobs[*].image", "images{*}". They lead to strings, or to mappings
  /// with `repository`.
  std::vector<std::string> paths;

  friend bool operator==(const custom_paths&, const custom_paths&) = default;
};

struct image_places {
  /// The table and the operator's kinds.
  pin::pod_paths kinds;
  std::vector<custom_paths> paths;
  /// Files and directories that are left out, even where an argument names them: patterns as in .gitignore, from the
  /// working directory.
  std::vector<std::string> excluded{};
  /// Paths of files that hold Helm values, as they are given to image_file::read, beside those whose names say so.
  std::set<std::string, std::less<>> values_files{};
};

}  // namespace pinhook::files
