#include <pinhook/server/connection_order.hpp>

namespace pinhook::server {

connection_order::place connection_order::add(session* owner, steady_time now) {
  const place out = silent_.insert(silent_.end(), {owner, state::silent, now});
  publish();
  return out;
}

void connection_order::begin_request(place at) { move(at, state::busy, at->since); }

void connection_order::end_request(place at, steady_time now) { move(at, state::idle, now); }

void connection_order::touch(place at, steady_time now) {
  if (at->is == state::idle) move(at, state::idle, now);
}

void connection_order::remove(place at) {
  list_of(at->is).erase(at);
  publish();
}

session* connection_order::first() const {
  if (!silent_.empty()) return silent_.front().owner;
  return idle_.empty() ? nullptr : idle_.front().owner;
}

std::list<connection_order::entry>& connection_order::list_of(state s) {
  switch (s) {
    case state::silent:
      return silent_;
    case state::idle:
      return idle_;
    case state::busy:
      break;
  }
  return busy_;
}

void connection_order::move(place at, state to, steady_time since) {
  auto& into = list_of(to);
  into.splice(into.end(), list_of(at->is), at);
  at->is = to;
  at->since = since;
  publish();
}

void connection_order::publish() {
  silent_since_.store(silent_.empty() ? none : silent_.front().since, std::memory_order_relaxed);
  idle_since_.store(idle_.empty() ? none : idle_.front().since, std::memory_order_relaxed);
}

}  // namespace pinhook::server
