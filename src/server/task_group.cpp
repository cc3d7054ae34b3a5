#include <pinhook/server/task_group.hpp>

#include <pinhook/base/log.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <utility>
#include <vector>

namespace pinhook::server {

struct task_group::child_state {
  asio::cancellation_signal cancellation;
};

namespace {

void report(const std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted) log::error("a task ended with an exception", {{"what", e.what()}});
  } catch (const std::exception& e) {
    log::error("a task ended with an exception", {{"what", e.what()}});
  }
}

}  // namespace

task_group::task_group(executor_type executor)
    : executor_(executor), emptied_(executor, asio::steady_timer::time_point::max()) {}

task_group::~task_group() = default;

void task_group::spawn(awaitable<void> child) {
  const auto place = children_.insert(children_.end(), std::make_shared<child_state>());
  auto ended = [this, place](const std::exception_ptr& thrown) {
    children_.erase(place);
    if (children_.empty()) emptied_.cancel();
    report(thrown);
  };
  asio::co_spawn(executor_, std::move(child),
                 asio::bind_cancellation_slot((*place)->cancellation.slot(), std::move(ended)));
}

void task_group::cancel() {
  // After the first step of each: before it, Boost 1.83 lets the cancellation out of io_context::run as an exception. A
  // copy, since a child can end and leave the list while it is cancelled.
  asio::post(executor_, [all = std::vector(children_.begin(), children_.end())] {
    for (const auto& one : all) one->cancellation.emit(asio::cancellation_type::terminal);
  });
}

awaitable<void> task_group::wait() {
  while (!children_.empty()) {
    boost::system::error_code ignored;
    co_await emptied_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace pinhook::server
