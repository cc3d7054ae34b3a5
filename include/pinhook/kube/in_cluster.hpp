// The cluster that we run in: its address from the environment, its authorities and our token from the service
// account's folder, as in client-go (rest.InClusterConfig).
//
// Any thread; reads files.
#pragma once

#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/cluster.hpp>

#include <string>

namespace pinhook::kube {

/// KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and of `folder`: token, ca.crt, namespace. Errors: not_found
/// (no such variables, or no token: the Pod has no service account mounted), invalid_input (the variables are not a
/// valid address, or there is no ca.crt), denied or unavailable (a file cannot be read).
[[nodiscard]] result<cluster> in_cluster(const environment& variables, const std::string& folder);

}  // namespace pinhook::kube
