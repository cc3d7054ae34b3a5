#include <pinhook/base/compute_thread.hpp>

#include <pinhook/base/blocked_signals.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

// Invariants while `guard` is free: an account is in `turns` once when it has tasks in `accounts`, else in neither; a
// task is in the line, or its thread has it, or it has been finished; it is finished once.

namespace pinhook {
namespace {

// Behind the threads that serve, and far from starved: 5 of 40 steps. Above 19 the system takes 19.
constexpr int steps_behind = 5;

}  // namespace

enum class compute_thread::end_of_run : std::uint8_t { done, canceled, late, refused };

struct compute_thread::line {
  struct task {
    std::string account;
    std::function<void()> work;
    /// Posts the end to the caller's executor, and goes with it.
    std::function<void(std::shared_ptr<task>, std::exception_ptr, end_of_run)> post_end;
    /// Not begun after that, and refused where the line is full; none: the follow-up of admitted work.
    std::optional<deadline> until;
    /// Held while that is posted: the caller, and the io_context with it, must not go before.
    std::mutex posting;
  };
  using task_pointer = std::shared_ptr<task>;

  // Without `guard`.
  static void finish(const task_pointer& one, std::exception_ptr thrown, end_of_run end) {
    auto post_end = std::exchange(one->post_end, nullptr);
    const std::lock_guard lock(one->posting);
    post_end(one, std::move(thrown), end);
  }

  // The task that finds no place, or has to give up its own: null when there is room for all.
  task_pointer put(const task_pointer& one) {
    const std::lock_guard lock(guard);
    task_pointer refused;
    if (one->until && limited >= most_waiting) {
      refused = newest_of_most(one->account);
      if (refused == nullptr) return one;
      take_out(refused);
    }
    auto& all = accounts[one->account];
    if (all.empty()) turns.push_back(one->account);
    all.push_back(one);
    if (one->until) ++limited;
    changed.notify_one();
    return refused;
  }

  // Of the account with the most tasks, where that has two more than `account`: its newest that may be refused.
  task_pointer newest_of_most(const std::string& account) {
    const auto most = std::ranges::max_element(accounts, {}, [](const auto& a) { return a.second.size(); });
    const auto own = accounts.find(account);
    const std::size_t has = own == accounts.end() ? 0 : own->second.size();
    if (most == accounts.end() || most->second.size() < has + 2) return nullptr;
    const auto newest = std::find_if(most->second.rbegin(), most->second.rend(),
                                     [](const task_pointer& t) { return t->until.has_value(); });
    return newest == most->second.rend() ? nullptr : *newest;
  }

  // False: it is not in the line any more.
  bool take_out(const task_pointer& one) {
    const auto account = accounts.find(one->account);
    if (account == accounts.end() || std::erase(account->second, one) == 0) return false;
    if (one->until) --limited;
    if (account->second.empty()) {
      std::erase(turns, one->account);
      accounts.erase(account);
    }
    return true;
  }

  // The next task of the account whose turn it is; null at the end of the line.
  task_pointer take() {
    std::unique_lock lock(guard);
    changed.wait(lock, [&] { return is_over || !turns.empty(); });
    if (is_over) return nullptr;
    const std::string whose = std::move(turns.front());
    turns.pop_front();
    const auto account = accounts.find(whose);
    task_pointer one = std::move(account->second.front());
    account->second.pop_front();
    if (one->until) --limited;
    if (account->second.empty())
      accounts.erase(account);
    else
      turns.push_back(whose);
    return one;
  }

  bool remove(const task_pointer& one) {
    const std::lock_guard lock(guard);
    return take_out(one);
  }

  void serve() {
    while (const task_pointer one = take()) {
      if (one->until && one->until->has_passed(std::chrono::steady_clock::now())) {
        one->work = nullptr;
        finish(one, nullptr, end_of_run::late);
        continue;
      }
      std::exception_ptr thrown;
      try {
        one->work();
      } catch (...) {
        thrown = std::current_exception();
      }
      // The values that the work owns are destroyed before its caller learns of the end.
      one->work = nullptr;
      finish(one, std::move(thrown), end_of_run::done);
    }
  }

