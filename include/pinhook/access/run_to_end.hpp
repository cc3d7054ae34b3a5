// Runs one coroutine on an io_context of the caller until it has ended, so that a command can wait for it.
//
// The calling thread runs the io_context meanwhile; no other thread may.
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace pinhook::access {

/// Returns the value of `work`, or throws its exception.
template <class T>
T run_to_end(asio::io_context& io, awaitable<T> work) {
  std::optional<T> out;
  std::exception_ptr thrown;
  bool is_done = false;
  const auto keep = [](awaitable<T> inner, std::optional<T>& into) -> awaitable<void> {
    into.emplace(co_await std::move(inner));
  };
  asio::co_spawn(io, keep(std::move(work), out), [&](const std::exception_ptr& e) {
    thrown = e;
    is_done = true;
  });
  io.restart();
  while (!is_done && io.run_one() != 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(out).value();
}

}  // namespace pinhook::access
