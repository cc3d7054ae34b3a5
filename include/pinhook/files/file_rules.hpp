// The places of images in files: the table of kinds, and the paths that the operator adds.
//
// Plain values; any thread.
#pragma once

#include <pinhook/pin/pod_paths.hpp>

#include <string>
#include <vector>

namespace pinhook::files {

/// The operator's places of images in files that are not Kubernetes objects.
struct path_rule {
  /// A glob for the file's path as given, without a leading "./" (base/glob.hpp): "**/argo-values.yaml". A leading
  /// "**/" matches no directory, too.
  std::string files;
  /// Paths as in pin::custom_kind: "server.image", "jobs[*].image", "images{*}". They lead to strings, or to mappings
  /// with `repository`.
  std::vector<std::string> paths;

  friend bool operator==(const path_rule&, const path_rule&) = default;
};

struct file_rules {
  /// The table and the operator's kinds.
  pin::pod_paths kinds;
  std::vector<path_rule> paths;
};

}  // namespace pinhook::files
