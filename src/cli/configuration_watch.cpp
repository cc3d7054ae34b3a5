#include <pinhook/base/log.hpp>
#include <pinhook/cli/configuration_watch.hpp>
#include <pinhook/config/setting_table.hpp>
#include <pinhook/registry/digest.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pinhook::cli {
namespace {

// As lock_watch: the kubelet takes up to a minute to write a changed ConfigMap anyway.
constexpr std::chrono::seconds poll{5};
constexpr std::chrono::seconds settle{1};

// No line but empty ones, comments and the marks of a document.
bool says_nothing(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t\r")));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#' && line != "---" && line != "...") return false;
  }
  return true;
}

std::vector<std::string> differing(const config::settings& started, const config::settings& fresh) {
  std::vector<std::string> out;
  for (const config::setting& row : config::setting_table())
    if (!is_live(row.key) && row.write(started) != row.write(fresh)) out.emplace_back(row.key);
  return out;
}

}  // namespace

bool is_live(std::string_view key) { return key == "rules" || key.starts_with("pin."); }

configuration_watch::configuration_watch(configuration_source from, config::settings started,
                                         std::function<void(const config::settings&)> use, server::metrics& numbers)
    : from_(std::move(from)),
      started_(std::move(started)),
      use_(std::move(use)),
      numbers_(numbers),
      seen_(registry::digest::of(from_.text).to_string()),
      is_blank_(says_nothing(from_.text)) {
  numbers_.set_configuration_current(true);
}

configuration_watch::content configuration_watch::look() const {
  auto text = read_configuration_file(from_.file);
  std::string mark = text ? registry::digest::of(*text).to_string() : text.error().message;
  return {std::move(text), std::move(mark)};
}

result<config::settings> configuration_watch::settings_of(const content& found) const {
  if (!found.text) return fail(found.text.error());
  // What a writer leaves who is in the middle of it, or failed, must not mean "no rules".
  if (!is_blank_ && says_nothing(*found.text))
    return fail(error_code::invalid_input,
                fmt::format("{}: it says nothing any more; for the defaults, restart", from_.file));
  auto read = from_.settings(*found.text);
  if (read) return std::move(read->values);
  error why = std::move(read.error());
  if (!why.message.contains(from_.file)) why = std::move(why).at(from_.file);
  return fail(std::move(why));
}

result<configuration_change> configuration_watch::take(content found) {
  seen_ = std::move(found.mark);
  auto fresh = settings_of(found);
  numbers_.count_configuration_reload(fresh.has_value());
  numbers_.set_configuration_current(fresh.has_value());
  if (!fresh) return fail(std::move(fresh.error()));
  is_blank_ = says_nothing(*found.text);
  configuration_change out{differing(started_, *fresh)};
  config::settings live = started_;
  live.pin = std::move(fresh->pin);
  live.rules = std::move(fresh->rules);
  use_(live);
  return out;
}

result<std::optional<configuration_change>> configuration_watch::reload_if_changed() {
  content found = look();
  if (found.mark == seen_) return std::nullopt;
  auto taken = take(std::move(found));
  if (!taken) return fail(std::move(taken.error()));
  return std::move(*taken);
}

void configuration_watch::tell(const result<configuration_change>& taken) const {
  if (!taken)
    log::error("the configuration changed and cannot be used; the old one stays", {{"why", taken.error().message}});
  else if (taken->after_restart.empty())
    log::info("the changed configuration is in use", {{"file", from_.file}});
  else
    log::warning("the changed configuration is in use; some settings count after a restart",
                 {{"file", from_.file}, {"after_restart", taken->after_restart}});
}

awaitable<void> configuration_watch::keep() {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  for (;;) {
    timer.expires_after(poll);
    co_await timer.async_wait(asio::use_awaitable);
    const std::string mark = look().mark;
    if (mark == seen_) continue;
    timer.expires_after(settle);
    co_await timer.async_wait(asio::use_awaitable);
    content found = look();
    // Somebody may have asked for it meanwhile.
    if (found.mark == mark && mark != seen_) tell(take(std::move(found)));
  }
}

}  // namespace pinhook::cli
