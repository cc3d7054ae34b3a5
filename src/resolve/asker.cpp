#include <pinhook/resolve/asker.hpp>

#include <pinhook/registry/route_table.hpp>
#include <pinhook/resolve/look_up.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <utility>

namespace pinhook::resolve {
namespace {

// Credentials that change between every two looks at them are refused after this many.
constexpr int most_moves = 3;

// Look-ups that are begun, or given up, in one go: some tens of microseconds each.
constexpr std::size_t asks_in_a_slice = 4;

}  // namespace

deadline limit_of(const flight_waiter& w) { return w.of->limit; }

asker::asker(boost::asio::any_io_executor on, registry::client& client, const clock& time, observer* watch,
             std::shared_ptr<digest_cache> cache, resolver_options options, std::unique_ptr<alarm> bell)
    : on_(std::move(on)),
      client_(client),
      time_(time),
      watch_(watch),
      cache_(std::move(cache)),
      options_(options),
      timers_(time, std::move(bell)),
      gate_(on_, time, timers_, options.gate, options.jitter_seed.value_or(std::random_device{}()),
            {[this](fair_line::key number) { give_way(number); },
             [watch](const std::string& host, part which, int change) {
               if (watch != nullptr) watch->trouble_changed(host, which, change);
             }}),
      flights_(on_, time, timers_, options.flights),
      slices_(on_) {}

void asker::begin() {
  timers_.on_ring([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->timers_.run_due();
  });
}

void asker::take(const std::shared_ptr<batch>& b) {
  b->open = b->asks.size();
  b->number = ++requests_;
  slices_.run([this, b, next = std::size_t{0}]() mutable {
    const std::size_t end = std::min(next + asks_in_a_slice, b->asks.size());
    for (; next < end && !b->is_late; ++next) place(b, next);
    return next < b->asks.size() && !b->is_late;
  });
  if (b->open != 0) b->timer = timers_.add(b->limit.time(), [this, b] { out_of_time(b); });
}

void asker::place(const std::shared_ptr<batch>& b, std::size_t i) {
  ask& a = b->asks[i];
  if (is_stopping_) return settle_failure(b, i, {error_code::canceled, "pinhook is stopping", std::nullopt});
  const bool is_past_cache = a.what.want == freshness::refreshed;
  cached held;
  if (!is_past_cache) {
    // Again, and now in order with all that is stored: the answer may have come while the batch was on its way.
    held = cache_->find(cache_key(a.what.ref.canonical(), a.identity, a.what.owner), time_.now());
    if (held.refresh) refresh(a.what, a.identity);
    if (held.what == cached::state::fresh) return settle(b, i, answer{std::move(*held.digest), origin::cache});
    if (held.what == cached::state::negative && !held.digest) return settle(b, i, fail(*held.failure));
  }

  const auto [health, refusal, rests_until] = standing_of(a.what);
  // The end of a rest is waited for by whoever has nothing else and the time.
  const bool is_waited_out = options_.waits_out_rests && !held.digest && rests_until < b->limit.time();
  const bool is_left_alone = (refusal && !is_waited_out) || held.what == cached::state::negative;
  std::shared_ptr<flight> f = flights_.find(a.what.ref.canonical(), a.identity, is_past_cache);
  // Not with one that itself only waits for that end.
  if (f && is_left_alone && f->at != flight::stage::registry) f = nullptr;
  const bool is_joined = f != nullptr;
  // A registry in trouble is waited for by nobody who has an answer; its probe goes on alone.
  if (!f && !is_left_alone)
    f = make_flight(a.what, a.identity, b->number, held.digest && health != host_health::state::clear);
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
                            a.what.ref.canonical(), options_.flights.most, flights_.under_way_of(a.what.owner),
                            a.what.owner.empty() ? "the same" : fmt::format("namespace {}", a.what.owner))));
  if (f && !is_joined) launch(f);
}

// In the place of another one, which is told and ends, where all are taken.
std::shared_ptr<flight> asker::make_flight(const query& what, const std::string& identity, std::uint64_t request,
                                           bool is_ahead) {
  auto [fresh, displaced] = flights_.make(what, identity, request, is_ahead);
  if (displaced) {
    flights_.give_way(*displaced);
    if (watch_ != nullptr) watch_->lookup_gave_way();
    for (const flight_waiter& w : std::exchange(displaced->waiters, {})) {
      w.of->asks[w.ask].on = nullptr;
      settle_failure(w.of, w.ask,
                     {error_code::unavailable,
                      fmt::format("the look-up of {} gave way to another namespace's: {} are under way, and most of "
                                  "them for the same; try again",
                                  displaced->what.ref.canonical(), options_.flights.most),
                      std::nullopt});
    }
  }
  return fresh;
}

// The gate gave its place to another: those who wait are placed anew when it has ended.
void asker::give_way(fair_line::key number) {
  const auto f = flights_.find(number);
  if (!f) return;
  flights_.give_way(*f);
  if (watch_ != nullptr) watch_->lookup_gave_way();
}

