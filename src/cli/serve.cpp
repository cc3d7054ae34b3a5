#include <pinhook/base/log.hpp>
#include <pinhook/cli/commands.hpp>
#include <pinhook/cli/exit_code.hpp>
#include <pinhook/cli/units.hpp>
#include <pinhook/cli/webhook.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>

namespace pinhook::cli {
namespace {

int refuse(const error& e) {
  fmt::print(stderr, "pinhook: {}\n", e.message);
  return exit_code(e.code);
}

// Where every Pod with a service account finds the name of its namespace.
constexpr const char* namespace_file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

result<std::string> read_text(const std::string& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"), std::fclose);
  std::string text(max_configuration_size + 1, '\0');
  const auto size = in ? std::fread(text.data(), 1, text.size(), in.get()) : 0;
  if (!in || std::ferror(in.get()) != 0)
    return fail(error_code::invalid_input,
                fmt::format("cannot read the configuration {}: {}", file, std::strerror(errno)));
  if (size > max_configuration_size)
    return fail(error_code::invalid_input,
                fmt::format("the configuration {} has more than {} bytes", file, max_configuration_size));
  text.resize(size);
  return text;
}

std::string value_of(const variables& all, std::string_view name) {
  for (const auto& [one, text] : all)
    if (one == name) return text;
  return {};
}

void take_from_surroundings(const variables& all, settings& s) {
  if (s.own_namespace.empty()) s.own_namespace = value_of(all, "POD_NAMESPACE");
  if (s.own_namespace.empty()) std::ifstream(namespace_file) >> s.own_namespace;
}

// After the first signal everything ends in good order; after the second at once.
awaitable<void> serve_until_signal(asio::signal_set& signals, webhook& hook) {
  const int number = co_await signals.async_wait(asio::use_awaitable);
  log::info("shutting down", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  signals.async_wait([](const boost::system::error_code& ec, int) {
    if (ec) return;
    log::warning("a second signal: ending at once");
    std::_Exit(exit_failed);
  });
  co_await hook.stop();
  log::info("stopped");
}

}  // namespace

result<effective_settings> settings_for(const arguments& said, const variables& all, settings start) {
  effective_settings out{std::move(start), {}};
  const std::string file = said.config_file.empty() ? value_of(all, "PINHOOK_CONFIG") : said.config_file;
  if (!file.empty()) {
    const auto text = read_text(file);
    if (!text) return fail(text.error());
    if (auto good = read_configuration(*text, file, out.values); !good) return fail(std::move(good.error()));
  }
  auto warnings = apply_environment(all, out.values);
  if (!warnings) return fail(std::move(warnings.error()));
  out.warnings = std::move(*warnings);
  for (const auto& flag : said.flags)
    if (auto good = apply_text(flag.name, flag.key, flag.text, out.values); !good) return fail(std::move(good.error()));
  take_from_surroundings(all, out.values);
  if (auto good = check_together(out.values); !good) return fail(std::move(good.error()));
  return out;
}

int serve(const arguments& said) {
  const auto found = settings_for(said, environment());
  if (!found) return refuse(found.error());
  const settings& s = found->values;
  if (said.print_config) {
    fmt::print("{}", render(s));
    return exit_good;
  }
  log::configure({.least = s.log.level, .shape = s.log.format});
  for (const auto& warning : found->warnings) log::warning(warning);

  asio::io_context control(1);
  // From here on a signal waits until it is looked at, also one that comes while everything starts.
  asio::signal_set signals(control, SIGTERM, SIGINT);
  webhook hook(control, s, environment());
  if (const auto ok = hook.start(); !ok) return refuse(ok.error());
  log::info("serving", {{"version", PINHOOK_VERSION},
                        {"listen", address_text(hook.listens_at())},
                        {"admin", address_text(hook.admin_at())},
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
  control.run();
  return code;
}

}  // namespace pinhook::cli
