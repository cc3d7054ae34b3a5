// Whether the coroutine that asks has been told to end, for loops that wait by functions which do not say so.
//
// Any thread.
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/this_coro.hpp>

namespace pinhook::console {

inline awaitable<bool> is_canceled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace pinhook::console