void asker::wait_on(const std::shared_ptr<flight>& f, const std::shared_ptr<batch>& b, std::size_t i) {
  ask& a = b->asks[i];
  a.on = f.get();
  a.place = f->waiters.insert(f->waiters.end(), flight_waiter{b, i});
  flight::wanter& who = f->wanted_by[a.what.owner];
  if (who.count++ != 0) return;
  who.request = b->number;
  flights_.set_claims(*f);
  gate_.set_claims(f->number, claims_of(*f));
}

// The caller says `gate_.go_on()` when all have gone.
void asker::let_go(flight& f, std::list<flight_waiter>::iterator who) {
  ask& a = who->of->asks[who->ask];
  a.on = nullptr;
  f.waiters.erase(who);
  const auto account = f.wanted_by.find(a.what.owner);
  if (account == f.wanted_by.end() || --account->second.count != 0) return;
  f.wanted_by.erase(account);
  flights_.set_claims(f);
  gate_.set_claims(f.number, claims_of(f));
}

// Whoever has a stale answer or no time for it is told at once. A refresh ahead is tried again another time.
bool asker::waits_out(flight& f, steady_time until, const error& refusal) {
  for (auto one = f.waiters.begin(); one != f.waiters.end();) {
    const auto who = one++;
    const auto batch = who->of;
    const std::size_t i = who->ask;
    const bool has_time = options_.waits_out_rests && until < batch->limit.time();
    if (has_time && !stale_answer(batch->asks[i])) continue;
    let_go(f, who);
    settle_failure(batch, i, refusal);
  }
  return !f.waiters.empty();
}

void asker::launch(const std::shared_ptr<flight>& f) {
  if (watch_ != nullptr) watch_->lookup_started(f->is_ahead);
  flights_.launch(f, work(shared_from_this(), f), [this, f] { ended(f); }, shared_from_this());
}

// `self` keeps the asker, and with it the gate of the permit, for as long as the frame lives.
awaitable<void> asker::work([[maybe_unused]] std::shared_ptr<asker> self, std::shared_ptr<flight> f) {
  const auto waits = [this](flight& which, steady_time until, const error& refusal) {
    return waits_out(which, until, refusal);
  };
  look_up steps({client_, time_, gate_, options_, waits}, std::move(f));
  co_await steps.run();
}

asker::standing asker::standing_of(const query& what) const {
  const registry::reference& ref = what.ref;
  std::vector<std::string> hosts;
  if (options_.routes) {
    if (const auto known = options_.routes->routes_for(ref))
      for (const auto& one : (*known)->in_order)
        if (one->answers(ref)) hosts.push_back(one->host);
  }
  if (hosts.empty()) hosts.push_back(ref.registry());
  standing out{host_health::state::resting, std::nullopt, steady_time::max()};
  errand on;
  on.credential = registry::credential{}.identity;
  on.owners.push_back(what.owner);
  for (const auto& host : hosts) {
    on.repository = repository_at(host, ref);
    const auto is = gate_.look(host, on);
    out.rests_until = std::min(out.rests_until, std::max(time_.now(), is.until));
    if (is.now == host_health::state::clear || out.health == host_health::state::resting) out.health = is.now;
  }
  if (out.health == host_health::state::resting) out.refusal = gate_.refusal(hosts.back(), on);
  return out;
}

void asker::ended(const std::shared_ptr<flight>& f) {
  const bool is_placed_anew = f->has_moved || f->has_given_way;
  if (!is_placed_anew)
    record(*f);
  else
    cache_->release_refresh(cache_key(f->what.ref.canonical(), f->identity), pause_after(f->what));

  for (const flight_waiter& w : std::exchange(f->waiters, {})) {
    ask& a = w.of->asks[w.ask];
    a.on = nullptr;
    if (f->has_given_way) {
      place(w.of, w.ask);
    } else if (f->has_moved) {
      a.identity = identity_of(a.what);
      if (++a.moves <= most_moves)
        place(w.of, w.ask);
      else
        settle_failure(
            w.of, w.ask,
            {error_code::unavailable,
             fmt::format("the credentials for {} keep changing; try again", a.what.ref.registry()), std::nullopt});
    } else if (f->outcome.has_value()) {
      settle(w.of, w.ask, answer{*f->outcome, origin::registry});
    } else {
      settle_failure(w.of, w.ask, f->outcome.error());
    }
  }

  if (watch_ != nullptr) {
    const bool is_failed = !is_placed_anew && !f->outcome.has_value();
    watch_->lookup_ended(f->is_ahead, is_failed ? std::optional(f->outcome.error().code) : std::nullopt);
    watch_->levels(cache_->size(), flights_.under_way());
  }
  if (is_stopping_ && flights_.under_way() == 0) {
    for (const auto& told : std::exchange(stopped_, {})) told();
  }
}

