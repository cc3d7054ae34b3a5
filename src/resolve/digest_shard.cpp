#include <pinhook/resolve/digest_shard.hpp>

#include <pinhook/base/deadline.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pinhook::resolve {
namespace {

constexpr std::uint8_t most_uses = 3;

// A node of the table, the allocator's own bytes, and the bucket: measured with 100,000 entries.
constexpr std::size_t beside_entry = 112;

std::size_t heap_of(const std::string& s) {
  constexpr std::size_t inside = 15;
  return s.capacity() > inside ? s.capacity() + 1 + sizeof(void*) : 0;
}

std::uint32_t mark_from(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32) | 1U; }

}  // namespace

digest_shard::digest_shard(const cache_options& options, std::span<std::uint32_t> gone, shard_totals& totals)
    : options_(options), totals_(totals), gone_(gone) {}

digest_shard::~digest_shard() {
  for (const auto& [owner, a] : accounts_) {
    a->young.clear();
    a->old.clear();
  }
}

digest_account& digest_shard::account_of(std::string_view owner) {
  if (const auto found = accounts_.find(owner); found != accounts_.end()) return *found->second;
  auto fresh = std::make_unique<digest_account>();
  fresh->owner = owner;
  digest_account& out = *fresh;
  accounts_.emplace(out.owner, std::move(fresh));
  return out;
}

void digest_shard::add_bytes(digest_account& a, std::size_t added, std::size_t taken) {
  if (a.bytes != 0) by_size_.erase(&a);
  a.bytes = a.bytes + added - taken;
  bytes_ = bytes_ + added - taken;
  if (a.bytes != 0) by_size_.insert(&a);
}

void digest_shard::drop_if_empty(digest_account& a) {
  if (a.bytes == 0) accounts_.erase(accounts_.find(a.owner));
}

digest_entry* digest_shard::find(const cache_key& key) {
  const auto found = table_.find(key);
  return found == table_.end() ? nullptr : found->second.get();
}

bool digest_shard::is_usable_stale(const digest_entry& e, steady_time now) const {
  return e.digest &&
         now < deadline::after(deadline::after(e.digest_at, options_.ttl).time(), options_.stale_for).time();
}

cached digest_shard::look(const digest_entry& e, steady_time now) const {
  cached out;
  out.vouched = e.vouched;
  if (e.digest && now < deadline::after(e.digest_at, options_.ttl).time()) {
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

void digest_shard::use(digest_entry& e, std::string_view owner) {
  if (e.uses == most_uses) return;
  ++e.uses;
  digest_account& from = *e.on;
  if (from.owner == owner || from.bytes <= 2 * e.bytes) return;
  digest_account& to = account_of(owner);
  if (2 * (to.bytes + e.bytes) > from.bytes) return drop_if_empty(to);
  from.queue_of(e).erase(from.queue_of(e).iterator_to(e));
  add_bytes(from, 0, e.bytes);
  to.queue_of(e).push_back(e);
  e.on = &to;
  add_bytes(to, e.bytes, 0);
  drop_if_empty(from);
}

void digest_shard::evict_from(digest_account& a, steady_time now) {
  for (;;) {
    const bool is_from_young =
        a.old.empty() || (!a.young.empty() && a.young.size() * 10 >= a.young.size() + a.old.size());
    auto& queue = is_from_young ? a.young : a.old;
    digest_entry& candidate = queue.front();
    const bool is_worthless = look(candidate, now).status == cached::state::miss;
    queue.pop_front();
    if (candidate.uses != 0 && !is_worthless) {
      // A use moves the entry to `old`, or gives it another round there.
      --candidate.uses;
      candidate.is_old = true;
      a.old.push_back(candidate);
      continue;
    }
    if (is_from_young && !is_worthless) mark_of(candidate.hash) = mark_from(candidate.hash);
    add_bytes(a, 0, candidate.bytes);
    totals_.bytes.fetch_sub(candidate.bytes, std::memory_order_relaxed);
    totals_.entries.fetch_sub(1, std::memory_order_relaxed);
    table_.erase(table_.find(cache_key(candidate.canonical, candidate.identity)));
    return;
  }
}

void digest_shard::make_room(const digest_account& asking, std::size_t added, steady_time now) {
  while (!table_.empty() && (table_.size() >= capacity() || bytes_ + added > capacity() * entry_budget)) {
    digest_account* most = *by_size_.rbegin();
    // The asking account goes before others who hold as much.
    if (asking.bytes != 0 && asking.bytes + added >= most->bytes) most = accounts_.find(asking.owner)->second.get();
    evict_from(*most, now);
    if (most != &asking) drop_if_empty(*most);
  }
}

digest_entry& digest_shard::place_for(const cache_key& key, steady_time now) {
  if (const auto found = table_.find(key); found != table_.end()) return *found->second;

  auto fresh = std::make_unique<digest_entry>();
  digest_entry& e = *fresh;
  e.canonical = key.canonical;
  e.identity = key.identity;
  e.hash = key.hash;
  digest_account& asking = account_of(key.owner);
  make_room(asking, sizeof(digest_entry) + beside_entry + heap_of(e.canonical) + heap_of(e.identity), now);
  e.on = &asking;
  std::uint32_t& noted = mark_of(key.hash);
  e.is_old = noted == mark_from(key.hash);
  if (e.is_old) noted = 0;
  asking.queue_of(e).push_back(e);
  totals_.entries.fetch_add(1, std::memory_order_relaxed);
  table_.emplace(cache_key(e.canonical, e.identity), std::move(fresh));
  recount(e);
  return e;
}

void digest_shard::trim(steady_time now) {
  while (bytes_ > capacity() * entry_budget && table_.size() > 1) {
    digest_account& most = **by_size_.rbegin();
    evict_from(most, now);
    drop_if_empty(most);
  }
}

void digest_shard::recount(digest_entry& e) {
  std::size_t now = sizeof(digest_entry) + beside_entry + heap_of(e.canonical) + heap_of(e.identity);
  if (e.digest) now += heap_of(e.digest->to_string());
  if (e.failure) now += sizeof(error) + 2 * sizeof(void*) + heap_of(e.failure->message);
  if (now == e.bytes) return;
  add_bytes(*e.on, now, e.bytes);
  totals_.bytes.fetch_add(now - e.bytes, std::memory_order_relaxed);
  e.bytes = now;
}

}  // namespace pinhook::resolve
