#include <pinhook/resolve/digest_cache.hpp>

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

// Invariants, per shard, whenever its lock is free:
//  1. Every entry stands in `table` under a key that borrows the entry's own strings, and at exactly one place of
//     `ring`; ring.size() == table.size() <= shard_capacity_. An entry never moves in memory and never changes its key.
//  2. `digest` and `failure` are not both worthless without being replaceable: an entry that answers nothing any more
//     is the first to go when room is needed.
//  3. `asked_at` is the moment of the newest question whose outcome is recorded; outcomes of older questions are
//  dropped.
//  4. `claimed` is set by at most one caller between two outcomes.
//  5. The lock is held for a probe, a copy and flag changes. Nothing is called that waits.
//
// Eviction is CLOCK: a hit sets a bit; the hand clears bits and takes the first entry it finds without one. So a hit
// writes two flags and moves nothing. The shards are filled by hash, so one may evict a little before all are full.

namespace pinhook::resolve {
namespace {

// A shard below this many entries would evict by the luck of the hash.
constexpr std::size_t least_shard_capacity = 1024;
constexpr std::size_t most_shards = 64;

std::size_t number_of_shards(std::size_t capacity) {
  return std::bit_floor(std::clamp<std::size_t>(capacity / least_shard_capacity, 1, most_shards));
}

// A refresh is due between 0.70 and 0.80 of the time to live.
std::chrono::nanoseconds refresh_age(std::chrono::nanoseconds ttl, std::size_t hash) {
  const auto spread = static_cast<std::int64_t>((hash >> 16) % 1001);
  return ttl * 7 / 10 + ttl / 10'000 * spread;
}

steady_time later(steady_time from, std::chrono::nanoseconds span) {
  return span >= steady_time::max() - from ? steady_time::max() : from + span;
}

}  // namespace

cache_key::cache_key(std::string_view canonical_reference, std::string_view credential_identity)
    : canonical(canonical_reference), identity(credential_identity) {
  const std::size_t a = std::hash<std::string_view>{}(canonical);
  const std::size_t b = std::hash<std::string_view>{}(identity);
  // An odd multiplier near 2^64 over the golden ratio spreads the bits of both halves.
  hash = (a ^ std::rotl(b, 32)) * std::size_t{0x9e3779b97f4a7c15};
}

bool is_cacheable(error_code code) noexcept {
  switch (code) {
    case error_code::not_found:
    case error_code::unauthorized:
    case error_code::denied:
    case error_code::unsupported:
    case error_code::malformed:
    case error_code::invalid_input:
      return true;
    default:
      return false;
  }
}

struct digest_cache::entry {
  std::string canonical;
  std::string identity;
  std::size_t hash = 0;

  std::optional<registry::digest> digest;
  steady_time digest_at{};
  std::shared_ptr<const error> failure;
  steady_time hold_until{};
  steady_time asked_at{};
  steady_time refresh_at{};

  bool referenced = true;  // since the hand came by
  bool used = false;       // since the digest was asked for
  bool claimed = false;    // somebody refreshes it
};

struct alignas(64) digest_cache::shard {
  std::mutex guard;
  std::unordered_map<cache_key, std::unique_ptr<entry>, key_hash> table;
  std::vector<entry*> ring;
  std::size_t hand = 0;
};

digest_cache::digest_cache(const cache_options& options) : options_(options) {
  options_.capacity = std::max<std::size_t>(options_.capacity, 1);
  const std::size_t count = number_of_shards(options_.capacity);
  shard_capacity_ = options_.capacity / count;
  shards_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<shard>());
}

digest_cache::~digest_cache() = default;

digest_cache::shard& digest_cache::shard_of(const cache_key& key) const {
  // The high bits: the table inside the shard uses the low ones.
  return *shards_[(key.hash >> 48) & (shards_.size() - 1)];
}

bool digest_cache::is_usable_stale(const entry& e, steady_time now) const {
  return e.digest && now < later(later(e.digest_at, options_.ttl), options_.stale_for);
}

