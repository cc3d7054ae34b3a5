#include <pinhook/base/file.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/cli/lock_watch.hpp>
#include <pinhook/files/lock_file.hpp>
#include <pinhook/registry/digest.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace pinhook::cli {
namespace {

// As the files of credentials are: the kubelet takes up to a minute to write a changed ConfigMap anyway.
constexpr std::chrono::seconds poll{5};

// What a ConfigMap holds at most. Only a larger file costs a buffer for the largest.
constexpr std::size_t usual_size = std::size_t{1024} * 1024;

struct content {
  std::string text;
  /// As lock_watch::seen_.
  std::string seen;
  std::optional<error> problem;
};

content look_at(const std::string& file) {
  auto read = read_file(file, usual_size);
  if (!read && read.error().code == error_code::invalid_input) read = read_file(file, files::max_lock_size);
  if (!read) return {{}, read.error().message, std::move(read.error())};
  content out;
  out.text = read->reveal();
  out.seen = registry::digest::of(out.text).to_string();
  return out;
}

// What is wrong with it, as whoever set lock.file is to hear it.
error named(error e, const std::string& file) {
  e.code = error_code::invalid_input;
  if (!e.message.contains(file)) e = std::move(e).at(file);
  return std::move(e).at("lock.file");
}

}  // namespace

lock_watch::lock_watch(std::string file, std::shared_ptr<resolve::locked_resolver> into, server::metrics& numbers)
    : file_(std::move(file)), into_(std::move(into)), numbers_(numbers) {}

result<std::unique_ptr<lock_watch>> lock_watch::open(std::string file, std::shared_ptr<resolve::locked_resolver> into,
                                                     server::metrics& numbers) {
  std::unique_ptr<lock_watch> out(new lock_watch(std::move(file), std::move(into), numbers));
  content found = look_at(out->file_);
  if (found.problem) return fail(named(*std::move(found.problem), out->file_));
  auto read = files::read_lock(found.text);
  if (!read) return fail(named(std::move(read.error()), out->file_));
  out->seen_ = std::move(found.seen);
  out->take(std::move(read->images));
  return out;
}

void lock_watch::take(resolve::image_lock lock) {
  numbers_.set_lock_images(lock.images().size());
  into_->use(std::make_shared<const resolve::image_lock>(std::move(lock)));
}

result<bool> lock_watch::reload_if_changed() {
  content found = look_at(file_);
  if (found.seen == seen_) return false;
  seen_ = std::move(found.seen);
  auto read = found.problem ? result<files::lock_file>(fail(*std::move(found.problem))) : files::read_lock(found.text);
  numbers_.count_lock_reload(read.has_value());
  if (!read) return fail(named(std::move(read.error()), file_));
  take(std::move(read->images));
  return true;
}

awaitable<void> lock_watch::keep() {
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  for (;;) {
    timer.expires_after(poll);
    co_await timer.async_wait(asio::use_awaitable);
    const auto changed = reload_if_changed();
    if (!changed)
      log::error("the lock file changed and cannot be used; the old one stays", {{"why", changed.error().message}});
    else if (*changed)
      log::info("the changed lock file is in use", {{"file", file_}});
  }
}

}  // namespace pinhook::cli
