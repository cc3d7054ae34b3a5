#include <pinhook/server/shard.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace pinhook::server {

shard::shard(asio::io_context& io, service& all)
    : io_(io), all_(all), connections_(io.get_executor()), housekeeping_(io.get_executor()) {}

shard::~shard() = default;

void shard::start() { housekeeping_.spawn(sweep()); }

void shard::adopt(tcp_socket socket) {
  if (here_.is_draining) {
    --all_.connections;
    return;
  }
  connections_.spawn(serve(std::move(socket)));
}

awaitable<void> shard::serve(tcp_socket socket) {
  // Restores the counts in every way in which the coroutine can end.
  struct presence {
    presence(service& s, std::list<session*>& l, session* one)
        : all(s), list(l), me(one), place(l.insert(l.end(), one)) {
      all.counters.opened();
    }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
    ~presence() {
      list.erase(place);
      all.counters.closed();
      if (!me->is_evicted()) --all.connections;
    }
    service& all;
    std::list<session*>& list;
    session* me;
    std::list<session*>::iterator place;
  };
  session one(all_, here_, std::move(socket));
  const presence here(all_, sessions_, &one);
  co_await one.run();
}

awaitable<void> shard::sweep() {
  asio::steady_timer timer(io_);
  for (;;) {
    timer.expires_after(all_.sweep);
    co_await timer.async_wait(asio::use_awaitable);
    const steady_time now = all_.clock.now();
    for (session* one : sessions_) one->check(now);
    if (now >= stop_at_) {
      here_.is_stopping = true;
      connections_.cancel();
    }
  }
}

bool shard::evict() {
  session* const one = here_.order.first();
  if (one == nullptr) return false;
  one->evict();
  return true;
}

void shard::begin_drain() {
  // Once only, so that the time in which a session must end does not start again.
  if (std::exchange(here_.is_draining, true)) return;
  for (session* one : sessions_) one->drain();
}

awaitable<void> shard::stop(steady_time until) {
  begin_drain();
  stop_at_ = until;
  co_await connections_.wait();
  housekeeping_.cancel();
  co_await housekeeping_.wait();
}

}  // namespace pinhook::server
