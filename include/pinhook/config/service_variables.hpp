// The environment variables that the kubelet sets in every container for the Services of the namespace, so that those
// of a Service whose name begins with "pinhook" do not count as misspelt settings.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::config {

/// True for the name and the value of such a variable (kubernetes/kubernetes pkg/kubelet/envvars): {NAME}_SERVICE_HOST,
/// {NAME}_SERVICE_PORT[_{PORT NAME}], {NAME}_PORT, {NAME}_PORT_{NUMBER}_{PROTOCOL}[_PROTO|_PORT|_ADDR]. The value
/// counts, too: PINHOOK_ADMIN_PORT=tcp://10.96.0.1:80 is of a Service pinhook-admin, PINHOOK_ADMIN_PORT=80 is not.
[[nodiscard]] bool is_service_variable(std::string_view name, std::string_view value);

}  // namespace pinhook::config
