// A listener with its sessions, from start to drain. The webhook is one over TLS on worker threads; the admin port is
// one without TLS on the control thread.
//
//   asio::io_context control(1);
//   worker_pool workers(2);
//   server webhook(control, workers.contexts(), {.listen = "0.0.0.0:8443"}, {routes, handlers, &tls}, numbers);
//   if (auto ok = webhook.start(); !ok) …
//   …SIGTERM: co_await webhook.stop(20s);
//
// Thread rule: the control thread, which runs `control`. The server, and what it was given, outlive `stop`.
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
  /// `workers`: where sessions run, each io_context served by one thread; `control` may be among them.
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

  /// Serves on, and every answer says `Connection: close`: clients move to where new connections lead them by now. For
  /// the time before the drain, in which callers learn that this server leaves. What is idle in the drain then is
  /// hardly ever used: a request that meets the closing of its connection is lost (a POST is not sent again, RFC 9110
  /// §9.2.2).
  void begin_leaving();

  /// No new connections; idle ones close; requests under way are answered with `Connection: close`.
  void begin_drain();

  /// begin_drain, wait until every connection is gone, cancel what is left after `limit`. Once, and before destruction
  /// when `start` succeeded.
  awaitable<void> stop(std::chrono::milliseconds limit);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::server
