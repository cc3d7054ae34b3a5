#include <pinhook/resolve/digest_cache.hpp>

#include <pinhook/base/deadline.hpp>
#include <pinhook/resolve/digest_shard.hpp>

#include <algorithm>
#include <bit>
#include <new>
#include <span>
#include <utility>

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

}  // namespace

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

digest_cache::digest_cache(const cache_options& options) : options_(options) {
  options_.capacity = std::max<std::size_t>(options_.capacity, 1);
  const std::size_t count = number_of_shards(options_.capacity);
  const std::size_t room = options_.capacity / count;
  gone_.reset(static_cast<std::uint32_t*>(std::calloc(count * room, sizeof(std::uint32_t))));
  if (gone_ == nullptr) throw std::bad_alloc();
  shards_.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    shards_.push_back(
        std::make_unique<digest_shard>(options_, std::span<std::uint32_t>(gone_.get() + i * room, room), totals_));
}

digest_cache::~digest_cache() = default;

digest_shard& digest_cache::shard_of(const cache_key& key) const {
  // The high bits: the table inside the shard uses the low ones.
  return *shards_[(key.hash >> 48) & (shards_.size() - 1)];
}

cached digest_cache::find(const cache_key& key, steady_time now) {
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  if (found == nullptr) return {};
  digest_entry& e = *found;
  s.use(e, key.owner);
  cached out = s.look(e, now);
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
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  return found == nullptr ? cached{} : s.look(*found, now);
}

vouch digest_cache::find_vouch(const cache_key& key) {
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  if (found == nullptr) return {};
  s.use(*found, key.owner);
  return found->vouched;
}

steady_time digest_cache::store(const cache_key& key, const registry::digest& digest, steady_time asked_at) {
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry& e = s.place_for(key, asked_at);
  e.claimed = false;
  if (asked_at >= e.asked_at) {
    e.asked_at = asked_at;
    if (e.digest != digest) e.vouched = {};
    e.digest = digest;
    e.digest_at = asked_at;
    e.failure.reset();
    e.refresh_at = deadline::after(asked_at, refresh_age(options_.ttl, key.hash)).time();
    e.used = false;
    s.recount(e);
  }
  const steady_time due = e.refresh_at;
  s.trim(asked_at);
  return due;
}

void digest_cache::store_failure(const cache_key& key, const error& failure, steady_time asked_at,
                                 steady_time hold_until) {
  const bool is_definite = is_cacheable(failure.code) && !is_temporary(failure.code);
  auto kept = std::make_shared<const error>(failure);
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  if (found == nullptr && !is_cacheable(failure.code)) return;
  digest_entry& e = found == nullptr ? s.place_for(key, asked_at) : *found;
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
  s.recount(e);
  s.trim(asked_at);
}

void digest_cache::keep(const cache_key& key, const registry::digest& digest, const vouch& v) {
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  if (found != nullptr && found->digest == digest) found->vouched = v;
}

bool digest_cache::claim_refresh(const cache_key& key, steady_time now) {
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  if (found == nullptr) return false;
  digest_entry& e = *found;
  if (e.claimed || !e.used || now < e.refresh_at || s.look(e, now).status != cached::state::fresh) return false;
  e.claimed = true;
  return true;
}

void digest_cache::release_refresh(const cache_key& key, steady_time next) {
  digest_shard& s = shard_of(key);
  const std::lock_guard lock(s.guard);
  digest_entry* const found = s.find(key);
  if (found == nullptr || !found->claimed) return;
  found->claimed = false;
  found->refresh_at = next;
}

}  // namespace pinhook::resolve