void asker::record(const flight& f) {
  const cache_key key(f.what.ref.canonical(), f.identity, f.what.owner);
  const steady_time asked_at = f.asked_at.value_or(f.started_at);
  if (f.outcome.has_value()) {
    const steady_time due = cache_->store(key, *f.outcome, asked_at);
    if (!is_stopping_) schedule_refresh(f.what, f.identity, due);
    return;
  }
  const error& why = f.outcome.error();
  const steady_time until = is_cacheable(why.code) ? time_.now() + cache_->options().negative_ttl : pause_after(f.what);
  cache_->store_failure(key, why, asked_at, until);
  if (f.is_ahead && !is_stopping_) schedule_refresh(f.what, f.identity, until);
}

// When to try again what could not be refreshed.
steady_time asker::pause_after(const query& what) const {
  const auto least = std::max<std::chrono::nanoseconds>(cache_->options().negative_ttl, std::chrono::seconds(1));
  return std::max(standing_of(what).rests_until, time_.now() + least);
}

void asker::schedule_refresh(const query& what, const std::string& identity, steady_time when) {
  // Entries beyond that number were evicted or are refreshed by the first hit past due.
  if (scheduled_ >= cache_->options().capacity) return;
  const cache_key key(what.ref.canonical(), identity);
  if (cache_->peek(key, when).what != cached::state::fresh) return;
  ++scheduled_;
  timers_.add(when, [this, what, identity] {
    --scheduled_;
    if (cache_->claim_refresh(cache_key(what.ref.canonical(), identity), time_.now())) refresh(what, identity);
  });
}

void asker::refresh(const query& what, const std::string& identity) {
  if (flights_.find(what.ref.canonical(), identity, false)) return;  // its outcome ends the claim
  const auto health = standing_of(what).health;
  const bool is_allowed =
      !is_stopping_ && (health == host_health::state::clear || health == host_health::state::half_open);
  const bool is_same = is_allowed && identity_of(what) == identity;
  std::shared_ptr<flight> f;
  if (is_same) f = make_flight(what, identity, 0, true);
  if (f) return launch(f);
  const steady_time again = pause_after(what);
  cache_->release_refresh(cache_key(what.ref.canonical(), identity), again);
  // An entry whose credentials changed is nobody's to refresh; those who still have them will, by a hit.
  if (!is_stopping_ && (!is_allowed || is_same)) schedule_refresh(what, identity, again);
}

void asker::settle(const std::shared_ptr<batch>& b, std::size_t i, result<answer> with) {
  ask& a = b->asks[i];
  if (std::exchange(a.is_settled, true)) return;
  a.outcome = std::move(with);
  if (--b->open != 0) return;
  timers_.cancel(b->timer);
  b->done();
}

void asker::settle_failure(const std::shared_ptr<batch>& b, std::size_t i, const error& why) {
  if (is_temporary(why.code)) {
    if (auto held = stale_answer(b->asks[i])) return settle(b, i, std::move(*held));
  }
  settle(b, i, fail(why));
}

std::optional<answer> asker::stale_answer(const ask& a) const {
  // Whoever asked past the cache would take an old answer for the news.
  if (a.what.want == freshness::refreshed) return std::nullopt;
  cached held = cache_->peek(cache_key(a.what.ref.canonical(), a.identity), time_.now());
  if (!held.digest) return std::nullopt;
  return answer{std::move(*held.digest), held.what == cached::state::fresh ? origin::cache : origin::stale};
}

void asker::out_of_time(const std::shared_ptr<batch>& b) {
  b->is_late = true;
  const auto waited = std::chrono::duration<double>(time_.now() - b->since).count();
  slices_.run([this, b, waited, next = std::size_t{0}]() mutable {
    const std::size_t end = std::min(next + asks_in_a_slice, b->asks.size());
    for (; next < end && b->open != 0; ++next) give_up(b, next, waited);
    gate_.go_on();
    return next < b->asks.size() && b->open != 0;
  });
}

// After so many seconds. The caller says `gate_.go_on()`.
void asker::give_up(const std::shared_ptr<batch>& b, std::size_t i, double waited) {
  ask& a = b->asks[i];
  if (a.is_settled) return;
  std::string what = "nothing came";
  if (a.on != nullptr) {
    what = describe(*a.on);
    let_go(*a.on, a.place);
  }
  settle_failure(b, i,
                 {error_code::timed_out,
                  fmt::format("{} within {:.1f} s; the look-up of {} goes on, and a later request may find its answer",
                              what, waited, a.what.ref.canonical()),
                  std::nullopt});
}

void asker::stop(std::function<void()> done) {
  is_stopping_ = true;
  for (const auto& f : flights_.all()) {
    for (const flight_waiter& w : std::exchange(f->waiters, {})) {
      w.of->asks[w.ask].on = nullptr;
      settle_failure(w.of, w.ask, {error_code::canceled, "pinhook is stopping", std::nullopt});
    }
  }
  // What was not begun is refused, since pinhook is stopping.
  slices_.finish();
  timers_.clear();
  stopped_.push_back(std::move(done));
  flights_.cancel_all();
  if (flights_.under_way() != 0) return;
  for (const auto& told : std::exchange(stopped_, {})) told();
}

}  // namespace pinhook::resolve
