#include <pinhook/resolve/asker.hpp>
#include <pinhook/resolve/credential_chain.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <utility>

// Whose answer is it (pinning.md §7)? A key's identity is read before the flight; the credentials are fetched later,
// and may be others by then. So the identity is read again once they are there, and a flight whose credentials are not
// those of its key asks nothing: every waiter is placed anew under the identity its own source has now. What is asked
// is therefore always asked with the credentials of the key it is stored under, and a waiter that shares a key with
// another tenant never gets what that tenant's newer secret obtained.

namespace pinhook::resolve {
namespace {

// Credentials that change between every two looks at them are refused after this many.
constexpr int most_moves = 3;

bool belongs_to(const flight& f, const std::vector<registry::credential>& candidates) {
  if (identity_of(f.what) == f.identity) return true;
  return candidates.size() == 1 && candidates.front().identity == f.identity;
}

}  // namespace

std::string identity_of(const query& what) {
  return what.credentials ? what.credentials->identity_for(what.ref) : registry::credential{}.identity;
}

asker::asker(boost::asio::any_io_executor on, registry::client& client, const clock& time, observer* watch,
             std::shared_ptr<digest_cache> cache, resolver_options options, std::unique_ptr<alarm> bell)
    : on_(std::move(on)),
      client_(client),
      time_(time),
      watch_(watch),
      cache_(std::move(cache)),
      options_(options),
      timers_(time, std::move(bell)),
      gate_(on_, time, timers_, options.gate, options.jitter_seed.value_or(std::random_device{}())),
      flights_(on_, time, timers_, options.flights) {}

void asker::begin() {
  timers_.on_ring([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->timers_.run_due();
  });
}

void asker::take(const std::shared_ptr<batch>& b) {
  b->open = b->asks.size();
  for (std::size_t i = 0; i < b->asks.size(); ++i) place(b, i);
  if (b->open != 0) b->timer = timers_.add(b->limit.time(), [this, b] { out_of_time(b); });
}

void asker::place(const std::shared_ptr<batch>& b, std::size_t i) {
  ask& a = b->asks[i];
  if (is_stopping_) return settle_failure(b, i, {error_code::canceled, "pinhook is stopping", std::nullopt});
  const std::string& host = a.what.ref.registry();
  const bool is_past_cache = a.what.want == freshness::refreshed;
  cached held;
  if (!is_past_cache) {
    // Again, and now in order with all that is stored: the answer may have come while the batch was on its way.
    held = cache_->find(cache_key(a.what.ref.canonical(), a.identity), time_.now());
    if (held.refresh) refresh(a.what, a.identity);
    if (held.what == cached::state::fresh) return settle(b, i, answer{std::move(*held.digest), origin::cache});
    if (held.what == cached::state::negative && !held.digest) return settle(b, i, fail(*held.failure));
  }

  const auto health = gate_.state_of(host);
  const auto refusal = gate_.refusal(host);
  const bool is_left_alone = refusal || held.what == cached::state::negative;
  std::shared_ptr<flight> f = flights_.find(a.what.ref.canonical(), a.identity, is_past_cache);
  const bool is_joined = f != nullptr;
  if (!f && !is_left_alone) f = flights_.make(a.what, a.identity, false);
  if (is_joined && watch_ != nullptr) watch_->lookup_joined();

  // A registry in trouble is waited for by nobody who has an answer; its probe goes on alone.
  if (held.digest && (!f || health != host_backoff::state::clear))
    settle(b, i, answer{std::move(*held.digest), origin::stale});
  else if (f)
    wait_on(f, b, i);
  else if (refusal)
    settle(b, i, fail(*refusal));
  else
    settle(b, i,
           fail(error_code::unavailable, fmt::format("{} is not asked now: {} look-ups are under way; try again",
                                                     a.what.ref.canonical(), options_.flights.most)));
  if (f && !is_joined) launch(f);
}

void asker::wait_on(const std::shared_ptr<flight>& f, const std::shared_ptr<batch>& b, std::size_t i) {
  ask& a = b->asks[i];
  a.on = f.get();
  a.place = f->waiters.insert(f->waiters.end(), flight_waiter{b, i});
}

void asker::launch(const std::shared_ptr<flight>& f) {
  if (watch_ != nullptr) watch_->lookup_started(f->is_ahead);
  flights_.launch(f, look_up(shared_from_this(), f), [this, f] { ended(f); }, shared_from_this());
}

// `self` keeps the asker, and with it the gate of the permit, for as long as the frame lives.
awaitable<void> asker::look_up([[maybe_unused]] std::shared_ptr<asker> self, std::shared_ptr<flight> f) {
  co_await try_credentials(f);
  // A helper's answer that was held may have ended meanwhile: once more, with a new one.
  const bool is_refused = !f->has_moved && !f->outcome && f->outcome.error().code == error_code::unauthorized;
  if (is_refused && f->what.credentials && f->what.credentials->forget(f->what.ref)) co_await try_credentials(f);
}

// Asks the registry with what the source gives now.
awaitable<void> asker::try_credentials(std::shared_ptr<flight> f) {
  std::vector<registry::credential> candidates;
  if (f->what.credentials) {
    registry::reference ref = f->what.ref;
    auto found = co_await f->what.credentials->credentials_for(std::move(ref), f->limit);
    if (!found) {
      f->outcome = fail(std::move(found.error()).at(fmt::format("credentials for {}", f->what.ref.registry())));
      co_return;
    }
    candidates = std::move(*found);
  }
  if (!belongs_to(*f, candidates)) {
    f->has_moved = true;
    co_return;
  }
  f->outcome = co_await ask_registry(f, std::move(candidates));
}

awaitable<result<registry::digest>> asker::ask_registry(std::shared_ptr<flight> f,
                                                        std::vector<registry::credential> candidates) {
  f->at = flight::stage::line;
  std::string host = f->what.ref.registry();
  auto entered = co_await gate_.enter(std::move(host), f->limit);
  if (!entered) co_return fail(std::move(entered.error()));

  f->at = flight::stage::registry;
  f->asked_at = time_.now();
  registry::reference ref = f->what.ref;
  std::exception_ptr thrown;
  try {
    auto said =
        co_await ask_in_turn(client_, std::move(ref), std::move(candidates), options_.most_credentials, f->limit);
    if (said) {
      entered->settle(nullptr);
      co_return std::move(said->digest);
    }
    if (said.error().code != error_code::canceled || !f->is_over_limit) {
      entered->settle(&said.error());
      co_return fail(std::move(said.error()));
    }
  } catch (...) {
    // Cancellation arrives as an exception too.
    thrown = std::current_exception();
  }
  if (f->is_over_limit) {
    const error late{error_code::timed_out, fmt::format("{} in time", describe(*f)), std::nullopt};
    entered->settle(&late);
  }
  if (thrown) std::rethrow_exception(thrown);
  co_return fail(error_code::canceled, "the look-up took too long");
}

void asker::ended(const std::shared_ptr<flight>& f) {
  if (!f->has_moved)
    record(*f);
  else
    cache_->release_refresh(cache_key(f->what.ref.canonical(), f->identity), pause_after(f->what.ref.registry()));

  for (const flight_waiter& w : std::exchange(f->waiters, {})) {
    ask& a = w.of->asks[w.ask];
    a.on = nullptr;
    if (f->has_moved) {
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
    const bool is_failed = !f->has_moved && !f->outcome.has_value();
    watch_->lookup_ended(f->is_ahead, is_failed ? std::optional(f->outcome.error().code) : std::nullopt);
    watch_->levels(cache_->size(), flights_.under_way());
  }
  if (is_stopping_ && flights_.under_way() == 0) {
    for (const auto& told : std::exchange(stopped_, {})) told();
  }
}

void asker::record(const flight& f) {
  const cache_key key(f.what.ref.canonical(), f.identity);
  const steady_time asked_at = f.asked_at.value_or(f.started_at);
  if (f.outcome.has_value()) {
    const steady_time due = cache_->store(key, *f.outcome, asked_at);
    if (!is_stopping_) schedule_refresh(f.what, f.identity, due);
    return;
  }
  const error& why = f.outcome.error();
  const steady_time until =
      is_cacheable(why.code) ? time_.now() + cache_->options().negative_ttl : pause_after(f.what.ref.registry());
  cache_->store_failure(key, why, asked_at, until);
  if (f.is_ahead && !is_stopping_) schedule_refresh(f.what, f.identity, until);
}

// When to try again what could not be refreshed.
steady_time asker::pause_after(const std::string& host) const {
  const auto least = std::max<std::chrono::nanoseconds>(cache_->options().negative_ttl, std::chrono::seconds(1));
  return std::max(gate_.rests_until(host), time_.now() + least);
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
  const std::string& host = what.ref.registry();
  if (flights_.find(what.ref.canonical(), identity, false)) return;  // its outcome ends the claim
  const auto health = gate_.state_of(host);
  const bool is_allowed =
      !is_stopping_ && (health == host_backoff::state::clear || health == host_backoff::state::half_open);
  const bool is_same = is_allowed && identity_of(what) == identity;
  std::shared_ptr<flight> f;
  if (is_same) f = flights_.make(what, identity, true);
  if (f) return launch(f);
  const steady_time again = pause_after(host);
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
  const auto waited = std::chrono::duration<double>(time_.now() - b->since).count();
  for (std::size_t i = 0; i < b->asks.size(); ++i) {
    ask& a = b->asks[i];
    if (a.is_settled) continue;
    std::string what = "nothing came";
    if (a.on != nullptr) {
      what = describe(*a.on);
      a.on->waiters.erase(a.place);
      a.on = nullptr;
    }
    settle_failure(
        b, i,
        {error_code::timed_out,
         fmt::format("{} within {:.1f} s; the look-up of {} goes on, and a later request may find its answer", what,
                     waited, a.what.ref.canonical()),
         std::nullopt});
  }
}

void asker::stop(std::function<void()> done) {
  is_stopping_ = true;
  for (const auto& f : flights_.all()) {
    for (const flight_waiter& w : std::exchange(f->waiters, {})) {
      w.of->asks[w.ask].on = nullptr;
      settle_failure(w.of, w.ask, {error_code::canceled, "pinhook is stopping", std::nullopt});
    }
  }
  timers_.clear();
  stopped_.push_back(std::move(done));
  flights_.cancel_all();
  if (flights_.under_way() != 0) return;
  for (const auto& told : std::exchange(stopped_, {})) told();
}

}  // namespace pinhook::resolve
