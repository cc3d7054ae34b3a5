#include <pinhook/webhook/lock_watch.hpp>

#include <pinhook/base/log.hpp>
#include <pinhook/files/lock_file.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace pinhook::webhook {
namespace {

// The error names the file and the setting, for the person who set lock.file.
error named(error e, const std::string& file) {
  e.code = error_code::invalid_input;
  if (!e.message.contains(file)) e = std::move(e).at(file);
  return std::move(e).at("lock.file");
}

}  // namespace

lock_watch::lock_watch(std::string file, behind_lock next, server::metrics& numbers)
    : file_(std::move(file)),
      files_{{file_, files::max_lock_size}},
      into_(std::make_shared<resolve::locked_resolver>(std::move(next.registries), next.is_required)),
      numbers_(numbers) {}

result<std::unique_ptr<lock_watch>> lock_watch::open(std::string file, behind_lock next, server::metrics& numbers) {
  std::unique_ptr<lock_watch> out(new lock_watch(std::move(file), std::move(next), numbers));
  file_contents found = read_files_in_time(out->files_);
  if (found.problem) return fail(named(*std::move(found.problem), out->file_));
  auto read = files::read_lock(found.texts.front().reveal());
  if (!read) return fail(named(std::move(read.error()), out->file_));
  out->last_mark_ = std::move(found.mark);
  out->take(std::move(read->images));
  return out;
}

void lock_watch::take(resolve::image_lock lock) {
  numbers_.set_lock_images(lock.images().size());
  into_->use(std::make_shared<const resolve::image_lock>(std::move(lock)));
}

result<bool> lock_watch::take_if_changed(const file_contents& found) {
  if (found.mark == last_mark_) return false;
  last_mark_ = found.mark;
  result<files::lock_file> read = fail(error_code::internal, "");
  if (found.problem)
    read = fail(*found.problem);
  else
    read = files::read_lock(found.texts.front().reveal());
  numbers_.count_lock_reload(read.has_value());
  if (!read) return fail(named(std::move(read.error()), file_));
  take(std::move(read->images));
  return true;
}

void lock_watch::hurry() {
  if (watch_) watch_->hurry();
}

awaitable<void> lock_watch::keep(std::function<void(bool)> on_stall) {
  asio::any_io_executor on = co_await asio::this_coro::executor;
  watch_.emplace(on, look_at(files_), last_mark_, std::move(on_stall));
  for (;;) {
    const auto found = co_await watch_->next();
    if (!found) continue;
    const auto changed = take_if_changed(*found);
    if (!changed)
      log::error("the lock file changed and cannot be used; the old one stays", {{"why", changed.error().message}});
    else if (*changed)
      log::info("the changed lock file is in use", {{"file", file_}});
  }
}

}  // namespace pinhook::webhook
