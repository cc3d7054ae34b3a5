// A part of the cache of digests with a lock of its own, and its room shared between owners.
//
// Invariants, whenever its lock is free:
//  1. Every entry is in `table_` under a key that borrows the entry's own strings, on exactly one account, and
//     in exactly one of that account's two queues. An entry never moves in memory and never changes its key.
//  2. There are at most `capacity` entries, and they take at most `capacity` * entry_budget bytes (an entry
//     larger than that is there alone).
//  3. `by_size_` holds every account with its bytes; an account without entries is not there.
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
//
// Thread rule: all but the constructor is called by who holds `guard`.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/cache_key.hpp>
#include <pinhook/resolve/cache_options.hpp>
#include <pinhook/resolve/cached.hpp>
#include <pinhook/resolve/shard_totals.hpp>
#include <pinhook/resolve/vouch.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pinhook::resolve {

struct digest_account;

struct digest_entry : boost::intrusive::list_base_hook<> {
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

  digest_account* on = nullptr;
  std::size_t bytes = 0;

  std::uint8_t uses = 0;  // up to most_uses, since it came or its last round
  bool is_old = false;    // in `old`
  bool used = false;      // since the digest was asked for
  bool claimed = false;   // a caller refreshes it
};

/// What an owner holds.
struct digest_account {
  std::string owner;
  std::size_t bytes = 0;
  boost::intrusive::list<digest_entry> young, old;

  [[nodiscard]] auto& queue_of(const digest_entry& e) { return e.is_old ? old : young; }
};

class alignas(64) digest_shard {
 public:
  /// `gone`: as many zeros as the shard has room for entries. All three outlive the shard.
  digest_shard(const cache_options& options, std::span<std::uint32_t> gone, shard_totals& totals);
  ~digest_shard();
  digest_shard(const digest_shard&) = delete;
  digest_shard& operator=(const digest_shard&) = delete;

  std::mutex guard;

  /// Null: the key is not there.
  [[nodiscard]] digest_entry* find(const cache_key& key);
  /// The key's entry, made where it is not there yet.
  digest_entry& place_for(const cache_key& key, steady_time now);
  /// What the entry says at that moment.
  [[nodiscard]] cached look(const digest_entry& e, steady_time now) const;
  /// A use of an entry by another owner may move it to the account that holds less. An entry that is used often is not
  /// checked each time, but again when its account has been short of room.
  void use(digest_entry& e, std::string_view owner);
  /// Called after the entry has changed.
  void recount(digest_entry& e);
  /// Called after an entry has grown, which may be evicted itself.
  void trim(steady_time now);

 private:
  struct by_bytes {
    bool operator()(const digest_account* a, const digest_account* b) const {
      return a->bytes != b->bytes ? a->bytes < b->bytes : a->owner < b->owner;
    }
  };

  [[nodiscard]] std::size_t capacity() const { return gone_.size(); }
  [[nodiscard]] bool is_usable_stale(const digest_entry& e, steady_time now) const;
  digest_account& account_of(std::string_view owner);
  /// Changes its bytes, and with them its place among the others.
  void add_bytes(digest_account& a, std::size_t added, std::size_t taken);
  void drop_if_empty(digest_account& a);
  void make_room(const digest_account& asking, std::size_t added, steady_time now);
  /// Evicts one entry of the account.
  void evict_from(digest_account& a, steady_time now);
  [[nodiscard]] std::uint32_t& mark_of(std::size_t hash) { return gone_[(hash >> 8) % gone_.size()]; }

  const cache_options& options_;
  shard_totals& totals_;
  /// Entries evicted from `young` lately: half of the hash, at the place that the rest of it gives. Newer ones take the
  /// places of older ones.
  std::span<std::uint32_t> gone_;
  std::unordered_map<cache_key, std::unique_ptr<digest_entry>, cache_key::hasher> table_;
  std::unordered_map<std::string_view, std::unique_ptr<digest_account>> accounts_;
  std::set<digest_account*, by_bytes> by_size_;
  std::size_t bytes_ = 0;
};

}  // namespace pinhook::resolve
