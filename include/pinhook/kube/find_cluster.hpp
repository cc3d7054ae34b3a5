// Finds the API server to be used: from the kubeconfig of the settings, the cluster that we run in, or $KUBECONFIG.
//
//   const auto here = kube::find_cluster(settings.kubeconfig, environment);
//   if (here) api.emplace(http, *here, machine_processes(), io.get_executor(), machine_clock());
//   else if (here.error().code == error_code::not_found) …   // there is no cluster
//
// Any thread; reads files.
#pragma once

#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/kube/cluster.hpp>

#include <chrono>
#include <string>

namespace pinhook::kube {

/// The folder of a Pod's service account (kubernetes.io: "Accessing the Kubernetes API from a Pod").
inline constexpr const char* service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The cluster that a person names on a command line.
struct cluster_choice {
  /// Path; empty: none is named.
  std::string kubeconfig;
  /// Empty: the current one.
  std::string context;
};
/// For a command that a person runs: the named kubeconfig; else the files of $KUBECONFIG; else ~/.kube/config; else,
/// without a name of a context, the cluster that we run in. Errors: as find_cluster.
[[nodiscard]] result<cluster> find_cluster_of_person(const cluster_choice& choice, const environment& variables,
                                                     const std::string& folder = service_account_folder,
                                                     std::chrono::nanoseconds limit = read_limit);

/// The kubeconfig of the settings when one is named; else the cluster we run in; else the files of $KUBECONFIG. Errors:
/// not_found (all three are missing: the message names the places), invalid_input (one cannot be used, or the named
/// file does not exist), unsupported (it needs a feature that pinhook does not have), denied or unavailable (a file
/// cannot be read), timed_out (a file hangs for longer than `limit`).
[[nodiscard]] result<cluster> find_cluster(const std::string& kubeconfig_setting, const environment& variables,
                                           const std::string& folder = service_account_folder,
                                           std::chrono::nanoseconds limit = read_limit);

}  // namespace pinhook::kube
