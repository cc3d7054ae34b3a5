#include <pinhook/server/listener.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/base/thread_crossing.hpp>
#include <pinhook/server/listen_address.hpp>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace pinhook::server {

using asio::ip::tcp;

listener::listener(asio::io_context& control, service& all, std::vector<shard*> shards)
    : control_(control), all_(all), shards_(std::move(shards)), acceptor_(control), tasks_(control.get_executor()) {}

result<void> listener::open(std::string_view address) {
  const auto parsed = parse_address(address);
  if (!parsed) return std::unexpected(parsed.error());
  const tcp::endpoint endpoint(parsed->ip, parsed->port);
  boost::system::error_code ec;
  const auto failed = [&] {
    boost::system::error_code ignored;
    const std::string reason = ec.message();
    acceptor_.close(ignored);
    return fail(error_code::unavailable, fmt::format("cannot listen on {}: {}", address, reason));
  };
  acceptor_.open(endpoint.protocol(), ec);
  if (ec) return failed();
  acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
  if (ec) return failed();
  if (endpoint.protocol() == tcp::v6()) acceptor_.set_option(asio::ip::v6_only(false), ec);
  if (ec) return failed();
  acceptor_.bind(endpoint, ec);
  if (ec) return failed();
  acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return failed();
  return {};
}

std::uint16_t listener::port() const {
  boost::system::error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

void listener::start() { tasks_.spawn(accept()); }

void listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  tasks_.cancel();
}

awaitable<void> listener::wait() { co_await tasks_.wait(); }

awaitable<void> listener::accept() {
  asio::steady_timer timer(control_);
  while (acceptor_.is_open()) {
    shard& next = *shards_[turn_ % shards_.size()];
    tcp_socket socket(next.context());
    boost::system::error_code ec;
    co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) co_return;
    if (ec == asio::error::connection_aborted) continue;
    if (ec) {
      // Descriptors or memory ran out; sessions that end release some.
      log::error("cannot accept connections for the moment", {{"listener", all_.name}, {"why", ec.message()}});
      timer.expires_after(pause);
      co_await timer.async_wait(asio::use_awaitable);
      continue;
    }
    if (is_full()) {
      const bool has_room = co_await make_room();
      if (!has_room) {
        all_.counters.rejected();
        complain("connections are closed at once: the limit is reached, and all have requests under way");
        continue;
      }
      complain("connections that wait for a request are closed for new ones: the limit is reached");
    }
    ++turn_;
    deal(std::move(socket), next);
  }
}

// False: every connection has a request under way. The thread with the oldest waiting connection is tried first; the
// others follow, since a socket that was just dealt is not in its thread's order yet.
awaitable<bool> listener::make_room() {
  std::vector<shard*> in_turn = shards_;
  // The order of equals does not matter. (libstdc++ 12's stable_sort uses functions that Clang reports as deprecated.)
  std::ranges::sort(in_turn, {},
                    [](const shard* s) { return std::pair(s->order().oldest_silent(), s->order().longest_idle()); });
  for (shard* const from : in_turn) {
    thread_crossing crossing(control_.get_executor());
    const auto has_room = std::make_shared<std::atomic<bool>>(false);
    asio::post(from->context(), [from, has_room, done = crossing.arrival()] {
      *has_room = from->evict();
      done();
    });
    const auto end = co_await crossing.wait_for(patience);
    if (end == crossing_end::canceled) co_return false;
    if (end == crossing_end::arrived && has_room->load()) co_return true;
  }
  co_return false;
}

void listener::complain(std::string_view text) {
  const steady_time now = all_.clock.now();
  if (now - last_complaint_ < std::chrono::seconds(1)) return;
  last_complaint_ = now;
  log::warning(text, {{"listener", all_.name}, {"limit", all_.limits.connections}});
}

void listener::deal(tcp_socket socket, shard& to) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  ++all_.connections;
  asio::post(to.context(), [&to, s = std::move(socket)]() mutable { to.adopt(std::move(s)); });
}

}  // namespace pinhook::server
