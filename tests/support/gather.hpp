// Runs many coroutines at once on one io_context and gives their values in order.
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace pinhook::testing {

template <class T>
std::vector<T> gather(asio::io_context& io, std::vector<awaitable<T>> all) {
  std::vector<std::optional<T>> out(all.size());
  std::exception_ptr thrown;
  std::size_t left = all.size();
  auto keep = [](awaitable<T> inner, std::optional<T>& place) -> awaitable<void> {
    place.emplace(co_await std::move(inner));
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    asio::co_spawn(io, keep(std::move(all[i]), out[i]), [&](std::exception_ptr e) {
      if (e) thrown = e;
      --left;
    });
  }
  io.restart();
  while (left != 0 && io.run_one() != 0) {
  }
  if (thrown) std::rethrow_exception(thrown);
  if (left != 0) throw std::logic_error("a coroutine waits for something that never comes");
  std::vector<T> values;
  for (auto& one : out) values.push_back(std::move(*one));
  return values;
}

}  // namespace pinhook::testing
