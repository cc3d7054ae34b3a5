// JSON of the objects that keep the serving certificate: reads the Secret and the MutatingWebhookConfiguration, and
// writes the patches that change them.
//
// Every patch has the version that it changes and only the changed fields, and leaves the others to their owner (Helm,
// Argo CD). All were tried with kube-apiserver 1.35; the functions document the facts. Sources: kubernetes.io
// "Server-Side Apply", RFC 6902, sig-api-machinery's strategic-merge-patch.md.
//
// Pure; any thread. Errors: malformed, with the problem and without the content.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/serving_values.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pinhook::kube {

/// Limit of entries of a configuration. The API server sends every matching object to each of them, so real ones have
/// fewer than a hundred.
inline constexpr std::size_t max_webhook_entries = 1000;

/// Bytes of a field manager's name; the API server refuses more.
inline constexpr std::size_t max_field_manager_size = 128;

[[nodiscard]] result<stored_secret> parse_stored(std::string_view body);
[[nodiscard]] result<webhook_registration> parse_registration(std::string_view body);

/// A whole Secret to be applied where there is none (application/apply-patch+yaml). When one exists by now, its fields
/// belong to another manager, and a different value is a conflict.
[[nodiscard]] secret applied_secret(std::string_view ns, std::string_view name, const secret_data& data);

/// Replaces a Secret's data when it is still of that version (application/json-patch+json). Replacing resourceVersion
/// demands that version: 409 otherwise; a `test` that fails would be a 422 like any bad patch.
[[nodiscard]] secret replaced_data(const stored_secret& with);

/// Writes the bundles of the named entries when it is still of that version (application/strategic-merge-patch+json).
/// Entries are found by name; without "$setElementOrder" those that are patched would move behind the others.
[[nodiscard]] std::string merged_bundles(const webhook_registration& with);

/// The field manager of one write, from the machine's name and a salt: "pinhook-HOST-SALT", cut when it is too long,
/// and valid in a URL.
[[nodiscard]] std::string field_manager(std::string_view host, std::string_view salt);

}  // namespace pinhook::kube
