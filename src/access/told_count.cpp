#include <pinhook/access/told_count.hpp>

#include <pinhook/server/task_group.hpp>

#include <utility>

namespace pinhook::access {
namespace {

awaitable<void> tell_by_clock(const told_count& count, const told_options& options) {
  while (!count.is_whole()) {
    co_await options.sleep(options.every);
    if (!count.is_whole()) count.tell();
  }
}

}  // namespace

told_count::told_count(std::size_t total, listener tell) : total_(total), tell_(std::move(tell)) {
  if (total_ != 0) this->tell();
}

void told_count::add() {
  ++done_;
  tell();
}

void told_count::tell() const {
  if (tell_) tell_(done_, total_);
}

awaitable<void> run_told(asio::io_context::executor_type on, const told_count& count,
                         std::vector<awaitable<void>> workers, told_options options) {
  server::task_group teller(on);
  if (count.is_heard() && options.every.count() > 0) teller.spawn(tell_by_clock(count, options));
  server::task_group work(on);
  for (auto& one : workers) work.spawn(std::move(one));
  workers.clear();
  co_await work.wait();
  teller.cancel();
  co_await teller.wait();
}

}  // namespace pinhook::access
