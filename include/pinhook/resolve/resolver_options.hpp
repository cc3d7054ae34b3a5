// Options of the resolver: every limit, and the parts beside the client that it uses.
#pragma once

#include <pinhook/resolve/cache_options.hpp>
#include <pinhook/resolve/flight_options.hpp>
#include <pinhook/resolve/gate_options.hpp>
#include <pinhook/resolve/pull_notes.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace pinhook::registry {
class credential_source;
class route_table;
}  // namespace pinhook::registry

namespace pinhook::resolve {

struct resolver_options {
  cache_options cache;
  gate_options gate;
  flight_options flights;
  /// Credentials tried for one look-up; a Pod may name any number of pull secrets.
  std::size_t most_credentials = 16;
  /// The time that one source of credentials may take of a look-up, and never more than a third of the time that those
  /// who wait have left. Longer: slow sources are heard, and a request may fail for one that hangs.
  std::chrono::nanoseconds source_limit = std::chrono::seconds(3);
  /// The time that one mirror may take, likewise.
  std::chrono::nanoseconds mirror_limit = std::chrono::seconds(3);
  /// A caller whose deadline is after the end of a rest waits for that end. Off: it gets the error at once, as commands
  /// want it, which try again themselves.
  bool waits_out_rests = true;
  /// The routes to each registry; null: by its name alone. Used on the look-up thread.
  std::shared_ptr<registry::route_table> routes;
  /// Credentials for mirrors, asked with the mirror's host as the registry; null: none. Those of the process (plugins,
  /// clouds, config files), since a mirror's answer is given to every tenant; registry::for_mirror adds a tenant's own.
  std::shared_ptr<registry::credential_source> mirror_credentials;
  /// Whether the places are asked from which nodes pull a digest, where these are others than the one that answered
  /// for the tag. `enforce`: a digest that they cannot pull is an error.
  pull_order verify_pull = pull_order::off;
  /// Feeds the jitter of back-offs. Without a value: random, so that replicas differ.
  std::optional<std::uint64_t> jitter_seed;
};

}  // namespace pinhook::resolve