  // The tasks that still wait are ended without having run.
  void end() {
    std::map<std::string, std::deque<task_pointer>> left;
    {
      const std::lock_guard lock(guard);
      is_over = true;
      left = std::move(accounts);
      accounts.clear();
      turns.clear();
      limited = 0;
      changed.notify_one();
    }
    for (const auto& [account, all] : left)
      for (const task_pointer& one : all) finish(one, nullptr, end_of_run::canceled);
    thread.join();
  }

  std::mutex guard;
  std::condition_variable changed;
  std::map<std::string, std::deque<task_pointer>> accounts;
  std::deque<std::string> turns;
  /// The number of tasks that have a deadline.
  std::size_t limited = 0;
  bool is_over = false;
  std::thread thread;
};

compute_thread::compute_thread(std::string_view name) : line_(std::make_shared<line>()) {
  const blocked_signals guard;
  line_->thread = std::thread([l = line_.get()] {
    const auto self = static_cast<id_t>(::gettid());
    ::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + steps_behind);
    l->serve();
  });
  pthread_setname_np(line_->thread.native_handle(), std::string(name.substr(0, 15)).c_str());
}

compute_thread::~compute_thread() { line_->end(); }

std::size_t compute_thread::waiting() const {
  const std::lock_guard lock(line_->guard);
  std::size_t all = 0;
  for (const auto& [account, tasks] : line_->accounts) all += tasks.size();
  return all;
}

// An operation of its own, and no wait for a timer: cancellation must not end it while the work runs.
awaitable<compute_thread::end_of_run> compute_thread::enter(std::string account, std::function<void()> work,
                                                            std::optional<deadline> until) {
  auto one = std::make_shared<line::task>();
  one->account = std::move(account);
  one->work = std::move(work);
  one->until = until;
  auto begin = [l = line_](auto handler, const line::task_pointer& mine) {
    using handler_type = decltype(handler);
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto home = asio::get_associated_executor(handler);
    struct caller {
      handler_type handler;
      // It has work to do for as long as this waits.
      decltype(asio::prefer(home, asio::execution::outstanding_work.tracked)) busy;
      asio::steady_timer at_until;
    };
    auto kept = std::make_shared<caller>(caller{
        std::move(handler), asio::prefer(home, asio::execution::outstanding_work.tracked), asio::steady_timer(home)});
    const auto end_wait = [l, weak = std::weak_ptr(mine)](end_of_run end) {
      const auto waits = weak.lock();
      if (waits && l->remove(waits)) line::finish(waits, nullptr, end);
    };
    if (mine->until) {
      kept->at_until.expires_after(mine->until->remaining(std::chrono::steady_clock::now()));
      kept->at_until.async_wait([end_wait](const boost::system::error_code& ec) {
        if (!ec) end_wait(end_of_run::late);
      });
    }
    mine->post_end = [home, slot, kept = std::move(kept)](line::task_pointer me, std::exception_ptr thrown,
                                                          end_of_run end) mutable {
      asio::post(home, [slot, me = std::move(me), kept = std::move(kept), thrown = std::move(thrown), end]() mutable {
        {
          const std::lock_guard is_posted(me->posting);
        }
        me.reset();
        slot.clear();
        auto resume = std::move(kept->handler);
        std::move(resume)(std::move(thrown), end);
      });
    };
    if (slot.is_connected()) slot.assign([end_wait](asio::cancellation_type) { end_wait(end_of_run::canceled); });
    if (const auto refused = l->put(mine)) line::finish(refused, nullptr, end_of_run::refused);
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, end_of_run)>(
      std::move(begin), asio::use_awaitable, std::move(one));
}

awaitable<bool> compute_thread::run(std::string account, std::function<void()> work) {
  const end_of_run end = co_await enter(std::move(account), std::move(work), std::nullopt);
  co_return end == end_of_run::done;
}

awaitable<result<void>> compute_thread::run_by(std::string account, std::function<void()> work, deadline until) {
  const end_of_run end = co_await enter(std::move(account), std::move(work), until);
  switch (end) {
    case end_of_run::done:
      co_return result<void>{};
    case end_of_run::canceled:
      co_return fail(error_code::canceled, "the request was given up");
    case end_of_run::late:
      co_return fail(error_code::timed_out, "large requests were not worked on in time; try again");
    case end_of_run::refused:
      break;
  }
  co_return fail(error_code::unavailable, "too many large requests at one time; try again");
}

}  // namespace pinhook
