#include <pinhook/resolve/host_gate.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <utility>

// Invariants between two events:
//  1. A host is in the table while it is busy (`active` or `line`) or not clear; so the table's size is bounded by the
//     look-ups under way and the hosts in trouble, and by `options_.hosts`.
//  2. `line` is empty unless the host is clear with all places taken, or is being probed.
//  3. A waiter is in its host's `line` until it is granted a permit, refused or gone; the first two take it out.
//  4. A rest empties the line: everyone in it is refused with the failure that began it.

namespace pinhook::resolve {

struct host_gate::host {
  std::string name;
  host_backoff backoff;
  std::size_t active = 0;
  std::list<waiter*> line;
};

// Lives in the frame of `enter`. The timer never expires: cancelling it is the wake-up.
struct host_gate::waiter {
  waiter(host_gate& owner, host& target)
      : gate(owner), to(target), signal(owner.on_, boost::asio::steady_timer::time_point::max()) {
    place = to.line.insert(to.line.end(), this);
    in_line = true;
  }
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;
  ~waiter() {
    gate.timers_.cancel(limit);
    if (!in_line) return;
    step_out();
    gate.forget_if_idle(to);
  }
  void step_out() {
    to.line.erase(place);
    in_line = false;
  }
  void refuse(error e) {
    step_out();
    refused = std::move(e);
    signal.cancel();
  }

  host_gate& gate;
  host& to;
  boost::asio::steady_timer signal;
  timer_queue::id limit{};
  std::list<waiter*>::iterator place;
  bool in_line = false;
  std::optional<permit> granted;
  std::optional<error> refused;
};

host_gate::permit::permit(permit&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), host_(other.host_), ticket_(other.ticket_) {}

host_gate::permit::~permit() {
  if (gate_ != nullptr) gate_->leave(*host_, ticket_, nullptr, false);
}

void host_gate::permit::settle(const error* failure) {
  if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave(*host_, ticket_, failure, true);
}

host_gate::host_gate(boost::asio::any_io_executor on, const clock& time, timer_queue& timers, gate_options options,
                     std::uint64_t seed)
    : on_(std::move(on)),
      time_(time),
      timers_(timers),
      options_(options),
      jitter_(static_cast<std::minstd_rand::result_type>(seed)) {
  options_.requests_per_host = std::max<std::size_t>(options_.requests_per_host, 1);
}

host_gate::~host_gate() = default;

host_gate::host* host_gate::find_or_make(const std::string& name) {
  if (const auto found = hosts_.find(name); found != hosts_.end()) return found->second.get();
  if (hosts_.size() >= options_.hosts) {
    // Of the idle ones in trouble the one whose rest ends first loses least by being forgotten.
    auto victim = hosts_.end();
    for (auto it = hosts_.begin(); it != hosts_.end(); ++it) {
      if (it->second->active != 0 || !it->second->line.empty()) continue;
      if (victim == hosts_.end() || it->second->backoff.until() < victim->second->backoff.until()) victim = it;
    }
    if (victim == hosts_.end()) return nullptr;
    hosts_.erase(victim);
  }
  auto made = std::make_unique<host>(host{name, host_backoff(options_.backoff), 0, {}});
  return hosts_.emplace(name, std::move(made)).first->second.get();
}

bool host_gate::has_place(const host& h) const {
  switch (h.backoff.at(time_.now())) {
    case host_backoff::state::clear:
      return h.active < options_.requests_per_host;
    case host_backoff::state::half_open:
      return true;
    default:
      return false;
  }
}

host_gate::permit host_gate::admit(host& h) {
  ++h.active;
  return permit(*this, h, h.backoff.start(time_.now()));
}

awaitable<result<host_gate::permit>> host_gate::enter(std::string host_name, deadline d) {
  host* const h = find_or_make(host_name);
  if (h == nullptr)
    co_return fail(error_code::unavailable,
                   fmt::format("registry {} is not asked: {} other registries are busy or in trouble; try again later",
                               host_name, options_.hosts));
  const steady_time now = time_.now();
  if (h->backoff.at(now) == host_backoff::state::resting) co_return fail(h->backoff.refusal(h->name, now));
  if (h->line.empty() && has_place(*h)) co_return admit(*h);

  waiter self(*this, *h);
  self.limit = timers_.add(d.time(), [w = &self] {
    w->refuse({error_code::timed_out, fmt::format("no request to registry {} came free in time", w->to.name), {}});
  });
  co_await self.signal.async_wait(asio::as_tuple(asio::use_awaitable));
  if (self.granted) co_return std::move(*self.granted);
  if (self.refused) co_return fail(std::move(*self.refused));
  co_return fail(error_code::canceled, fmt::format("waiting for registry {} was canceled", h->name));
}

void host_gate::leave(host& h, host_backoff::ticket t, const error* failure, bool has_verdict) {
  --h.active;
  if (!has_verdict || (failure != nullptr && failure->code == error_code::canceled)) {
    h.backoff.abandoned(t);
  } else if (failure != nullptr && is_host_trouble(failure->code)) {
    const double unit = std::uniform_real_distribution<double>(0.0, 1.0)(jitter_);
    h.backoff.failed(t, *failure, time_.now(), unit);
  } else {
    h.backoff.succeeded(t);
  }
  wake(h);
  forget_if_idle(h);
}

void host_gate::wake(host& h) {
  const steady_time now = time_.now();
  if (h.backoff.at(now) == host_backoff::state::resting) {
    while (!h.line.empty()) h.line.front()->refuse(h.backoff.refusal(h.name, now));
    return;
  }
  while (!h.line.empty() && has_place(h)) {
    waiter& next = *h.line.front();
    next.step_out();
    next.granted.emplace(admit(h));
    next.signal.cancel();
  }
}

void host_gate::forget_if_idle(host& h) {
  if (h.active != 0 || !h.line.empty() || h.backoff.at(time_.now()) != host_backoff::state::clear) return;
  hosts_.erase(hosts_.find(h.name));
}

host_backoff::state host_gate::state_of(const std::string& host_name) const {
  const auto found = hosts_.find(host_name);
  return found == hosts_.end() ? host_backoff::state::clear : found->second->backoff.at(time_.now());
}

std::optional<error> host_gate::refusal(const std::string& host_name) const {
  if (state_of(host_name) != host_backoff::state::resting) return std::nullopt;
  const host& h = *hosts_.at(host_name);
  return h.backoff.refusal(h.name, time_.now());
}

steady_time host_gate::rests_until(const std::string& host_name) const {
  const auto found = hosts_.find(host_name);
  const steady_time now = time_.now();
  return found == hosts_.end() ? now : std::max(now, found->second->backoff.until());
}

}  // namespace pinhook::resolve
