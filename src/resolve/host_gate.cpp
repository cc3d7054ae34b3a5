#include <pinhook/resolve/host_gate.hpp>

#include <pinhook/resolve/request_pace.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

// Invariants between two events:
//  1. A host is in the table while it is busy (a visitor in its line or on one of its places) or a part of it is in
//     trouble; so the table's size is bounded by the look-ups under way and the hosts in trouble, and by
//     `options_.hosts`.
//  2. A visitor is in `visitors_` and in its host's line until it is refused, displaced or gone. With a place at its
//     host it is in `all_` besides, and with a place there it may ask: a host's place first, then one of all.
//  3. A visitor in the line of a host that has a free place for it waits for the end of a rest or of a probe's time,
//  and
//     the host's timer rings then at the latest.
//  4. When a part begins to rest, each visitor in line that needs it is asked whether it waits; no other stays.
//  5. A visitor in line was passed over by `advance` after the last event, and nothing has changed for it since. So a
//     new one asks for itself alone: a line of thousands is not gone through for each of them. Where its account keeps
//     a pace, it stands behind those in line all the same, and the timer rings when the next of them is due.

namespace pinhook::resolve {

struct host_gate::host {
  host(std::string called, const gate_options& options)
      : name(std::move(called)),
        health(options.backoff),
        line({options.requests_per_host, options.reserved, options.patience}) {}

  std::string name;
  host_health health;
  request_pace pace;
  fair_line line;
  timer_queue::id timer{};
  steady_time rings_at = steady_time::max();
  std::array<std::size_t, 3> reported{};  // in trouble, by part
  [[nodiscard]] bool is_busy() const { return line.held() != 0 || line.waiting() != 0; }
};

// Shared by the table and by the frame that waits or asks.
struct host_gate::visitor {
  enum class stage : std::uint8_t { line, all, asking, gone };

  visitor(host_gate::visit v, host& to) : visit(std::move(v)), at(&to), on{visit.repository, visit.credential, {}} {
    set_owners();
  }
  void set_owners() {
    on.owners.clear();
    for (const claim& c : visit.claims) on.owners.push_back(c.owner);
    if (on.owners.empty()) on.owners.push_back(visit.beginner);
  }

  host_gate::visit visit;
  host* at;
  errand on;
  stage is = stage::line;
  host_health::ticket ticket;
  steady_time asked_at{};
  timer_queue::id limit{};
  // Waits in `enter`; the timer never expires: cancelling it wakes the waiter.
  std::optional<boost::asio::steady_timer> signal;
  std::optional<error> refused;

  void wake() {
    if (signal) signal->cancel();
  }
};

host_gate::permit::permit(permit&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)), visitor_(std::move(other.visitor_)) {}

host_gate::permit::~permit() {
  if (gate_ != nullptr) gate_->leave(*visitor_, nullptr, false);
}

void host_gate::permit::settle(const error* failure) {
  if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave(*visitor_, failure, true);
}

host_gate::host_gate(boost::asio::any_io_executor on, const clock& time, timer_queue& timers,
                     const gate_options& options, std::uint64_t seed, hooks on_event)
    : on_(std::move(on)),
      time_(time),
      timers_(timers),
      options_(options),
      jitter_(static_cast<std::minstd_rand::result_type>(seed)),
      hooks_(std::move(on_event)),
      all_({options.requests, options.reserved, options.patience}) {}

host_gate::~host_gate() = default;

host_gate::host* host_gate::find_or_make(const std::string& name) {
  if (const auto found = hosts_.find(name); found != hosts_.end()) return found->second.get();
  if (hosts_.size() >= options_.hosts) {
    // Of the idle ones in trouble, the one whose rest ends first is forgotten: it loses least.
    const host* victim = nullptr;
    for (const auto& [known, one] : hosts_)
      if (!one->is_busy() && (victim == nullptr || one->health.until() < victim->health.until())) victim = one.get();
    if (victim == nullptr) return nullptr;
    hosts_.erase(std::string(victim->name));
  }
  return hosts_.emplace(name, std::make_unique<host>(name, options_)).first->second.get();
}

// Valid until the next event. Many of the thousands in a line wait for the same repository.
fair_line::filter host_gate::may_enter(const host& h, std::optional<fair_line::key> alone) const {
  struct verdict {
    const errand* of;
    bool may;
  };
  auto may = [this, &h, alone, now = time_.now(),
              known_verdicts = std::unordered_map<std::string_view, verdict>()](fair_line::key number) mutable {
    const errand& on = visitors_.at(number)->on;
    const bool is_first = !alone || h.line.waiting() == 1;
    if (!h.pace.is_due(on.credential, now) || (!is_first && h.pace.is_kept(on.credential, now))) return false;
    const auto known = known_verdicts.find(on.repository);
    if (known != known_verdicts.end() && *known->second.of == on) return known->second.may;
    const auto state = h.health.look(on, now).now;
    const bool is_let_in = state == host_health::state::clear || state == host_health::state::half_open;
    known_verdicts.insert_or_assign(on.repository, verdict{&on, is_let_in});
    return is_let_in;
  };
  return {std::move(may), alone};
}

