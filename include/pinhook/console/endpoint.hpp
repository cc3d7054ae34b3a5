// The routes of the console: the page, the API, metrics and probes. Every answer carries headers by which a browser
// runs nothing but the page's own files.
//
// Thread rule: the handlers run on one thread, that of what they read.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/console/fleet_view.hpp>
#include <pinhook/console/viewer_gate.hpp>
#include <pinhook/server/endpoint.hpp>
#include <pinhook/server/health.hpp>
#include <pinhook/server/metrics.hpp>

#include <functional>
#include <memory>

namespace pinhook::console {

/// What the handlers read; all outlive them.
struct endpoint_parts {
  viewer_gate& gate;
  const server::health& health;
  server::metrics& numbers;
  const clock& time;
  std::function<std::shared_ptr<const fleet_view>()> view;
  std::function<console_state()> state;
  /// Null: plain HTTP.
  server::tls_context* tls = nullptr;
};

[[nodiscard]] server::endpoint make_endpoint(endpoint_parts of);

}  // namespace pinhook::console
