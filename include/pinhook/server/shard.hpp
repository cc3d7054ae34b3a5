// The sessions of one thread, from the accepted socket to the last byte.
//
// Thread rule: `context` from any thread, all else on the thread of the io_context.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/server/service.hpp>
#include <pinhook/server/session.hpp>
#include <pinhook/server/task_group.hpp>

#include <boost/asio/io_context.hpp>

#include <list>

namespace pinhook::server {

class shard {
 public:
  /// `io` and `all` outlive the shard.
  shard(asio::io_context& io, service& all);
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;
  ~shard();

  [[nodiscard]] asio::io_context& context() { return io_; }

  /// Begins to check time limits.
  void start();

  /// Serves the connection; closes it at once when draining. It counts in service::connections already.
  void adopt(tcp_socket socket);

  /// Closes the next connection in the connection_order; false: none, since each has a request under way.
  bool evict();
  /// From any thread.
  [[nodiscard]] const connection_order& order() const { return here_.order; }

  /// Idle connections close; requests under way are answered, and then their connections close.
  void begin_drain();

  /// Calls begin_drain, and cancels the rest at `until`. Completes when nothing runs any more.
  awaitable<void> stop(steady_time until);

 private:
  awaitable<void> serve(tcp_socket socket);
  awaitable<void> sweep();

  asio::io_context& io_;
  service& all_;
  thread_state here_;
  std::list<session*> sessions_;
  steady_time stop_at_ = steady_time::max();
  task_group connections_;
  task_group housekeeping_;
};

}  // namespace pinhook::server
