#include <pinhook/resolve/timer_queue.hpp>

#include <boost/asio/steady_timer.hpp>

namespace pinhook::resolve {
namespace {

class asio_alarm final : public alarm {
 public:
  explicit asio_alarm(const boost::asio::any_io_executor& on) : timer_(on) {}

  void set(steady_time when, std::function<void()> ring) override {
    timer_.expires_at(when);
    timer_.async_wait([call = std::move(ring)](const boost::system::error_code& failed) {
      if (!failed) call();
    });
  }
  void clear() override { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<alarm> make_alarm(const boost::asio::any_io_executor& on) { return std::make_unique<asio_alarm>(on); }

timer_queue::id timer_queue::add(steady_time when, std::function<void()> action) {
  const id made{when, ++last_};
  if (when == steady_time::max()) return made;
  waiting_.emplace(made, std::move(action));
  arm();
  return made;
}

void timer_queue::cancel(const id& which) { waiting_.erase(which); }

void timer_queue::run_due() {
  armed_ = steady_time::max();
  const steady_time now = time_.now();
  while (!waiting_.empty() && waiting_.begin()->first.first <= now) {
    const auto due = waiting_.extract(waiting_.begin());
    due.mapped()();
  }
  arm();
}

void timer_queue::clear() {
  waiting_.clear();
  armed_ = steady_time::max();
  bell_->clear();
}

void timer_queue::arm() {
  if (waiting_.empty()) return;
  const steady_time next = waiting_.begin()->first.first;
  if (next >= armed_) return;
  armed_ = next;
  bell_->set(next, ring_);
}

}  // namespace pinhook::resolve
