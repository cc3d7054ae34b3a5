// The answers of registries, remembered for a while: (canonical reference, credential identity) → digest or refusal.
//
// An entry is fresh for `ttl` after its digest was asked for, stale (an answer when the registry is in trouble) for
// `stale_for` after that, then worthless. A refusal is remembered for `negative_ttl`. The cache does no I/O: it reports
// its entries, and tells one caller to have an entry refreshed before it expires.
//
// Its room is shared between owners, the namespaces that look up: while one holds no more than an equal share, the
// queries of others never evict the entries that it uses. Entries that were asked for once are evicted before those
// that were used again.
//
// Thread rule: every function may be called from any thread. A lock is held for a hash probe and a copy, never across
// I/O or a call out. Time is a parameter.
//
//   switch (cached found = cache.find({ref.canonical(), identity}, now); found.status) {
//     case cached::state::fresh: use(*found.digest); if (found.refresh) have_it_refreshed();
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/cache_key.hpp>
#include <pinhook/resolve/cache_options.hpp>
#include <pinhook/resolve/cached.hpp>
#include <pinhook/resolve/shard_totals.hpp>
#include <pinhook/resolve/vouch.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace pinhook::resolve {

class digest_shard;

/// Refusals that are the registry's answer for now: not_found, unauthorized, denied, unsupported, malformed,
/// invalid_input. The others tell nothing about the tag; the host's back-off deals with them.
[[nodiscard]] bool is_cacheable(error_code code) noexcept;

class digest_cache {
 public:
  explicit digest_cache(const cache_options& options);

  /// Marks the entry as in use. An entry that several owners use is on the account of one that holds little.
  [[nodiscard]] cached find(const cache_key& key, steady_time now);
  /// The same without a trace: no use is marked, no refresh is claimed.
  [[nodiscard]] cached peek(const cache_key& key, steady_time now) const;

  /// What is kept beside the entry's digest, without a copy of it; marks the entry as in use.
  [[nodiscard]] vouch find_vouch(const cache_key& key);

  /// Remembers a digest that was asked for at `asked_at`: ages count from there. An answer to a query older than the
  /// entry's is dropped. Ends a claimed refresh. Returns when the entry becomes due for a refresh: about 0.75 of `ttl`
  /// after `asked_at`, spread by the key so that entries filled together are not refreshed together.
  steady_time store(const cache_key& key, const registry::digest& digest, steady_time asked_at);

  /// Remembers until `hold_until` that asking failed. A definite refusal replaces the digest: the registry withdrew it,
  /// or these credentials may no longer have it. A temporary failure leaves the digest, which once expired answers as
  /// stale without asking until `hold_until`; without a digest only cacheable failures are kept. Ends a claimed
  /// refresh; the next is due at `hold_until`.
  void store_failure(const cache_key& key, const error& failure, steady_time asked_at, steady_time hold_until);

  /// Keeps `v` beside the entry's digest, where that is `digest`, until it is replaced by another.
  void keep(const cache_key& key, const registry::digest& digest, const vouch& v);

  /// True when the entry is fresh, due, was used since it was last asked for and no one refreshes it: the caller must
  /// do so, and call `store`, `store_failure` or `release_refresh` in the end.
  [[nodiscard]] bool claim_refresh(const cache_key& key, steady_time now);

  /// Ends a claim without an outcome: the next refresh is due at `next`.
  void release_refresh(const cache_key& key, steady_time next);

  /// Entries held, including worthless ones that were not yet evicted, and the bytes that they take.
  [[nodiscard]] std::size_t size() const noexcept { return totals_.entries.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes() const noexcept { return totals_.bytes.load(std::memory_order_relaxed); }
  [[nodiscard]] const cache_options& options() const { return options_; }

 private:
  struct free_memory {
    void operator()(void* from) const noexcept { std::free(from); }
  };

  [[nodiscard]] digest_shard& shard_of(const cache_key& key) const;

  cache_options options_;
  /// Of all shards. The kernel hands out its zeros a page at a time, when they are first touched, so a cache that
  /// evicts nothing, as in a command, takes no memory for it.
  std::unique_ptr<std::uint32_t[], free_memory> gone_;
  shard_totals totals_;
  std::vector<std::unique_ptr<digest_shard>> shards_;

 public:
  ~digest_cache();
  digest_cache(const digest_cache&) = delete;
  digest_cache& operator=(const digest_cache&) = delete;
};

}  // namespace pinhook::resolve
