#include <pinhook/resolve/lookup_scheduler.hpp>

#include <pinhook/registry/anonymous_identity.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/resolve/lookup_run.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <utility>

namespace pinhook::resolve {
namespace {

// Credentials that change between every two reads of their identity are refused after this many.
constexpr int most_moves = 3;

// Look-ups that are begun, or given up, in one go: some tens of microseconds each.
constexpr std::size_t asks_in_a_slice = 4;
// Of those that were not begun, or have ended, this many are given up in the time of one that was.
constexpr std::size_t light_asks = 8;

}  // namespace

deadline limit_of(const flight_waiter& w) { return w.of->limit; }

lookup_scheduler::lookup_scheduler(boost::asio::any_io_executor on, registry::client& client, const clock& time,
                                   observer* watch, std::shared_ptr<digest_cache> cache,
                                   std::shared_ptr<pull_notes> pulls, resolver_options options,
                                   std::unique_ptr<alarm> bell)
    : on_(std::move(on)),
      client_(client),
      time_(time),
      watch_(watch),
      cache_(std::move(cache)),
      pulls_(std::move(pulls)),
      options_(options),
      timers_(time, std::move(bell)),
      gate_(on_, time, timers_, options.gate, options.jitter_seed.value_or(std::random_device{}()),
            {[this](fair_line::key number) { give_way(number); },
             [watch](const std::string& host, part which, int change) {
               if (watch != nullptr) watch->trouble_changed(host, which, change);
             }}),
      flights_(on_, time, timers_, options.flights),
      slices_(on_) {}

void lookup_scheduler::begin() {
  timers_.on_ring([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->timers_.run_due();
  });
}

void lookup_scheduler::take(const std::shared_ptr<batch>& b) {
  b->open = b->asks.size();
  b->number = ++requests_;
  slices_.run(beginning(b));
  if (b->open != 0) b->timer = timers_.add(b->limit.time(), [this, b] { out_of_time(b); });
}

bool lookup_scheduler::may_begin(const batch& b) const {
  return b.next < b.asks.size() && b.begun < options_.flights.most_of_request && !b.is_late;
}

slices::step lookup_scheduler::beginning(const std::shared_ptr<batch>& b) {
  b->is_beginning = true;
  return [this, b] {
    for (std::size_t done = 0; done < asks_in_a_slice && may_begin(*b); ++done) {
      const std::size_t i = b->next++;
      b->asks[i].is_begun = true;
      ++b->begun;
      place(b, i);
    }
    b->is_beginning = may_begin(*b);
    return b->is_beginning;
  };
}

void lookup_scheduler::place(const std::shared_ptr<batch>& b, std::size_t i) {
  ask& a = b->asks[i];
  if (is_stopping_) return settle_failure(b, i, {error_code::canceled, "pinhook is stopping", std::nullopt});
  const bool is_past_cache = a.query.want == freshness::refreshed;
  cached held;
  if (!is_past_cache && !a.query.document) {
    // Looked up again, now in order with all that is stored: the answer may have come while the batch was on its way.
    held = cache_->find(cache_key(a.query.ref.canonical(), a.identity, a.query.owner), time_.now());
    if (held.refresh) refresh(a.query, a.identity);
    if (held.status == cached::state::fresh) return settle(b, i, answer{std::move(*held.digest), origin::cache});
    if (held.status == cached::state::negative && !held.digest) return settle(b, i, fail(*held.failure));
  }

  const auto [health, refusal, rests_until] = state_of(a.query);
  // A query without an answer in the cache and with the time for it waits for the end of a rest.
  const bool is_waited_out = options_.waits_out_rests && !held.digest && rests_until < b->limit.time();
  const bool is_left_alone = (refusal && !is_waited_out) || held.status == cached::state::negative;
  std::shared_ptr<flight> f = flights_.find(subject_of(a.query), a.identity, is_past_cache);
  // Not with a flight that itself only waits for that end.
  if (f && is_left_alone && f->at != flight::stage::registry) f = nullptr;
  const bool is_joined = f != nullptr;
  // A query that has an answer does not wait for a registry in trouble; the probe goes on alone.
  if (!f && !is_left_alone)
    f = make_flight(a.query, a.identity, b->number, held.digest && health != host_health::state::clear);
  if (is_joined && watch_ != nullptr) watch_->lookup_joined();

  if (held.digest && (!f || health != host_health::state::clear))
    settle(b, i, answer{std::move(*held.digest), origin::stale});
  else if (f)
    wait_on(f, b, i);
  else if (refusal)
    settle(b, i, fail(*refusal));
  else
    settle(b, i,
           fail(error_code::unavailable,
                fmt::format("{} is not asked now: {} look-ups are under way, {} of them for {}; try again",
                            a.query.ref.canonical(), options_.flights.most, flights_.under_way_of(a.query.owner),
                            a.query.owner.empty() ? "the same" : fmt::format("namespace {}", a.query.owner))));
  if (f && !is_joined) launch(f);
}

// Where all places are taken, the new flight takes that of another one, which ends with an error.
std::shared_ptr<flight> lookup_scheduler::make_flight(const query& q, const std::string& identity,
                                                      std::uint64_t request, bool is_ahead) {
  auto [fresh, displaced] = flights_.make(q, identity, request, is_ahead);
  if (displaced) {
    flights_.give_way(*displaced);
    if (watch_ != nullptr) watch_->lookup_gave_way();
    for (const flight_waiter& w : std::exchange(displaced->waiters, {})) {
      w.of->asks[w.ask].on = nullptr;
      settle_failure(w.of, w.ask,
                     {error_code::unavailable,
                      fmt::format("the look-up of {} gave way to another namespace's: {} are under way, and most of "
                                  "them for the same; try again",
                                  displaced->query.ref.canonical(), options_.flights.most),
                      std::nullopt});
    }
  }
  return fresh;
}

// The gate gave its place to another: those who wait are placed again when it has ended.
void lookup_scheduler::give_way(fair_line::key number) {
  const auto f = flights_.find(number);
  if (!f) return;
  flights_.give_way(*f);
  if (watch_ != nullptr) watch_->lookup_gave_way();
}

void lookup_scheduler::wait_on(const std::shared_ptr<flight>& f, const std::shared_ptr<batch>& b, std::size_t i) {
  ask& a = b->asks[i];
  a.on = f.get();
  a.place = f->waiters.insert(f->waiters.end(), flight_waiter{b, i});
  flight::wanter& waiting = f->wanted_by[a.query.owner];
  if (waiting.count++ != 0) return;
  waiting.request = b->number;
  flights_.set_claims(*f);
  gate_.set_claims(f->number, claims_of(*f));
}

// The caller calls `gate_.go_on()` when all have gone.
void lookup_scheduler::let_go(flight& f, std::list<flight_waiter>::iterator waiter) {
  ask& a = waiter->of->asks[waiter->ask];
  a.on = nullptr;
  f.waiters.erase(waiter);
  const auto account = f.wanted_by.find(a.query.owner);
  if (account == f.wanted_by.end() || --account->second.count != 0) return;
  f.wanted_by.erase(account);
  flights_.set_claims(f);
  gate_.set_claims(f.number, claims_of(f));
}

// A waiter that has a stale answer, or no time to wait, gets its outcome at once. A refresh ahead is tried again later.
bool lookup_scheduler::waits_out(flight& f, steady_time until, const error& refusal) {
  for (auto one = f.waiters.begin(); one != f.waiters.end();) {
    const auto waiter = one++;
    const auto batch = waiter->of;
    const std::size_t i = waiter->ask;
    const bool has_time = options_.waits_out_rests && until < batch->limit.time();
    if (has_time && !stale_answer(batch->asks[i])) continue;
    let_go(f, waiter);
    settle_failure(batch, i, refusal);
  }
  return !f.waiters.empty();
}

void lookup_scheduler::launch(const std::shared_ptr<flight>& f) {
  if (watch_ != nullptr) watch_->lookup_started(f->is_ahead);
  flights_.launch(f, work(shared_from_this(), f), [this, f] { ended(f); }, shared_from_this());
}

// `self` keeps the scheduler, and with it the gate of the permit, for as long as the frame lives.
awaitable<void> lookup_scheduler::work([[maybe_unused]] std::shared_ptr<lookup_scheduler> self,
                                       std::shared_ptr<flight> f) {
  const auto waits = [this](flight& which, steady_time until, const error& refusal) {
    return waits_out(which, until, refusal);
  };
  lookup_run steps({client_, time_, gate_, options_, *pulls_, waits}, std::move(f));
  co_await steps.run();
}

lookup_scheduler::host_state lookup_scheduler::state_of(const query& q) const {
  const registry::reference& ref = q.ref;
  std::vector<std::string> hosts;
  if (options_.routes) {
    const auto known = options_.routes->known(ref);
    // The look-up will read the routes, and ask the gate about the hosts that it finds there.
    if (!known) return {host_health::state::clear, std::nullopt, time_.now()};
    for (const auto& one : known->in_order)
      if (one->answers(ref)) hosts.push_back(one->host);
  }
  if (hosts.empty()) hosts.push_back(ref.registry());
  host_state out{host_health::state::resting, std::nullopt, steady_time::max()};
  errand on;
  on.credential = registry::anonymous_identity();
  on.owners.push_back(q.owner);
  for (const auto& host : hosts) {
    on.repository = repository_at(host, ref);
    const auto is = gate_.look(host, on);
    out.rests_until = std::min(out.rests_until, std::max(time_.now(), is.until));
    if (is.now == host_health::state::clear || out.health == host_health::state::resting) out.health = is.now;
  }
  if (out.health == host_health::state::resting) out.refusal = gate_.refusal(hosts.back(), on);
  return out;
}

void lookup_scheduler::ended(const std::shared_ptr<flight>& f) {
  const bool is_placed_again = f->has_moved || f->has_given_way;
  if (!is_placed_again)
    record(*f);
  else if (!f->query.document)
    cache_->release_refresh(cache_key(f->query.ref.canonical(), f->identity), pause_after(f->query));

  for (const flight_waiter& w : std::exchange(f->waiters, {})) {
    ask& a = w.of->asks[w.ask];
    a.on = nullptr;
    if (f->has_given_way) {
      place(w.of, w.ask);
    } else if (f->has_moved) {
      a.identity = identity_of(a.query);
      if (++a.moves <= most_moves)
        place(w.of, w.ask);
      else
        settle_failure(
            w.of, w.ask,
            {error_code::unavailable,
             fmt::format("the credentials for {} keep changing; try again", a.query.ref.registry()), std::nullopt});
    } else if (f->outcome.has_value()) {
      settle(w.of, w.ask, answer{*f->outcome, origin::registry, nullptr, f->document});
    } else {
      settle_failure(w.of, w.ask, f->outcome.error());
    }
  }

  if (watch_ != nullptr) {
    const bool is_failed = !is_placed_again && !f->outcome.has_value();
    watch_->lookup_ended(f->is_ahead, is_failed ? std::optional(f->outcome.error().code) : std::nullopt);
    watch_->levels(cache_->size(), flights_.under_way());
  }
  if (is_stopping_ && flights_.under_way() == 0) {
    for (const auto& on_done : std::exchange(stopped_, {})) on_done();
  }
}

void lookup_scheduler::record(const flight& f) {
  if (f.query.document) return;
  const cache_key key(f.query.ref.canonical(), f.identity, f.query.owner);
  const steady_time asked_at = f.asked_at.value_or(f.started_at);
  if (f.outcome.has_value()) {
    const steady_time due = cache_->store(key, *f.outcome, asked_at);
    if (!is_stopping_) schedule_refresh(f.query, f.identity, due);
    return;
  }
  const error& failure = f.outcome.error();
  const steady_time until =
      is_cacheable(failure.code) ? time_.now() + cache_->options().negative_ttl : pause_after(f.query);
  cache_->store_failure(key, failure, asked_at, until);
  if (f.is_ahead && !is_stopping_) schedule_refresh(f.query, f.identity, until);
}

// The time at which to try again after a refresh that failed.
steady_time lookup_scheduler::pause_after(const query& q) const {
  const auto least = std::max<std::chrono::nanoseconds>(cache_->options().negative_ttl, std::chrono::seconds(1));
  return std::max(state_of(q).rests_until, time_.now() + least);
}

void lookup_scheduler::schedule_refresh(const query& q, const std::string& identity, steady_time when) {
  // Entries beyond that number were evicted or are refreshed by the first hit past due.
  if (scheduled_ >= cache_->options().capacity) return;
  const cache_key key(q.ref.canonical(), identity);
  if (cache_->peek(key, when).status != cached::state::fresh) return;
  ++scheduled_;
  timers_.add(when, [this, q, identity] {
    --scheduled_;
    if (cache_->claim_refresh(cache_key(q.ref.canonical(), identity), time_.now())) refresh(q, identity);
  });
}

void lookup_scheduler::refresh(const query& q, const std::string& identity) {
  if (flights_.find(subject_of(q), identity, false)) return;  // its outcome ends the claim
  const auto health = state_of(q).health;
  const bool is_allowed =
      !is_stopping_ && (health == host_health::state::clear || health == host_health::state::half_open);
  const bool is_same = is_allowed && identity_of(q) == identity;
  std::shared_ptr<flight> f;
  if (is_same) f = make_flight(q, identity, 0, true);
  if (f) return launch(f);
  const steady_time again = pause_after(q);
  cache_->release_refresh(cache_key(q.ref.canonical(), identity), again);
  // An entry whose credentials changed is refreshed for no one; those who still have them will do so by a hit.
  if (!is_stopping_ && (!is_allowed || is_same)) schedule_refresh(q, identity, again);
}

void lookup_scheduler::settle(const std::shared_ptr<batch>& b, std::size_t i, result<answer> with) {
  ask& a = b->asks[i];
  if (std::exchange(a.is_settled, true)) return;
  a.outcome = std::move(with);
  if (a.is_begun) --b->begun;
  if (--b->open != 0) {
    if (!b->is_beginning && may_begin(*b)) slices_.line_up(beginning(b));
    return;
  }
  timers_.cancel(b->timer);
  b->done();
}

void lookup_scheduler::settle_failure(const std::shared_ptr<batch>& b, std::size_t i, const error& failure) {
  if (is_temporary(failure.code)) {
    if (auto held = stale_answer(b->asks[i])) return settle(b, i, std::move(*held));
  }
  settle(b, i, fail(failure));
}

std::optional<answer> lookup_scheduler::stale_answer(const ask& a) const {
  // A caller that asked past the cache would take an old answer for a new one.
  if (a.query.want == freshness::refreshed || a.query.document) return std::nullopt;
  cached held = cache_->peek(cache_key(a.query.ref.canonical(), a.identity), time_.now());
  if (!held.digest) return std::nullopt;
  return answer{std::move(*held.digest), held.status == cached::state::fresh ? origin::cache : origin::stale};
}

void lookup_scheduler::out_of_time(const std::shared_ptr<batch>& b) {
  b->is_late = true;
  const auto waited = std::chrono::duration<double>(time_.now() - b->since).count();
  slices_.run([this, b, waited, next = std::size_t{0}]() mutable {
    for (std::size_t cost = 0; cost < asks_in_a_slice * light_asks && next < b->asks.size() && b->open != 0; ++next) {
      cost += b->asks[next].on != nullptr ? light_asks : 1;
      give_up(b, next, waited);
    }
    gate_.go_on();
    return next < b->asks.size() && b->open != 0;
  });
}

// `waited` in seconds. The caller calls `gate_.go_on()`.
void lookup_scheduler::give_up(const std::shared_ptr<batch>& b, std::size_t i, double waited) {
  ask& a = b->asks[i];
  if (a.is_settled) return;
  if (!a.is_begun)
    return settle_failure(
        b, i,
        {error_code::timed_out,
         fmt::format(
             "the look-up of {} was not begun within {:.1f} s: {} other images of the same request came first, and "
             "{} are looked up at a time; try again",
             a.query.ref.canonical(), waited, i, options_.flights.most_of_request),
         std::nullopt});
  std::string problem = "no answer came";
  // The look-up ends in silence when a registry takes longer for each answer than its share of the limit.
  std::string_view slow_registry;
  if (a.on != nullptr) {
    problem = describe(*a.on);
    if (a.on->at == flight::stage::registry) slow_registry = "; a slow registry needs a greater resolver.lookup_limit";
    let_go(*a.on, a.place);
  }
  settle_failure(
      b, i,
      {error_code::timed_out,
       fmt::format("{} within {:.1f} s; the look-up goes on for a later request{}", problem, waited, slow_registry),
       std::nullopt});
}

void lookup_scheduler::stop(std::function<void()> done) {
  is_stopping_ = true;
  for (const auto& f : flights_.all()) {
    for (const flight_waiter& w : std::exchange(f->waiters, {})) {
      w.of->asks[w.ask].on = nullptr;
      settle_failure(w.of, w.ask, {error_code::canceled, "pinhook is stopping", std::nullopt});
    }
  }
  // Slices that were not begun are refused, since pinhook is stopping.
  slices_.finish();
  timers_.clear();
  stopped_.push_back(std::move(done));
  flights_.cancel_all();
  if (flights_.under_way() != 0) return;
  for (const auto& on_done : std::exchange(stopped_, {})) on_done();
}

}  // namespace pinhook::resolve
