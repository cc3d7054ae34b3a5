#include <pinhook/resolve/slices.hpp>

#include <boost/asio/post.hpp>

#include <utility>

// Invariant between two events: something is in the line exactly when a turn is posted.

namespace pinhook::resolve {

struct slices::line {
  boost::asio::any_io_executor on;
  std::deque<step> waiting;
  bool is_posted = false;
};

slices::slices(const boost::asio::any_io_executor& on) : line_(std::make_shared<line>(on)) {}

void slices::run(step work) {
  if (work()) line_up(std::move(work));
}

void slices::line_up(step work) {
  line_->waiting.push_back(std::move(work));
  post_next(line_);
}

void slices::post_next(const std::shared_ptr<line>& l) {
  if (l->waiting.empty() || std::exchange(l->is_posted, true)) return;
  boost::asio::post(l->on, [weak = std::weak_ptr(l)] {
    const auto all = weak.lock();
    if (!all) return;
    all->is_posted = false;
    if (all->waiting.empty()) return;
    step next = std::move(all->waiting.front());
    all->waiting.pop_front();
    if (next()) all->waiting.push_back(std::move(next));
    post_next(all);
  });
}

void slices::finish() {
  while (!line_->waiting.empty()) {
    step next = std::move(line_->waiting.front());
    line_->waiting.pop_front();
    while (next()) continue;
  }
}

}  // namespace pinhook::resolve
