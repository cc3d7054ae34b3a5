#include <pinhook/resolve/digest_cache.hpp>

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <new>
#include <set>
#include <span>
#include <utility>

// Invariants, per shard, whenever its lock is free:
//  1. Every entry is in `table` under a key that borrows the entry's own strings, on exactly one account, and in
//  exactly
//     one of that account's two queues. An entry never moves in memory and never changes its key.
//  2. There are at most shard_capacity_ entries, and they take at most shard_capacity_ * entry_budget bytes (an entry
//     larger than that is there alone).
//  3. `by_size` holds every account with its bytes; an account without entries is not there.
//  4. Room is taken from the account that holds most, the one that asks for room counted with the bytes that it adds.
//     So an owner that holds no more than an equal share of the bytes, all owners counted, loses nothing to others.
//  5. `asked_at` is the moment of the newest query whose outcome is recorded; outcomes of older queries are dropped.
//  6. `claimed` is set by at most one caller between two outcomes.
//  7. The lock is held for a probe, a copy and flag changes. Nothing that waits is called.
//
// Within an account eviction is S3-FIFO (Yang et al., SOSP 2023): a new entry waits in `young`, a tenth; one that is
// used there, or comes again soon after its eviction, moves to `old`, where a use gives it another round. So entries
// that are asked for once never push out those in use. A hit counts up to three and moves nothing. The shards are
// filled by hash, so one may evict a little before all are full.
//
// An entry that several owners use, a public image above all, is on the account of one who holds little: a use by an
// owner with less than half of the bytes takes it over. Otherwise the first to ask for it, or the one that fills the
// cache now, could push it out for all.

namespace pinhook::resolve {
namespace {

// A smaller shard would evict by the luck of the hash.
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

cache_key::cache_key(std::string_view canonical_reference, std::string_view credential_identity,
                     std::string_view on_account_of)
    : canonical(canonical_reference), identity(credential_identity), owner(on_account_of) {
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

struct digest_cache::entry : boost::intrusive::list_base_hook<> {
  std::string canonical;
  std::string identity;
  std::size_t hash = 0;

  std::optional<registry::digest> digest;
  vouch vouched;
  steady_time digest_at{};
  std::shared_ptr<const error> failure;
  steady_time hold_until{};
  steady_time asked_at{};
  steady_time refresh_at{};

  account* on = nullptr;
  std::size_t bytes = 0;

  std::uint8_t uses = 0;  // up to most_uses, since it came or its last round
  bool is_old = false;    // in `old`
  bool used = false;      // since the digest was asked for
  bool claimed = false;   // a caller refreshes it
};

struct digest_cache::account {
  std::string owner;
  std::size_t bytes = 0;
  boost::intrusive::list<entry> young, old;

  [[nodiscard]] auto& queue_of(const entry& e) { return e.is_old ? old : young; }
};

namespace {

constexpr std::uint8_t most_uses = 3;

// A node of the table, the allocator's own bytes, and the bucket: measured with 100,000 entries.
constexpr std::size_t beside_entry = 112;

std::size_t heap_of(const std::string& s) {
  constexpr std::size_t inside = 15;
  return s.capacity() > inside ? s.capacity() + 1 + sizeof(void*) : 0;
}

}  // namespace

struct alignas(64) digest_cache::shard {
  struct by_bytes {
    bool operator()(const account* a, const account* b) const {
      return a->bytes != b->bytes ? a->bytes < b->bytes : a->owner < b->owner;
    }
  };

  std::mutex guard;
  std::unordered_map<cache_key, std::unique_ptr<entry>, key_hash> table;
  std::unordered_map<std::string_view, std::unique_ptr<account>> accounts;
  std::set<account*, by_bytes> by_size;
  std::size_t bytes = 0;
  // Entries evicted from `young` lately: half of the hash, at the place that the rest of it gives. Newer ones take the
  // places of older ones.
  std::span<std::uint32_t> gone;

  account& account_of(std::string_view owner) {
    if (const auto found = accounts.find(owner); found != accounts.end()) return *found->second;
    auto fresh = std::make_unique<account>();
    fresh->owner = owner;
    account& out = *fresh;
    accounts.emplace(out.owner, std::move(fresh));
    return out;
  }

  // Changes its bytes, and with them its place among the others.
  void add_bytes(account& a, std::size_t added, std::size_t taken) {
    if (a.bytes != 0) by_size.erase(&a);
    a.bytes = a.bytes + added - taken;
    bytes = bytes + added - taken;
    if (a.bytes != 0) by_size.insert(&a);
  }
  void drop_if_empty(account& a) {
    if (a.bytes == 0) accounts.erase(accounts.find(a.owner));
  }

  std::uint32_t& mark_of(std::size_t hash) { return gone[(hash >> 8) % gone.size()]; }
  static std::uint32_t mark(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32) | 1U; }
};

digest_cache::digest_cache(const cache_options& options) : options_(options) {
  options_.capacity = std::max<std::size_t>(options_.capacity, 1);
  const std::size_t count = number_of_shards(options_.capacity);
  shard_capacity_ = options_.capacity / count;
  gone_.reset(static_cast<std::uint32_t*>(std::calloc(count * shard_capacity_, sizeof(std::uint32_t))));
  if (gone_ == nullptr) throw std::bad_alloc();
  shards_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<shard>());
    shards_.back()->gone = {gone_.get() + i * shard_capacity_, shard_capacity_};
  }
}

