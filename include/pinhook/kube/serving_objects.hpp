// What keeps the serving certificate in the Kubernetes API, between JSON and our values: the Secret, the
// MutatingWebhookConfiguration, and the patches that change them.
//
// Every patch says what changes and of which version, and leaves the rest to whoever keeps it (Helm, Argo CD). What
// each does was tried at kube-apiserver 1.35; the facts stand at the functions. Sources: kubernetes.io "Server-Side
// Apply", RFC 6902, sig-api-machinery's strategic-merge-patch.md.
//
// Pure; any thread. Errors: malformed, with what is wrong and nothing of the content.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/serving_values.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::kube {

/// Entries of a configuration. The API server sends every object that matches to each of them: nobody has a hundred.
inline constexpr std::size_t max_webhook_entries = 1000;

/// Bytes of a field manager's name; the API server refuses more.
inline constexpr std::size_t max_field_manager_size = 128;

[[nodiscard]] result<stored_secret> parse_stored(std::string_view body);
[[nodiscard]] result<webhook_registration> parse_registration(std::string_view body);

/// A whole Secret to be applied where there is none (application/apply-patch+yaml). Where one is by now, its fields
/// belong to another manager, and a different value is a conflict.
[[nodiscard]] secret applied_secret(std::string_view ns, std::string_view name, const secret_data& data);

/// Replaces a Secret's data when it is still of that version (application/json-patch+json). Replacing resourceVersion
/// is how a version is demanded: 409 otherwise; a `test` that fails would be a 422 like any bad patch.
[[nodiscard]] secret replaced_data(const stored_secret& with);

/// Writes the bundles of the named entries when it is still of that version (application/strategic-merge-patch+json).
/// Entries are found by name; without "$setElementOrder" those that are patched would move behind the others.
[[nodiscard]] std::string merged_bundles(const webhook_registration& with);

/// A name under which one write is made, of the machine's and what tells writes on it apart: "pinhook-HOST-SALT", cut
/// where it is too long, and fit for a URL.
[[nodiscard]] std::string field_manager(std::string_view host, std::string_view salt);

}  // namespace pinhook::kube
