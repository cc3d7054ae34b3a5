// Where images stand in files: the table of kinds, and what the operator adds.
//
// Plain values; any thread.
#pragma once

#include <pinhook/pin/pod_paths.hpp>

#include <string>
#include <vector>

namespace pinhook::files {

/// Where images stand in files that are no objects of Kubernetes, as the operator says.
struct path_rule {
  /// A glob on the file's path as given, less a leading "./" (base/glob.hpp): "**/argo-values.yaml". A leading "**/"
  /// stands for no directory, too.
  std::string files;
  /// As in pin::custom_kind: "server.image", "jobs[*].image", "images{*}". They lead to strings, or to mappings with
  /// `repository`.
  std::vector<std::string> paths;

  friend bool operator==(const path_rule&, const path_rule&) = default;
};

struct file_rules {
  /// The table and the operator's kinds.
  pin::pod_paths kinds;
  std::vector<path_rule> paths;
};

}  // namespace pinhook::files
