#include <pinhook/webhook/client_authority_watch.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/server/client_authorities.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace pinhook::webhook {

client_authority_watch::client_authority_watch(std::string file, file_watch_options options, server::tls_context& tls)
    : options_(options), files_{{std::move(file), server::client_authorities::file_limit}}, tls_(tls) {}

result<void> client_authority_watch::use(const file_contents& found) {
  auto used = found.problem ? result<void>(fail(error_code::invalid_input, found.problem->message))
                            : tls_.set_client_authorities(found.texts.front().reveal(), files_.front().path);
  if (!used) return fail(std::move(used.error()).at("callers.client_ca"));
  return used;
}

result<void> client_authority_watch::open() {
  const file_contents found = read_files_in_time(files_);
  tried_ = found.mark;
  return use(found);
}

result<bool> client_authority_watch::take_if_changed(const file_contents& found) {
  if (found.mark == tried_) return false;
  tried_ = found.mark;
  auto used = use(found);
  if (!used) return fail(std::move(used.error()));
  return true;
}

void client_authority_watch::hurry() {
  if (watch_) watch_->hurry();
}

awaitable<void> client_authority_watch::keep(std::function<void(bool)> on_stall) {
  asio::any_io_executor on = co_await asio::this_coro::executor;
  watch_.emplace(on, look_at(files_), tried_, std::move(on_stall), options_);
  for (;;) {
    const auto found = co_await watch_->next();
    if (!found) continue;
    const auto changed = take_if_changed(*found);
    if (!changed)
      log::error("the changed authorities of callers are not used; the old ones stay",
                 {{"why", changed.error().message}});
    else if (*changed)
      log::info("changed authorities of callers are in use", {{"file", files_.front().path}});
  }
}

}  // namespace pinhook::webhook
