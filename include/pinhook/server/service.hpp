// The state that the sessions of one listener share: settings that do not change while it runs, whether connections are
// kept, and two counts.
//
// Thread rule: read by every thread; members that change are atomic.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/server/endpoint.hpp>
#include <pinhook/server/handler.hpp>
#include <pinhook/server/limits.hpp>
#include <pinhook/server/message.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/routes.hpp>
#include <pinhook/server/tls_context.hpp>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace pinhook::server {

/// With the executor of the io_context itself: no type erasure on the way.
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

struct service {
  std::string name;
  pinhook::server::limits limits{};
  std::vector<route> routes;
  /// At the positions that the routes name.
  std::vector<handler> handlers;
  /// Null: plain HTTP.
  const tls_context* tls = nullptr;
  client_gate gate;
  const pinhook::clock& clock;
  connection_metrics& counters;
  /// The interval at which the time limits of connections are checked; a limit is exceeded by at most this.
  std::chrono::milliseconds sweep{250};

  /// False: every connection is closed after its answer.
  std::atomic<bool> keeps_connections{true};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> bodies_in_memory{0};
};

}  // namespace pinhook::server
