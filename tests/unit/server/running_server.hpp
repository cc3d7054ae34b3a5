// A server on loopback with threads of its own, a clock that the test moves, and handlers that the test controls.
#pragma once

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/https_client.hpp"

#include <pinhook/server/metrics.hpp>
#include <pinhook/server/server.hpp>
#include <pinhook/server/tls_context.hpp>
#include <pinhook/server/worker_pool.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pinhook::testing {
/// One key for the whole test program, since making keys costs time.
inline const key_pair& test_certificate() {
  static const key_pair pair = certificate_authority::self_signed();
  return pair;
}

namespace detail {

// Runs the task on the thread of the io_context, and waits for it.
inline void run_there(asio::io_context& io, std::function<void()> work) {
  std::packaged_task<void()> task(std::move(work));
  auto done = task.get_future();
  // Wrapped, since Asio would take the future out of a bare packaged_task.
  asio::post(io, [&task] { task(); });
  done.get();
}

inline server::response text(std::string body) {
  server::response r;
  r.content_type = "text/plain";
  r.body = std::move(body);
  return r;
}

inline awaitable<server::response> echo(server::request r) {
  // The bytes behind the body are readable: AddressSanitizer checks it.
  unsigned sum = 0;
  for (std::size_t i = 0; i < 32; ++i) sum += static_cast<unsigned char>(r.body.data()[r.body.size() + i]);
  server::response out;
  out.body = std::string(r.body);
  out.headers.emplace_back("X-Target", r.target);
  out.headers.emplace_back("X-Behind", sum == 0 ? "zeros" : "something");
  co_return out;
}

inline awaitable<server::response> throws(server::request r) {
  if (!r.method.empty()) throw std::runtime_error("the handler is out of order");
  co_return text("");
}

inline awaitable<server::response> names_thread(server::request) {
  std::ostringstream name;
  name << std::this_thread::get_id();
  co_return text(name.str());
}

inline awaitable<server::response> large(server::request) {
  co_return text(std::string((std::size_t{64} * 1024 * 1024), 'x'));
}

inline const std::vector<server::route>& test_routes() {
  static const std::vector<server::route> routes{{"POST", "/echo", "application/json", 0},
                                                 {"POST", "/gate", "application/json", 1},
                                                 {"POST", "/throw", "", 2},
                                                 {"GET", "/thread", "", 3},
                                                 {"GET", "/large", "", 4}};
  return routes;
}

}  // namespace detail

struct running_server_options {
  server::server_options server{.listen = "127.0.0.1:0", .sweep = std::chrono::milliseconds(1)};
  std::size_t workers = 1;
  bool tls = true;
  /// With TLS: there is a certificate at the start.
  bool certificate = true;
  /// PEM of the authorities of clients; empty: no certificate of a client is requested.
  std::string client_authorities{};
  server::client_gate gate{};
};

/// POST /echo (application/json) gives the body back; POST /gate (application/json) answers when `open_gate` was
/// called; POST /throw throws; GET /thread names the thread; GET /large answers with `large_size` bytes.
class running_server {
 public:
  static constexpr std::size_t large_size = std::size_t{64} * 1024 * 1024;

  explicit running_server(running_server_options o = {});
  ~running_server();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] https_client connect(https_client_options o = {}) const;
  [[nodiscard]] std::size_t connections() const { return server_->connections(); }

  void open_gate() { is_gate_open_ = true; }
  /// Waits until that many requests wait at the gate.
  void wait_for_gate(int count) const {
    wait_until([&] { return before_gate_.load() >= count; });
  }

  void begin_leaving();
  void begin_drain();
  /// The future is ready when the server has stopped.
  std::future<void> stop(std::chrono::milliseconds limit);

  /// Advances the clock until the client receives something; false when it never does.
  bool advance_until_something(https_client& c, std::chrono::milliseconds step);

  static void wait_until(const std::function<bool()>& condition);

  fake_clock time;
  server::metrics numbers;
  server::tls_context tls;

 private:
  std::vector<server::handler> handlers();
  awaitable<server::response> wait_at_gate(server::request r);

  bool uses_tls_;
  std::atomic<bool> is_gate_open_{false};
  std::atomic<int> before_gate_{0};
  server::worker_pool control_{1, "control"};
  server::worker_pool workers_;
  std::optional<server::server> server_;
  std::uint16_t port_ = 0;
  bool is_stopped_ = false;
};

inline running_server::running_server(running_server_options o) : uses_tls_(o.tls), workers_(o.workers) {
  if (!o.client_authorities.empty()) {
    // Certificates of the tests are valid now.
    time.set_wall(std::chrono::system_clock::now() - time.wall());
    const auto used = tls.set_client_authorities(o.client_authorities, "the authorities");
    if (!used) throw std::runtime_error(used.error().message);
  }
  if (uses_tls_ && o.certificate) {
    const auto loaded = tls.set_pair(test_certificate().certificate, secret(test_certificate().key));
    if (!loaded) throw std::runtime_error(loaded.error().message);
  }
  server_.emplace(control_.context(0), workers_.contexts(), std::move(o.server),
                  server::endpoint{detail::test_routes(), handlers(), uses_tls_ ? &tls : nullptr, std::move(o.gate)},
                  numbers, time);
  detail::run_there(control_.context(0), [this] {
    const auto started = server_->start();
    if (!started) throw std::runtime_error(started.error().message);
    port_ = server_->port();
  });
}

inline running_server::~running_server() {
  is_gate_open_ = true;
  if (!is_stopped_) stop(std::chrono::milliseconds(0)).get();
  workers_.stop();
  control_.stop();
}

inline std::vector<server::handler> running_server::handlers() {
  return {detail::echo, [this](server::request r) { return wait_at_gate(std::move(r)); }, detail::throws,
          detail::names_thread, detail::large};
}

inline awaitable<server::response> running_server::wait_at_gate(server::request) {
  ++before_gate_;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  while (!is_gate_open_) {
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return detail::text("through");
}

inline https_client running_server::connect(https_client_options o) const {
  o.tls = o.tls && uses_tls_;
  return https_client(port_, std::move(o));
}

inline void running_server::begin_leaving() {
  detail::run_there(control_.context(0), [this] { server_->begin_leaving(); });
}

inline void running_server::begin_drain() {
  detail::run_there(control_.context(0), [this] { server_->begin_drain(); });
}

inline std::future<void> running_server::stop(std::chrono::milliseconds limit) {
  is_stopped_ = true;
  return asio::co_spawn(control_.context(0), server_->stop(limit), asio::use_future);
}

inline bool running_server::advance_until_something(https_client& c, std::chrono::milliseconds step) {
  for (int i = 0; i < 10'000; ++i) {
    if (c.has_something(std::chrono::milliseconds(2))) return true;
    time.advance(step);
  }
  return false;
}

inline void running_server::wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited for something that never came");
    std::this_thread::yield();
  }
}

}  // namespace pinhook::testing
