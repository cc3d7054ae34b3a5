// JSON of the objects of the Kubernetes API.
//
// Pure; any thread. Errors: malformed, with the problem and without the content.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/kube/api_values.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::kube {

/// Limit in bytes of an object. A Secret holds 1 MiB of data, in base64 a third more; annotations (256 KiB) and managed
/// fields are added, and etcd takes no object of more than 1.5 MiB, which as JSON is a little over 2 MiB.
inline constexpr std::size_t max_object_size = std::size_t{4} * 1024 * 1024;

[[nodiscard]] result<secret_object> parse_secret(std::string_view body);
[[nodiscard]] result<namespace_object> parse_namespace(std::string_view body);
[[nodiscard]] result<service_account> parse_service_account(std::string_view body);
[[nodiscard]] result<service_account_token> parse_token(std::string_view body);

/// The body of a TokenRequest (authentication.k8s.io/v1).
[[nodiscard]] std::string token_request(std::string_view audience, std::chrono::seconds lifetime);

}  // namespace pinhook::kube