cached digest_cache::look(const entry& e, steady_time now) const {
  cached out;
  if (e.digest && now < later(e.digest_at, options_.ttl)) {
    out.what = cached::state::fresh;
    out.digest = e.digest;
    return out;
  }
  if (is_usable_stale(e, now)) {
    out.what = cached::state::stale;
    out.digest = e.digest;
  }
  if (e.failure && now < e.hold_until) {
    out.what = cached::state::negative;
    out.failure = e.failure;
  }
  return out;
}

cached digest_cache::find(const cache_key& key, steady_time now) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end()) return {};
  entry& e = *found->second;
  e.referenced = true;
  cached out = look(e, now);
  if (out.what == cached::state::fresh) {
    e.used = true;
    if (now >= e.refresh_at && !e.claimed) {
      e.claimed = true;
      out.refresh = true;
    }
  }
  return out;
}

cached digest_cache::peek(const cache_key& key, steady_time now) const {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  return found == s.table.end() ? cached{} : look(*found->second, now);
}

digest_cache::entry& digest_cache::make_room(shard& s, const cache_key& key, steady_time now) {
  if (const auto found = s.table.find(key); found != s.table.end()) return *found->second;

  auto fresh = std::make_unique<entry>();
  fresh->canonical = key.canonical;
  fresh->identity = key.identity;
  fresh->hash = key.hash;
  entry& e = *fresh;
  if (s.ring.size() < shard_capacity_) {
    s.ring.push_back(&e);
    size_.fetch_add(1, std::memory_order_relaxed);
  } else {
    // Two rounds at most: the first clears every bit.
    for (;; s.hand = (s.hand + 1) % s.ring.size()) {
      entry& candidate = *s.ring[s.hand];
      const bool is_worthless = look(candidate, now).what == cached::state::miss;
      if (!candidate.referenced || is_worthless) break;
      candidate.referenced = false;
    }
    entry& victim = *s.ring[s.hand];
    s.table.erase(s.table.find(cache_key(victim.canonical, victim.identity)));
    s.ring[s.hand] = &e;
    s.hand = (s.hand + 1) % s.ring.size();
  }
  s.table.emplace(cache_key(e.canonical, e.identity), std::move(fresh));
  return e;
}

steady_time digest_cache::store(const cache_key& key, const registry::digest& digest, steady_time asked_at) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  entry& e = make_room(s, key, asked_at);
  e.claimed = false;
  if (asked_at >= e.asked_at) {
    e.asked_at = asked_at;
    e.digest = digest;
    e.digest_at = asked_at;
    e.failure.reset();
    e.refresh_at = later(asked_at, refresh_age(options_.ttl, key.hash));
    e.used = false;
  }
  return e.refresh_at;
}

void digest_cache::store_failure(const cache_key& key, const error& failure, steady_time asked_at,
                                 steady_time hold_until) {
  const bool is_definite = is_cacheable(failure.code) && !is_temporary(failure.code);
  auto kept = std::make_shared<const error>(failure);
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end() && !is_cacheable(failure.code)) return;
  entry& e = found == s.table.end() ? make_room(s, key, asked_at) : *found->second;
  e.claimed = false;
  if (asked_at < e.asked_at) return;
  e.asked_at = asked_at;
  if (is_definite) e.digest.reset();
  e.failure.reset();
  if (!e.digest && !is_cacheable(failure.code)) return;
  e.failure = std::move(kept);
  e.hold_until = hold_until;
  e.refresh_at = hold_until;
}

bool digest_cache::claim_refresh(const cache_key& key, steady_time now) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end()) return false;
  entry& e = *found->second;
  if (e.claimed || !e.used || now < e.refresh_at || look(e, now).what != cached::state::fresh) return false;
  e.claimed = true;
  return true;
}

void digest_cache::release_refresh(const cache_key& key, steady_time next) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end() || !found->second->claimed) return;
  found->second->claimed = false;
  found->second->refresh_at = next;
}

}  // namespace pinhook::resolve
