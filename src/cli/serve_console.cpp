#include <pinhook/cli/serve_console.hpp>

#include <pinhook/base/clock.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/cli/messages.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <csignal>
#include <exception>
#include <utility>

namespace pinhook::cli {
namespace {

awaitable<void> show_until_signal(asio::signal_set& signals, console::console& one) {
  const int number = co_await signals.async_wait(asio::use_awaitable);
  log::info("shutting down", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  co_await one.stop();
}

}  // namespace

result<bool> serve_console(asio::io_context& control, console::console_options options,
                           std::shared_ptr<kube::api_connection> to, std::string_view command) {
  asio::signal_set signals(control, SIGTERM, SIGINT);
  const bool has_tls = options.certificate.has_value();
  console::console one(control, std::move(options), std::move(to), machine_clock());
  if (auto ok = one.start(); !ok) return fail(std::move(ok.error()));
  say(command, fmt::format("{}://{}", has_tls ? "https" : "http", one.listens_at().to_string()));
  bool has_served = true;
  asio::co_spawn(control, show_until_signal(signals, one), [&](const std::exception_ptr& thrown) {
    has_served = !thrown;
    control.stop();
  });
  control.run();
  return has_served;
}

}  // namespace pinhook::cli
