#include <pinhook/base/environment.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/log_queue.hpp>
#include <pinhook/base/start_pages.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/messages.hpp>
#include <pinhook/config/configuration_source.hpp>
#include <pinhook/webhook/webhook.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

namespace pinhook::cli {
namespace {

// The second signal does not wait longer for the reader of the log.
constexpr std::chrono::milliseconds last_lines{500};

int refuse_serve(const error& e) {
  say({}, e.message);
  return exit_code(e.code);
}

// The first signal ends the process in good order; the second ends it at once.
void end_at_second(asio::signal_set& signals) {
  signals.async_wait([&signals](const boost::system::error_code& ec, int number) {
    if (ec) return;
    if (number == SIGHUP) return end_at_second(signals);
    log::warning("a second signal: ending at once");
    log::line_queue::flush(last_lines);
    std::_Exit(exit_failed);
  });
}

// SIGHUP asks for files to be read again.
awaitable<void> serve_until_signal(asio::signal_set& signals, webhook::webhook& hook) {
  int number = SIGHUP;
  for (;;) {
    number = co_await signals.async_wait(asio::use_awaitable);
    if (number != SIGHUP) break;
    log::info("SIGHUP: looking at configuration, lock, certificate and credentials now");
    hook.look_at_files();
  }
  log::info("shutting down", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  end_at_second(signals);
  co_await hook.stop();
  log::info("stopped");
}

}  // namespace

int serve(const arguments& arguments) {
  const environment all = process_environment();
  auto from = config::open_configuration(arguments.configuration, all);
  if (!from) return refuse_serve(from.error());
  const auto found = from->settings(from->text);
  if (!found) return refuse_serve(found.error());
  const config::settings& s = found->values;
  if (arguments.print_config) {
    fmt::print("{}", config::render(s));
    return exit_good;
  }
  log::configure({.least = s.log.level, .shape = s.log.format});

  asio::io_context control(1);
  // From here on a signal waits until it is handled, also one that arrives during the start.
  asio::signal_set signals(control, SIGTERM, SIGINT, SIGHUP);
  // Log rotation sends these to have logs reopened, or a program replaced; there are no log files here.
  for (const int number : {SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
  // Destroyed after the webhook, whose threads log until their end.
  std::optional<log::line_queue> lines;
  webhook::webhook hook(control, s, all, *std::move(from));
  if (const auto ok = hook.start(); !ok) return refuse_serve(ok.error());
  lines.emplace();
  log::info("serving", {{"version", PINHOOK_VERSION},
                        {"listen", hook.listens_at().to_string()},
                        {"admin", hook.admin_at().to_string()},
                        {"threads", hook.threads()},
                        {"namespace", s.own_namespace},
                        {"cluster", hook.cluster()}});
  int code = exit_good;
  asio::co_spawn(control, serve_until_signal(signals, hook), [&](const std::exception_ptr& thrown) {
    if (thrown) {
      log::error("the shutdown failed");
      code = exit_failed;
    }
    control.stop();
  });
  release_start_pages();
  control.run();
  return code;
}

}  // namespace pinhook::cli
