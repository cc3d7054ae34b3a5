// The child coroutines of one io_context. None is ever detached; all can be cancelled and waited for.
//
//   task_group group(io.get_executor());
//   group.spawn(serve(std::move(socket)));
//   …
//   group.cancel();             // their waits end with operation_aborted
//   co_await group.wait();      // until the last is gone
//
// Thread rule: everything on the thread of the io_context. The group must outlive its children: wait for them before
// destroying it (a group of an io_context that never runs again may be destroyed with children in it).
#pragma once

#include <pinhook/base/async.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <list>
#include <memory>

namespace pinhook::server {

class task_group {
 public:
  using executor_type = asio::io_context::executor_type;

  explicit task_group(executor_type executor);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  /// Starts a child. An exception that ends it is logged, unless it is operation_aborted.
  void spawn(awaitable<void> child);

  /// Cancels every child (terminal cancellation), once each has begun. Children spawned later are not affected.
  void cancel();

  /// Completes when there are no children.
  awaitable<void> wait();

  [[nodiscard]] std::size_t size() const { return children_.size(); }
  [[nodiscard]] bool is_empty() const { return children_.empty(); }

 private:
  struct child_state;
  executor_type executor_;
  std::list<std::shared_ptr<child_state>> children_;
  // Never expires: it is cancelled when the last child ends.
  asio::steady_timer emptied_;
};

}  // namespace pinhook::server