digest_cache::~digest_cache() {
  for (const auto& s : shards_)
    for (const auto& [owner, a] : s->accounts) {
      a->young.clear();
      a->old.clear();
    }
}

digest_cache::shard& digest_cache::shard_of(const cache_key& key) const {
  // The high bits: the table inside the shard uses the low ones.
  return *shards_[(key.hash >> 48) & (shards_.size() - 1)];
}

bool digest_cache::is_usable_stale(const entry& e, steady_time now) const {
  return e.digest && now < later(later(e.digest_at, options_.ttl), options_.stale_for);
}

cached digest_cache::look(const entry& e, steady_time now) const {
  cached out;
  out.vouched = e.vouched;
  if (e.digest && now < later(e.digest_at, options_.ttl)) {
    out.status = cached::state::fresh;
    out.digest = e.digest;
    return out;
  }
  if (is_usable_stale(e, now)) {
    out.status = cached::state::stale;
    out.digest = e.digest;
  }
  if (e.failure && now < e.hold_until) {
    out.status = cached::state::negative;
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
  use(s, e, key.owner);
  cached out = look(e, now);
  if (out.status == cached::state::fresh) {
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

vouch digest_cache::find_vouch(const cache_key& key) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end()) return {};
  use(s, *found->second, key.owner);
  return found->second->vouched;
}

// A use of an entry by another owner may move it to the account that holds less. An entry that is used often is not
// checked each time, but again when its account has been short of room.
void digest_cache::use(shard& s, entry& e, std::string_view owner) {
  if (e.uses == most_uses) return;
  ++e.uses;
  account& from = *e.on;
  if (from.owner == owner || from.bytes <= 2 * e.bytes) return;
  account& to = s.account_of(owner);
  if (2 * (to.bytes + e.bytes) > from.bytes) return s.drop_if_empty(to);
  from.queue_of(e).erase(from.queue_of(e).iterator_to(e));
  s.add_bytes(from, 0, e.bytes);
  to.queue_of(e).push_back(e);
  e.on = &to;
  s.add_bytes(to, e.bytes, 0);
  s.drop_if_empty(from);
}

// Evicts one entry of the account.
void digest_cache::evict_from(shard& s, account& a, steady_time now) {
  for (;;) {
    const bool is_from_young =
        a.old.empty() || (!a.young.empty() && a.young.size() * 10 >= a.young.size() + a.old.size());
    auto& queue = is_from_young ? a.young : a.old;
    entry& candidate = queue.front();
    const bool is_worthless = look(candidate, now).status == cached::state::miss;
    queue.pop_front();
    if (candidate.uses != 0 && !is_worthless) {
      // A use moves the entry to `old`, or gives it another round there.
      --candidate.uses;
      candidate.is_old = true;
      a.old.push_back(candidate);
      continue;
    }
    if (is_from_young && !is_worthless) s.mark_of(candidate.hash) = shard::mark(candidate.hash);
    s.add_bytes(a, 0, candidate.bytes);
    bytes_.fetch_sub(candidate.bytes, std::memory_order_relaxed);
    size_.fetch_sub(1, std::memory_order_relaxed);
    s.table.erase(s.table.find(cache_key(candidate.canonical, candidate.identity)));
    return;
  }
}

void digest_cache::make_room(shard& s, const account& asking, std::size_t added, steady_time now) {
  while (!s.table.empty() && (s.table.size() >= shard_capacity_ || s.bytes + added > shard_capacity_ * entry_budget)) {
    account* most = *s.by_size.rbegin();
    // The asking account goes before others who hold as much.
    if (asking.bytes != 0 && asking.bytes + added >= most->bytes) most = s.accounts.find(asking.owner)->second.get();
    evict_from(s, *most, now);
    if (most != &asking) s.drop_if_empty(*most);
  }
}

digest_cache::entry& digest_cache::place_for(shard& s, const cache_key& key, steady_time now) {
  if (const auto found = s.table.find(key); found != s.table.end()) return *found->second;

  auto fresh = std::make_unique<entry>();
  entry& e = *fresh;
  e.canonical = key.canonical;
  e.identity = key.identity;
  e.hash = key.hash;
  account& asking = s.account_of(key.owner);
  make_room(s, asking, sizeof(entry) + beside_entry + heap_of(e.canonical) + heap_of(e.identity), now);
  e.on = &asking;
  std::uint32_t& mark = s.mark_of(key.hash);
  e.is_old = mark == shard::mark(key.hash);
  if (e.is_old) mark = 0;
  asking.queue_of(e).push_back(e);
  size_.fetch_add(1, std::memory_order_relaxed);
  s.table.emplace(cache_key(e.canonical, e.identity), std::move(fresh));
  recount(s, e);
  return e;
}

// Called after an entry has grown, which may be evicted itself.
void digest_cache::trim(shard& s, steady_time now) {
  while (s.bytes > shard_capacity_ * entry_budget && s.table.size() > 1) {
    account& most = **s.by_size.rbegin();
    evict_from(s, most, now);
    s.drop_if_empty(most);
  }
}

// Called after the entry has changed.
void digest_cache::recount(shard& s, entry& e) {
  std::size_t now = sizeof(entry) + beside_entry + heap_of(e.canonical) + heap_of(e.identity);
  if (e.digest) now += heap_of(e.digest->to_string());
  if (e.failure) now += sizeof(error) + 2 * sizeof(void*) + heap_of(e.failure->message);
  if (now == e.bytes) return;
  s.add_bytes(*e.on, now, e.bytes);
  bytes_.fetch_add(now - e.bytes, std::memory_order_relaxed);
  e.bytes = now;
}

steady_time digest_cache::store(const cache_key& key, const registry::digest& digest, steady_time asked_at) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  entry& e = place_for(s, key, asked_at);
  e.claimed = false;
  if (asked_at >= e.asked_at) {
    e.asked_at = asked_at;
    if (e.digest != digest) e.vouched = {};
    e.digest = digest;
    e.digest_at = asked_at;
    e.failure.reset();
    e.refresh_at = later(asked_at, refresh_age(options_.ttl, key.hash));
    e.used = false;
    recount(s, e);
  }
  const steady_time due = e.refresh_at;
  trim(s, asked_at);
  return due;
}

