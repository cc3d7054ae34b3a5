#include <pinhook/webhook/certificate_watch.hpp>

#include <pinhook/base/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace pinhook::webhook {

certificate_watch::certificate_watch(server::pair_names files, file_watch_options options, server::tls_context& tls,
                                     server::metrics& numbers)
    : names_(std::move(files)),
      options_(options),
      files_{{names_.certificate, server::tls_context::file_limit}, {names_.key, server::tls_context::file_limit}},
      tls_(tls),
      numbers_(numbers) {}

result<void> certificate_watch::use(const file_contents& found) {
  if (found.problem) return fail(error_code::invalid_input, found.problem->message);
  auto used = tls_.set_pair(found.texts[0].reveal(), found.texts[1], names_);
  if (used) numbers_.set_certificate_expiry(tls_.not_after());
  return used;
}

result<void> certificate_watch::open() {
  const file_contents found = read_files_in_time(files_);
  tried_ = found.mark;
  return use(found);
}

result<bool> certificate_watch::take_if_changed(const file_contents& found) {
  if (found.mark == tried_) return false;
  tried_ = found.mark;
  held_.reset();
  auto used = use(found);
  numbers_.count_reload(used.has_value());
  if (used) return true;
  if (used.error().code == error_code::unavailable) held_ = found;
  return fail(std::move(used.error()));
}

result<bool> certificate_watch::take_held() {
  if (!held_) return false;
  if (auto used = use(*held_); !used) return false;
  held_.reset();
  numbers_.count_reload(true);
  return true;
}

void certificate_watch::log_change(const result<bool>& taken) {
  if (!taken) {
    log::error("the changed certificate is not used; the old one stays", {{"why", taken.error().message}});
  } else if (*taken) {
    if (const auto why = tls_.why_not_valid())
      log::error("a changed certificate is in use, and clients refuse it", {{"why", *why}});
    else
      log::info("a changed certificate is in use");
  }
}

void certificate_watch::hurry() {
  if (watch_) watch_->hurry();
}

awaitable<void> certificate_watch::keep(std::function<void(bool)> on_stall) {
  asio::any_io_executor on = co_await asio::this_coro::executor;
  watch_.emplace(on, look_at(files_), tried_, std::move(on_stall), options_);
  for (;;) {
    const auto found = co_await watch_->next();
    if (found)
      log_change(take_if_changed(*found));
    else
      log_change(take_held());
  }
}

}  // namespace pinhook::webhook
