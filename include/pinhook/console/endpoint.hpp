// The routes of the console: the page, the API, metrics and probes. Every answer carries headers by which a browser
// runs nothing but the page's own files.
//
// Thread rule: the handlers run on one thread, that of what they read.
#pragma once

#include <pinhook/access/fleet_kinds.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/console/answers.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/viewer_gate.hpp>
#include <pinhook/server/endpoint.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::console {

/// What the handlers read; all outlive them.
struct endpoint_parts {
  viewer_gate& gate;
  const server::health& health;
  server::metrics& numbers;
  const clock& time;
  std::function<std::shared_ptr<const fleet_view>()> view;
  std::function<console_state()> state;
  /// The resource of a workload's kind; nothing: none is watched.
  std::function<std::optional<access::fleet_kind>(const entity_id&)> kind;
  /// The JSON of a workload, from the API server, by the console's own right.
  std::function<awaitable<result<std::string>>(entity_id, access::fleet_kind, deadline)> object;
  /// Null: plain HTTP.
  server::tls_context* tls = nullptr;
};

[[nodiscard]] server::endpoint make_endpoint(endpoint_parts of);

}  // namespace pinhook::console