void digest_cache::store_failure(const cache_key& key, const error& failure, steady_time asked_at,
                                 steady_time hold_until) {
  const bool is_definite = is_cacheable(failure.code) && !is_temporary(failure.code);
  auto kept = std::make_shared<const error>(failure);
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end() && !is_cacheable(failure.code)) return;
  entry& e = found == s.table.end() ? place_for(s, key, asked_at) : *found->second;
  e.claimed = false;
  if (asked_at < e.asked_at) return;
  e.asked_at = asked_at;
  if (is_definite) e.digest.reset();
  e.failure.reset();
  if (e.digest || is_cacheable(failure.code)) {
    e.failure = std::move(kept);
    e.hold_until = hold_until;
    e.refresh_at = hold_until;
  }
  recount(s, e);
  trim(s, asked_at);
}

void digest_cache::keep(const cache_key& key, const registry::digest& digest, const vouch& v) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found != s.table.end() && found->second->digest == digest) found->second->vouched = v;
}

bool digest_cache::claim_refresh(const cache_key& key, steady_time now) {
  shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  const auto found = s.table.find(key);
  if (found == s.table.end()) return false;
  entry& e = *found->second;
  if (e.claimed || !e.used || now < e.refresh_at || look(e, now).status != cached::state::fresh) return false;
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