bool host_gate::is_worth_waiting(const visitor& v) const {
  const steady_time now = time_.now();
  const auto is = v.at->health.look(v.on, now);
  if (is.now != host_health::state::resting) return true;
  if (!v.visit.waits_out || v.visit.limit.time() <= is.until) return false;
  return v.visit.waits_out(is.until, v.at->health.refusal(v.at->name, v.on, now));
}

awaitable<result<host_gate::permit>> host_gate::enter(visit v) {
  host* const h = find_or_make(v.host);
  if (h == nullptr)
    co_return fail(error_code::unavailable,
                   fmt::format("registry {} is not asked: {} other registries are busy or in trouble; try again later",
                               v.host, options_.hosts));
  auto mine = std::make_shared<visitor>(std::move(v), *h);
  const steady_time now = time_.now();
  if (const auto is = h->health.look(mine->on, now); is.now >= host_health::state::probing) {
    if (!is_worth_waiting(*mine)) co_return fail(h->health.refusal(h->name, mine->on, now));
    wake_at(*h, is.until);
  }
  visitors_.emplace(mine->visit.number, mine);
  permit place(*this, mine);
  h->line.enter(mine->visit.number, mine->visit.beginner, mine->visit.claims);
  advance(*h, mine->visit.number);
  go_on();
  if (mine->is == visitor::stage::asking) co_return std::move(place);

  mine->signal.emplace(on_, boost::asio::steady_timer::time_point::max());
  if (mine->is != visitor::stage::gone) {
    mine->limit = timers_.add(mine->visit.limit.time(), [this, weak = std::weak_ptr(mine)] {
      const auto late = weak.lock();
      if (!late || late->is > visitor::stage::all) return;
      refuse(late, {error_code::timed_out,
                    fmt::format("no request slot for registry {} became free in time", late->at->name), std::nullopt});
    });
    co_await mine->signal->async_wait(asio::as_tuple(asio::use_awaitable));
    timers_.cancel(mine->limit);
  }
  if (mine->is == visitor::stage::asking) co_return std::move(place);
  if (mine->refused) co_return fail(std::move(*mine->refused));
  co_return fail(error_code::canceled, fmt::format("waiting for registry {} was canceled", mine->visit.host));
}

void host_gate::advance(host& h, std::optional<fair_line::key> alone) {
  for (;;) {
    const steady_time now = time_.now();
    const auto may = may_enter(h, alone);
    if (const auto found = h.line.next(now, may)) {
      visitor& v = *visitors_.at(*found);
      v.is = visitor::stage::all;
      v.ticket = h.health.start(v.on, now);
      h.pace.sent(v.on.credential, now);
      all_.enter(*found, v.visit.beginner, v.visit.claims);
      continue;
    }
    if (h.line.waiting() == 0) break;
    wake_at(h, h.pace.soonest(now));
    const auto way = h.line.give_way(now, may);
    if (!way.entry) {
      wake_at(h, way.when);
      break;
    }
    displace(*way.entry);
  }
  advance_all();
}

void host_gate::advance_all() {
  const fair_line::filter anybody{[](fair_line::key) { return true; }};
  for (;;) {
    const steady_time now = time_.now();
    if (const auto found = all_.next(now, anybody)) {
      grant(*visitors_.at(*found));
      continue;
    }
    if (all_.waiting() == 0) return;
    const auto way = all_.give_way(now, anybody);
    if (!way.entry) {
      timers_.cancel(all_timer_);
      all_timer_ = timers_.add(way.when, [this] { advance_all(); });
      return;
    }
    displace(*way.entry);
  }
}

void host_gate::grant(visitor& v) {
  v.is = visitor::stage::asking;
  v.asked_at = time_.now();
  v.wake();
}

void host_gate::take_out(visitor& v) {
  v.is = visitor::stage::gone;
  v.at->line.leave(v.visit.number);
  all_.leave(v.visit.number);
  visitors_.erase(v.visit.number);
  changed_.insert(v.at->name);
}

void host_gate::refuse(const std::shared_ptr<visitor>& v, error failure) {
  give_verdict(*v, nullptr, false);
  take_out(*v);
  v->refused = std::move(failure);
  v->wake();
}

