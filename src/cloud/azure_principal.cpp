#include <pinhook/cloud/azure_principal.hpp>

#include <pinhook/cloud/azure_hosts.hpp>
#include <pinhook/http/endpoint.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::cloud {
namespace {

// A GUID or a domain: it becomes a part of a path.
bool is_tenant(std::string_view text) {
  constexpr std::size_t longest = 253;
  return !text.empty() && text.size() <= longest && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
         });
}

std::unexpected<error> invalid_azure(std::string message) {
  return fail(error_code::invalid_input, "Azure: " + std::move(message));
}

result<azure_principal> managed(std::string client, std::string_view endpoint) {
  azure_managed out{std::move(client)};
  if (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  if (endpoint.empty()) return out;
  const auto authority = endpoint.find("://");
  const bool has_path =
      authority == std::string_view::npos || endpoint.find_first_of("/?#", authority + 3) != std::string_view::npos;
  if (has_path || !http::parse_endpoint(std::string(endpoint)))
    return invalid_azure("AZURE_POD_IDENTITY_AUTHORITY_HOST is not an http URL without a path");
  out.endpoint = endpoint;
  return out;
}

}  // namespace

result<azure_principal> find_azure_principal(const environment& variables) {
  const std::string file(variable(variables, "AZURE_FEDERATED_TOKEN_FILE"));
  std::string client(variable(variables, "AZURE_CLIENT_ID"));
  if (file.empty()) {
    constexpr std::array<std::string_view, 4> others{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH",
                                                     "IDENTITY_ENDPOINT", "MSI_ENDPOINT"};
    for (const auto name : others)
      if (!variable(variables, name).empty())
        return fail(error_code::unsupported,
                    fmt::format("Azure: {} is set, which is not supported: workload identity and the managed identity "
                                "of the machine are",
                                name));
    return managed(std::move(client), variable(variables, "AZURE_POD_IDENTITY_AUTHORITY_HOST"));
  }
  const std::string tenant(variable(variables, "AZURE_TENANT_ID"));
  if (client.empty()) return invalid_azure("AZURE_FEDERATED_TOKEN_FILE is set and AZURE_CLIENT_ID is not");
  if (tenant.empty()) return invalid_azure("AZURE_FEDERATED_TOKEN_FILE is set and AZURE_TENANT_ID is not");
  if (!is_tenant(tenant)) return invalid_azure("AZURE_TENANT_ID is not a tenant's id");
  const auto authority = azure_authority(variable(variables, "AZURE_AUTHORITY_HOST"));
  if (!authority)
    return invalid_azure(fmt::format("AZURE_AUTHORITY_HOST is {}, which is not an authority of Azure's clouds",
                                     quoted(variable(variables, "AZURE_AUTHORITY_HOST"), 80)));
  return azure_workload{fmt::format("{}/{}/oauth2/v2.0/token", *authority, tenant), std::move(client), file};
}

http::request workload_request(const azure_workload& identity, const secret& assertion) {
  form fields;
  fields.add("grant_type", "client_credentials").add("client_id", identity.client_id);
  fields.add("scope", fmt::format("{}/.default", acr_resource));
  fields.add("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  fields.add("client_assertion", assertion.reveal());
  return form_request(identity.token_url, fields);
}

http::request managed_request(const azure_managed& identity) {
  form query;
  query.add("api-version", "2018-02-01").add("resource", acr_resource).add("client_id", identity.client_id);
  http::request out;
  out.url = fmt::format("{}/metadata/identity/oauth2/token?{}", identity.endpoint, query.text());
  out.headers.push_back({"Metadata", "true"});
  return out;
}

}  // namespace pinhook::cloud
