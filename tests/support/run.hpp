// Runs a coroutine to its end on an io_context of its own and gives its value: `run(f(...))`.
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace pinhook::testing {

/// On the given io_context, which runs until the coroutine is done (other work on it runs too).
template <class T>
T run_on(asio::io_context& io, awaitable<T> work) {
  std::optional<T> out;
  std::exception_ptr thrown;
  auto keep = [](awaitable<T> inner, std::optional<T>& result) -> awaitable<void> {
    result.emplace(co_await std::move(inner));
  };
  // The completion refers to this frame: it must have run before we leave, not only the coroutine's last statement.
  bool is_done = false;
  asio::co_spawn(io, keep(std::move(work), out), [&](std::exception_ptr e) {
    thrown = e;
    is_done = true;
  });
  io.restart();
  while (!is_done && io.run_one() != 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  if (!out) throw std::logic_error("the coroutine waits for something that never comes");
  return std::move(*out);
}

template <class T>
T run(awaitable<T> work) {
  asio::io_context io(1);
  return run_on(io, std::move(work));
}

}  // namespace pinhook::testing
