// The coroutine type of the house: `awaitable<result<T>> f(parameters by value…, deadline)`.
//
// An io_context is served by one thread, so its objects need no lock. GCC 12: one co_await per statement, no braced
// temporaries in its arguments.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace pinhook {

namespace asio = boost::asio;

template <class T>
using awaitable = boost::asio::awaitable<T>;

}  // namespace pinhook
