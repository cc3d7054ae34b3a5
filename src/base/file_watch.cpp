#include <pinhook/base/file_watch.hpp>

#include <pinhook/base/file.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace pinhook {

file_contents read_files(const std::vector<watched_file>& files) {
  file_contents out;
  std::string marks;
  for (const watched_file& one : files) {
    auto text = read_file(one.path, one.limit);
    if (!text) {
      out.mark = text.error().message;
      out.problem = std::move(text.error());
      return out;
    }
    marks += keyed_hash(text->reveal());
    out.texts.push_back(*std::move(text));
  }
  out.mark = std::move(marks);
  return out;
}

file_contents read_files_in_time(const std::vector<watched_file>& files, std::chrono::nanoseconds limit) {
  const auto found = std::make_shared<file_contents>();
  if (run_within([found, files] { *found = read_files(files); }, limit)) return std::move(*found);
  file_contents out;
  out.problem = read_hangs(files.empty() ? std::string() : files.front().path, limit);
  out.mark = out.problem->message;
  return out;
}

std::function<file_contents()> look_at(std::vector<watched_file> files) {
  return [files = std::move(files)] { return read_files(files); };
}

content_change::step content_change::observe(const std::string& mark, bool at_once) {
  const bool is_settled = at_once || mark == pending_;
  if (mark == accepted_ || is_settled) pending_.clear();
  if (mark == accepted_) return step::same;
  if (!is_settled) {
    pending_ = mark;
    return step::unsettled;
  }
  accepted_ = mark;
  return step::settled;
}

awaitable<bool> poll_timer::wait(std::chrono::nanoseconds span) {
  if (!is_hurried_) {
    timer_.expires_after(span);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::exchange(is_hurried_, false);
}

void poll_timer::hurry() {
  is_hurried_ = true;
  timer_.cancel();
}

file_watch::file_watch(const asio::any_io_executor& on, std::function<file_contents()> look, std::string mark,
                       std::function<void(bool)> on_stall, file_watch_options options)
    : look_(std::move(look)), on_stall_(std::move(on_stall)), options_(options), change_(std::move(mark)), timer_(on) {}

awaitable<std::optional<file_contents>> file_watch::next() {
  const bool is_hurried = co_await timer_.wait(change_.is_unsettled() ? options_.settle : options_.poll);
  auto found = std::make_shared<file_contents>();
  std::function<void()> work = [look = look_, found] { *found = look(); };
  const bool has_looked = co_await run_aside(std::move(work), options_.limit, on_stall_);
  if (!has_looked || change_.observe(found->mark, is_hurried) != content_change::step::settled) co_return std::nullopt;
  co_return std::move(*found);
}

}  // namespace pinhook
