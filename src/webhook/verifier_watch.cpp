#include <pinhook/webhook/verifier_watch.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/signatures/load_verifier.hpp>
#include <pinhook/signatures/verifier_files.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace pinhook::webhook {
namespace {

// Reads within read_limit: a volume that hangs must not stop the thread that serves.
file_contents read_in_time(const std::vector<signatures::verifier_setting>& settings) {
  const auto found = std::make_shared<file_contents>();
  if (run_within([found, settings] { *found = signatures::read_verifier_files(settings); }, read_limit))
    return std::move(*found);
  file_contents out;
  out.problem = error{error_code::timed_out, "reading their files does not come back: their volume hangs", {}};
  out.mark = out.problem->message;
  return out;
}

}  // namespace

verifier_watch::verifier_watch(std::function<void(verifiers)> use, server::metrics& numbers)
    : use_(std::move(use)), numbers_(numbers) {}

result<std::unique_ptr<verifier_watch>> verifier_watch::open(settings s, std::function<void(verifiers)> use,
                                                             server::metrics& numbers) {
  std::unique_ptr<verifier_watch> out(new verifier_watch(std::move(use), numbers));
  if (auto good = out->load(std::make_shared<const settings>(std::move(s))); !good)
    return fail(std::move(good.error()));
  return out;
}

result<void> verifier_watch::load(std::shared_ptr<const settings> s) {
  file_contents found = read_in_time(*s);
  if (found.problem) return fail(std::move(*found.problem).at("verifiers"));
  auto loaded = signatures::load_verifiers(*s, found);
  if (!loaded) return fail(std::move(loaded.error()));
  last_mark_ = std::move(found.mark);
  settings_->store(std::move(s));
  use_(std::make_shared<const std::vector<signatures::verifier>>(std::move(*loaded)));
  return {};
}

result<void> verifier_watch::take(settings s) {
  if (s == *settings_->load()) return {};
  return load(std::make_shared<const settings>(std::move(s)));
}

result<bool> verifier_watch::take_if_changed(const file_contents& found) {
  if (found.mark == last_mark_) return false;
  last_mark_ = found.mark;
  result<std::vector<signatures::verifier>> loaded = fail(error_code::internal, "");
  if (found.problem)
    loaded = fail(*found.problem);
  else
    loaded = signatures::load_verifiers(*settings_->load(), found);
  numbers_.count_verifier_reload(loaded.has_value());
  if (!loaded) return fail(std::move(loaded.error()));
  use_(std::make_shared<const std::vector<signatures::verifier>>(std::move(*loaded)));
  return true;
}

file_contents verifier_watch::look() const { return signatures::read_verifier_files(*settings_->load()); }

void verifier_watch::hurry() {
  if (watch_) watch_->hurry();
}

awaitable<void> verifier_watch::keep(std::function<void(bool)> on_stall) {
  asio::any_io_executor on = co_await asio::this_coro::executor;
  std::function<file_contents()> look_now = [of = settings_] { return signatures::read_verifier_files(*of->load()); };
  watch_.emplace(on, std::move(look_now), last_mark_, std::move(on_stall));
  for (;;) {
    const auto found = co_await watch_->next();
    if (!found) continue;
    const auto changed = take_if_changed(*found);
    if (!changed)
      log::error("the files of verifiers changed and cannot be used; the old ones stay",
                 {{"why", changed.error().message}});
    else if (*changed)
      log::info("the changed files of verifiers are in use");
  }
}

}  // namespace pinhook::webhook
