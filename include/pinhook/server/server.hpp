// A listener with its sessions, from start to drain. The webhook is a server over TLS on worker threads; the admin port
// is one without TLS on the control thread.
//
//   asio::io_context control(1);
//   worker_pool workers(2);
//   server webhook(control, workers.contexts(), {.listen = "0.0.0.0:8443"}, {routes, handlers, &tls}, numbers);
//   if (auto ok = webhook.start(); !ok) …
//   …SIGTERM: co_await webhook.stop(20s);
//
// Thread rule: the control thread, which runs `control`. The server and its arguments outlive `stop`.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/server/endpoint.hpp>
#include <pinhook/server/limits.hpp>
#include <pinhook/server/metrics.hpp>
#include <pinhook/server/server_options.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::server {

class server {
 public:
  /// `workers` run the sessions, each io_context on one thread; `control` can be among them.
  server(asio::io_context& control, std::vector<asio::io_context*> workers, server_options options, endpoint answers,
         metrics& numbers, const clock& time = machine_clock());
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// Listens and accepts from now on; while `tls` has no certificate, connections are closed. unavailable,
  /// invalid_input (both: the address).
  result<void> start();

  [[nodiscard]] std::uint16_t port() const;
  /// Open connections.
  [[nodiscard]] std::size_t connections() const;

  /// Continues to serve, with `Connection: close` in every answer, so that clients open new connections, which by then
  /// lead to other servers. For the time before the drain, in which callers learn that this server leaves. Few
  /// connections that are idle in the drain are still in use then: a request that meets the closing of its connection
  /// is lost (a POST is not sent again, RFC 9110 §9.2.2).
  void begin_leaving();

  /// No new connections; idle ones close; requests under way are answered with `Connection: close`.
  void begin_drain();

  /// Calls begin_drain, waits until every connection is gone, and cancels the rest after `limit`. Call it once, and
  /// before destruction when `start` succeeded.
  awaitable<void> stop(std::chrono::milliseconds limit);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::server
