// The process's identity at Azure, from the environment, and the requests for its token. Sources:
// cloud-provider-azure at 7b31c76c, pkg/credentialprovider/azure_credentials.go; fluxcd/pkg at e2cfd1a2, auth/azure.
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/cloud/oauth.hpp>
#include <pinhook/http/message.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace pinhook::cloud {

/// The audience of the token: registries alone. A lost token for Azure's management would open more than images.
inline constexpr std::string_view acr_resource = "https://containerregistry.azure.net";
/// The machine's metadata service.
inline constexpr std::string_view azure_metadata = "http://169.254.169.254";
/// Bytes of AZURE_FEDERATED_TOKEN_FILE: a projected service account token has 1 to 2 KiB.
inline constexpr std::size_t max_federated_token_size = std::size_t{16} * 1024;

/// Workload identity: a token of the cluster is exchanged for one of Azure.
struct azure_workload {
  std::string token_url;
  std::string client_id;
  /// Read on each use: the kubelet replaces it.
  std::string token_file;
};

/// The managed identity of the machine.
struct azure_managed {
  /// Selects one where the machine has several; may be empty.
  std::string client_id;
  /// The URL of the machine's metadata service.
  std::string endpoint = std::string(azure_metadata);
};

using azure_principal = std::variant<azure_workload, azure_managed>;

/// AZURE_FEDERATED_TOKEN_FILE set: workload identity, and AZURE_CLIENT_ID and AZURE_TENANT_ID must be set; else the
/// managed identity, at AZURE_POD_IDENTITY_AUTHORITY_HOST where that names another service to Azure's own libraries.
/// Errors, which name the variable: invalid_input; unsupported (a client secret or certificate, IDENTITY_ENDPOINT and
/// MSI_ENDPOINT of App Service and Arc): using another identity than the intended one would be worse.
[[nodiscard]] result<azure_principal> find_azure_principal(const environment& variables);

/// `assertion`: the content of the file, without blanks at its ends.
[[nodiscard]] http::request workload_request(const azure_workload& identity, const secret& assertion);
[[nodiscard]] http::request managed_request(const azure_managed& identity);

}  // namespace pinhook::cloud
