// Names of objects in the Kubernetes API. A name is checked before it becomes part of a URL.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace pinhook::kube {

/// A name of namespaces: an RFC 1123 label, at most 63 characters.
[[nodiscard]] bool is_namespace_name(std::string_view text);

/// A name of Secrets and ServiceAccounts: an RFC 1123 subdomain, at most 253 characters.
[[nodiscard]] bool is_object_name(std::string_view text);

}  // namespace pinhook::kube
