// Threads that serve requests: N io_contexts, each run by one thread of its own.
//
//   worker_pool workers(4);
//   asio::post(workers.context(0), …);
//   workers.stop();   // after everything on them has ended
//
// Thread rule: made, stopped and destroyed by one thread; `context` from any.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace pinhook::server {

class worker_pool {
 public:
  /// Starts the threads, named `<name>-0`, `<name>-1`, … (15 bytes of it are kept). They block signals, which go to the
  /// thread that made the pool.
  explicit worker_pool(std::size_t threads, std::string_view name = "worker");
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;
  ~worker_pool();

  [[nodiscard]] std::size_t size() const { return workers_.size(); }
  [[nodiscard]] boost::asio::io_context& context(std::size_t i) { return workers_[i]->io; }

  /// All of them, in order.
  [[nodiscard]] std::vector<boost::asio::io_context*> contexts();

  /// Lets the threads end when they have no work left, and waits for them. Stop the work on them first: work that never
  /// ends keeps it waiting.
  void stop();

 private:
  struct worker {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stay{io.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<worker>> workers_;
};

}  // namespace pinhook::server
