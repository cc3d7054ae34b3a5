// The options of the webhook's parts, from the settings.
//
// Pure but for `thread_count`, which reads the limits of this process; any thread.
#pragma once

#include <pinhook/base/file_watch.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/proofs/proof_resolver.hpp>
#include <pinhook/resolve/resolver_options.hpp>
#include <pinhook/server/server_options.hpp>

#include <cstddef>

namespace pinhook::webhook {

/// The number of worker threads: `threads`, or one for each usable core.
[[nodiscard]] std::size_t thread_count(const config::settings& s);

/// `base`: the options of a resolver on this access to registries (registry_access::resolver_options).
[[nodiscard]] resolve::resolver_options resolver_options(const config::settings& s, resolve::resolver_options base);

/// For the watches of the certificate's files and of callers.client_ca.
[[nodiscard]] file_watch_options tls_file_options(const config::settings& s);

[[nodiscard]] proofs::proof_options proof_options(const config::settings& s);

[[nodiscard]] server::server_options admin_options(const config::settings& s);
[[nodiscard]] server::server_options service_options(const config::settings& s);

}  // namespace pinhook::webhook