void host_gate::displace(fair_line::key number) {
  const std::shared_ptr<visitor> v = visitors_.at(number);
  const bool is_slow = v->is == visitor::stage::asking && time_.now() - v->asked_at >= options_.patience;
  const error slow{error_code::timed_out, fmt::format("registry {} did not answer in time", v->at->name), std::nullopt};
  give_verdict(*v, is_slow ? &slow : nullptr, is_slow);
  take_out(*v);
  v->wake();
  if (hooks_.displaced) hooks_.displaced(number);
}

void host_gate::give_verdict(visitor& v, const error* failure, bool has_verdict) {
  if (v.is != visitor::stage::all && v.is != visitor::stage::asking) return;
  host& h = *v.at;
  const steady_time now = time_.now();
  if (!has_verdict || (failure != nullptr && failure->code == error_code::canceled)) {
    h.health.abandoned(v.on, v.ticket, now);
  } else if (failure != nullptr && is_host_trouble(failure->code)) {
    const double unit = std::uniform_real_distribution<double>(0.0, 1.0)(jitter_);
    error known = *failure;
    const bool is_learnt_from =
        known.code == error_code::rate_limited && options_.backoff.rate_limited_first.count() != 0;
    // A limit per second is over after one.
    if (is_learnt_from && h.pace.limited(v.on.credential, v.asked_at, now) && !known.retry_after)
      known.retry_after = std::chrono::seconds(1);
    h.health.failed(v.on, v.ticket, known, now, unit);
    ask_patience(h);
  } else {
    h.pace.answered(v.on.credential, now);
    h.health.succeeded(v.on, v.ticket, now);
  }
  report_trouble(h);
}

// Called when a part has begun to rest, or rests for longer.
void host_gate::ask_patience(host& h) {
  const steady_time now = time_.now();
  for (const fair_line::key number : h.line.line()) {
    const auto found = visitors_.find(number);
    if (found == visitors_.end()) continue;
    const std::shared_ptr<visitor> v = found->second;
    const auto is = h.health.look(v->on, now);
    if (is.now < host_health::state::probing) continue;
    if (is_worth_waiting(*v))
      wake_at(h, is.until);
    else
      refuse(v, h.health.refusal(h.name, v->on, now));
  }
}

void host_gate::wake_at(host& h, steady_time when) {
  if (when >= h.rings_at) return;
  timers_.cancel(h.timer);
  h.rings_at = when;
  h.timer = timers_.add(when, [this, name = h.name] {
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return;
    host& due = *found->second;
    due.rings_at = steady_time::max();
    advance(due, std::nullopt);
    ask_patience(due);
    report_trouble(due);
    go_on();
  });
}

void host_gate::leave(visitor& v, const error* failure, bool has_verdict) {
  timers_.cancel(v.limit);
  if (v.is == visitor::stage::gone) return;
  give_verdict(v, failure, has_verdict);
  take_out(v);
  go_on();
}

void host_gate::set_claims(fair_line::key number, const std::vector<claim>& claims) {
  const auto found = visitors_.find(number);
  if (found == visitors_.end()) return;
  visitor& v = *found->second;
  v.visit.claims = claims;
  // A request under way ends as the errand that it began as.
  if (v.is == visitor::stage::line) v.set_owners();
  v.at->line.set_claims(number, claims);
  all_.set_claims(number, claims);
  changed_.insert(v.at->name);
}

void host_gate::go_on() {
  while (!changed_.empty()) {
    const std::string name = std::move(changed_.extract(changed_.begin()).value());
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) continue;
    advance(*found->second, std::nullopt);
    forget_if_idle(name);
  }
  advance_all();
}

void host_gate::report_trouble(host& h) {
  if (!hooks_.trouble) return;
  for (const part which : {part::registry, part::repository, part::credential}) {
    std::size_t& reported = h.reported[static_cast<std::size_t>(which)];
    const std::size_t is = h.health.in_trouble(which, time_.now());
    if (is != reported) hooks_.trouble(h.name, which, static_cast<int>(is) - static_cast<int>(reported));
    reported = is;
  }
}

void host_gate::forget_if_idle(const std::string& name) {
  const auto found = hosts_.find(name);
  if (found == hosts_.end()) return;
  host& h = *found->second;
  if (h.is_busy() || !h.health.is_clear(time_.now())) return;
  report_trouble(h);
  timers_.cancel(h.timer);
  hosts_.erase(found);
}

host_health::standing host_gate::look(const std::string& host_name, const errand& on) const {
  const auto found = hosts_.find(host_name);
  return found == hosts_.end() ? host_health::standing{} : found->second->health.look(on, time_.now());
}

error host_gate::refusal(const std::string& host_name, const errand& on) const {
  return hosts_.at(host_name)->health.refusal(host_name, on, time_.now());
}

}  // namespace pinhook::resolve
