// kubectl's configuration: which cluster, how it is recognised, and how we show who we are.
//
//   auto file = parse_kubeconfig(text, "/home/me/.kube/config");
//   auto where = choose_cluster({*file});
//
// Several files are one: of a name that stands in more than one the first file's entry counts, and the first file that
// says a current-context says it. Paths are relative to the file they stand in. Messages name file, line and key, never
// a value that may be secret. Sources: kubernetes.io "Organizing Cluster Access Using kubeconfig Files" and "kubeconfig
// (v1)". Pure; any thread.
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

/// Bytes of a kubeconfig: what a Kubernetes secret can hold.
inline constexpr std::size_t max_kubeconfig_size = std::size_t{1024} * 1024;

/// YAML, or JSON, which is YAML. invalid_input: neither, too large, or no kubeconfig.
[[nodiscard]] result<kubeconfig> parse_kubeconfig(std::string_view text, std::string file);

/// The cluster of the current context. Errors: invalid_input (an entry is missing, stands twice, or cannot be meant),
/// unsupported (proxy-url, auth-provider, impersonation, a plugin that must talk to a person).
[[nodiscard]] result<cluster> choose_cluster(const std::vector<kubeconfig>& files);

}  // namespace pinhook::kube
