#include <pinhook/webhook/mounted_file.hpp>

#include <pinhook/base/log.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/core.h>

#include <utility>

namespace pinhook::webhook {

mounted_file::mounted_file(std::string path, options o)
    : path_(std::move(path)), options_(std::move(o)), files_{{path_, options_.most_bytes}} {}

result<std::unique_ptr<mounted_file>> mounted_file::open(std::string path, options o) {
  std::unique_ptr<mounted_file> out(new mounted_file(std::move(path), std::move(o)));
  file_contents found = read_files_in_time(out->files_);
  if (auto taken = out->read(found); !taken) return fail(std::move(taken.error()));
  out->last_mark_ = std::move(found.mark);
  return out;
}

// The error names the file and the setting, for the person who set it.
result<void> mounted_file::read(const file_contents& found) {
  auto taken = found.problem ? result<void>(fail(*found.problem)) : options_.take(found.texts.front().reveal());
  if (taken) return taken;
  error e = std::move(taken.error());
  e.code = error_code::invalid_input;
  if (!e.message.contains(path_)) e = std::move(e).at(path_);
  return fail(std::move(e).at(options_.setting));
}

result<bool> mounted_file::take_if_changed(const file_contents& found) {
  if (found.mark == last_mark_) return false;
  last_mark_ = found.mark;
  auto taken = read(found);
  options_.on_change(taken.has_value());
  if (!taken) return fail(std::move(taken.error()));
  return true;
}

void mounted_file::hurry() {
  if (watch_) watch_->hurry();
}

awaitable<void> mounted_file::keep(std::function<void(bool)> on_stall) {
  asio::any_io_executor on = co_await asio::this_coro::executor;
  watch_.emplace(on, look_at(files_), last_mark_, std::move(on_stall));
  for (;;) {
    const auto found = co_await watch_->next();
    if (!found) continue;
    const auto changed = take_if_changed(*found);
    if (!changed)
      log::error(fmt::format("the {} changed and cannot be used; the old one stays", options_.noun),
                 {{"why", changed.error().message}});
    else if (*changed)
      log::info(fmt::format("the changed {} is in use", options_.noun), {{"file", path_}});
  }
}

}  // namespace pinhook::webhook
