// Carries bytes between two connections until both directions have ended, as tunnels and relays do.
//
//   co_await carry_both_ways(first, second);
//
// One thread, that of the streams.
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <tuple>
#include <utility>

namespace pinhook::testing {

inline asio::ip::tcp::socket& socket_of(asio::ip::tcp::socket& s) { return s; }
inline asio::ip::tcp::socket& socket_of(asio::ssl::stream<asio::ip::tcp::socket>& s) { return s.next_layer(); }

/// Runs until `from` ends or one of the two breaks, then shuts `to` down for writing.
template <class From, class To>
awaitable<void> carry(From& from, To& to) {
  std::array<char, 16384> buffer{};
  const auto token = asio::as_tuple(asio::use_awaitable);
  for (;;) {
    const std::tuple<boost::system::error_code, std::size_t> got =
        co_await from.async_read_some(asio::buffer(buffer), token);
    if (std::get<0>(got)) break;
    const auto piece = asio::buffer(buffer.data(), std::get<1>(got));
    const std::tuple<boost::system::error_code, std::size_t> put = co_await asio::async_write(to, piece, token);
    if (std::get<0>(put)) break;
  }
  boost::system::error_code ignored;
  socket_of(to).shutdown(asio::socket_base::shutdown_send, ignored);
}

template <class First, class Second>
awaitable<void> carry_both_ways(First& first, Second& second) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer back_is_done(executor, asio::steady_timer::time_point::max());
  asio::co_spawn(executor, carry(second, first), [&back_is_done](const std::exception_ptr&) {
    back_is_done.expires_at(asio::steady_timer::time_point::min());
  });
  co_await carry(first, second);
  const auto token = asio::as_tuple(asio::use_awaitable);
  // Expired when the way back was over first.
  co_await back_is_done.async_wait(token);
}

}  // namespace pinhook::testing
