// Decides which hosts are Azure's: registries that may be shown our token, and authorities that issue it. Compared
// whole label by whole label, in lower case: the check decides where secrets are sent.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pinhook::cloud {

/// The name of the registry behind a login server of Azure Container Registry: "acme" of acme.azurecr.io (.cn, .de, .us
/// in the other clouds), "acme-d7cf" of a name with a hash, and "acme" of acme.eastus.geo.azurecr.io, one replica of it
/// (learn.microsoft.com: container-registry-endpoint-reference). Nothing for other hosts, including data endpoints
/// (acme.eastus.data.azurecr.io) and mcr.microsoft.com: they take no credentials.
[[nodiscard]] std::optional<std::string_view> acr_name(std::string_view registry);

/// "https://host" of AZURE_AUTHORITY_HOST; for an empty text that of the public cloud. Nothing unless it is https, at
/// the usual port, without a path, and one of the authorities of Azure's clouds: the workload's token goes there.
[[nodiscard]] std::optional<std::string> azure_authority(std::string_view text);

}  // namespace pinhook::cloud
