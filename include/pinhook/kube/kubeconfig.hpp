// kubectl's configuration: the cluster, its authorities, and our credentials.
//
//   auto file = parse_kubeconfig(text, "/home/me/.kube/config");
//   auto where = choose_cluster({*file});
//
// Several files are merged: the first file's entry of a name is used, and the first current-context. Paths are relative
// to their file. Messages name file, line and key, never a value that can be secret. Sources: kubernetes.io "Organizing
// Cluster Access Using kubeconfig Files" and "kubeconfig (v1)". Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/kube/cluster.hpp>
#include <pinhook/kube/kubeconfig_file.hpp>
#include <pinhook/yaml/document.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::kube {

/// Limit in bytes of a kubeconfig: the most that a Kubernetes Secret can hold.
inline constexpr std::size_t max_kubeconfig_size = std::size_t{1024} * 1024;

/// Reads YAML, or JSON, which is YAML. invalid_input: neither, too large, or not a kubeconfig.
[[nodiscard]] result<kubeconfig> parse_kubeconfig(std::string_view text, std::string file);

/// The cluster of a context; empty: of the current one. Errors: invalid_input (an entry is missing, duplicate or
/// invalid), unsupported (proxy-url, auth-provider, impersonation, a plugin that needs a person).
[[nodiscard]] result<cluster> choose_cluster(const std::vector<kubeconfig>& files, std::string_view context = {});

}  // namespace pinhook::kube
