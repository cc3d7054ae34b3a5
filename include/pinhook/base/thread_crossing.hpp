// Waits on the coroutine's own thread until another thread signals.
//
//   thread_crossing crossing(co_await asio::this_coro::executor);
//   asio::post(other, [work, done = crossing.arrival()] { … done(); });
//   if (!co_await crossing.wait()) …                     // canceled; `work` goes on, so it owns what it uses
//
// Thread rule: the crossing belongs to the coroutine and to its executor, which one thread serves; `arrival` may be
// called on any thread, also when the waiter has ended (canceled, or destroyed with its io_context).
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace pinhook {

enum class crossing_end : std::uint8_t { arrived, late, canceled };

// The timer belongs to the coroutine's frame and is used on its thread only; `guard` protects only the check that the
// frame still exists, so that nothing is posted to an executor whose waiter has ended.
class thread_crossing {
 public:
  explicit thread_crossing(asio::any_io_executor home)
      : event_(home, asio::steady_timer::time_point::max()), shared_(std::make_shared<shared>()) {
    shared_->home = std::move(home);
    shared_->event = &event_;
  }
  thread_crossing(const thread_crossing&) = delete;
  thread_crossing& operator=(const thread_crossing&) = delete;
  ~thread_crossing() {
    const std::lock_guard lock(shared_->guard);
    shared_->event = nullptr;
  }

  /// The function to call once, on any thread.
  [[nodiscard]] std::function<void()> arrival() const {
    return [s = shared_] {
      const std::lock_guard lock(s->guard);
      if (s->event == nullptr) return;
      asio::post(s->home, [s] {
        if (s->event == nullptr) return;
        s->has_arrived = true;
        s->event->cancel();
      });
    };
  }

  /// False when the wait was canceled.
  awaitable<bool> wait() {
    if (!shared_->has_arrived) co_await event_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return shared_->has_arrived;
  }

  /// The same for at most `span`. After `late` it may be called again.
  awaitable<crossing_end> wait_for(std::chrono::nanoseconds span) {
    if (shared_->has_arrived) co_return crossing_end::arrived;
    event_.expires_after(span);
    const auto [ended] = co_await event_.async_wait(asio::as_tuple(asio::use_awaitable));
    event_.expires_at(asio::steady_timer::time_point::max());
    if (shared_->has_arrived) co_return crossing_end::arrived;
    co_return ended ? crossing_end::canceled : crossing_end::late;
  }

 private:
  struct shared {
    std::mutex guard;
    asio::any_io_executor home;
    asio::steady_timer* event = nullptr;
    bool has_arrived = false;
  };
  asio::steady_timer event_;
  std::shared_ptr<shared> shared_;
};

}  // namespace pinhook
