#include <pinhook/webhook/configuration_watch.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/config/setting_table.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::webhook {
namespace {

// True when all lines are empty, comments, or the marks of a document.
bool is_blank(std::string_view text) {
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

bool is_live(std::string_view key) {
  // Look-ups take pin.verify_pull at the start.
  if (key == "pin.verify_pull") return false;
  return key == "rules" || key == "verifiers" || key == "help" || key.starts_with("pin.");
}

configuration_watch::configuration_watch(config::configuration_source from, config::settings started,
                                         std::function<void(const config::settings&)> use, server::metrics& numbers,
                                         std::function<result<void>(const config::settings&)> accept)
    : from_(std::move(from)),
      started_(std::move(started)),
      use_(std::move(use)),
      accept_(std::move(accept)),
      numbers_(numbers),
      last_mark_(keyed_hash(from_.text)),
      is_blank_(is_blank(from_.text)) {
  numbers_.set_configuration_current(true);
}

std::vector<watched_file> configuration_watch::files() const { return {{from_.file, config::max_configuration_size}}; }

result<config::settings> configuration_watch::settings_of(const file_contents& found) const {
  const auto text = config::configuration_text(found);
  if (!text) return fail(text.error());
  // An empty file can be left by a writer that is not done yet, or has failed. It must not mean "no rules".
  if (!is_blank_ && is_blank(*text))
    return fail(error_code::invalid_input,
                fmt::format("{}: the file has no settings any more; to use the defaults, restart", from_.file));
  auto read = from_.settings(*text);
  result<void> accepted;
  if (read && accept_) accepted = accept_(read->values);
  if (read && accepted) return std::move(read->values);
  if (read) return fail(std::move(accepted.error()).at(from_.file));
  error cause = std::move(read.error());
  if (!cause.message.contains(from_.file)) cause = std::move(cause).at(from_.file);
  return fail(std::move(cause));
}

result<std::optional<configuration_change>> configuration_watch::take_if_changed(const file_contents& found) {
  if (found.mark == last_mark_) return std::nullopt;
  last_mark_ = found.mark;
  auto fresh = settings_of(found);
  numbers_.count_configuration_reload(fresh.has_value());
  numbers_.set_configuration_current(fresh.has_value());
  if (!fresh) return fail(std::move(fresh.error()));
  is_blank_ = is_blank(found.texts.front().reveal());
  configuration_change out{differing(started_, *fresh)};
  config::settings live = started_;
  live.pin = std::move(fresh->pin);
  live.rules = std::move(fresh->rules);
  live.verifiers = std::move(fresh->verifiers);
  live.help = std::move(fresh->help);
  use_(live);
  return out;
}

result<std::optional<configuration_change>> configuration_watch::take_now() {
  return take_if_changed(read_files_in_time(files()));
}

void configuration_watch::log_change(const result<configuration_change>& taken) const {
  if (!taken)
    log::error("the configuration changed and cannot be used; the old one stays", {{"why", taken.error().message}});
  else if (taken->after_restart.empty())
    log::info("the changed configuration is in use", {{"file", from_.file}});
  else
    log::warning("the changed configuration is in use; some settings count after a restart",
                 {{"file", from_.file}, {"after_restart", taken->after_restart}});
}

void configuration_watch::hurry() {
  if (watch_) watch_->hurry();
}

awaitable<void> configuration_watch::keep(std::function<void(bool)> on_stall) {
  asio::any_io_executor on = co_await asio::this_coro::executor;
  watch_.emplace(on, look_at(files()), last_mark_, std::move(on_stall));
  for (;;) {
    const auto found = co_await watch_->next();
    if (!found) continue;
    auto changed = take_if_changed(*found);
    if (!changed)
      log_change(fail(std::move(changed.error())));
    else if (*changed)
      log_change(*std::move(*changed));
  }
}

}  // namespace pinhook::webhook
