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
#include <pinhook/resolve/cache_options.hpp>
#include <pinhook/resolve/vouch.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pinhook::resolve {

/// The bytes that an entry may take on average. Ordinary ones take some 500; long names and refusals take more, and
/// then the cache holds fewer of them.
inline constexpr std::size_t entry_budget = 768;

/// A key that borrows its text. Entries are shared between equal identities only: a digest is handed out
/// only to a request that could have asked the registry itself.
struct cache_key {
  /// `on_account_of`: the owner (a namespace) that looks up; not compared.
  cache_key(std::string_view canonical_reference, std::string_view credential_identity,
            std::string_view on_account_of = {});

  std::string_view canonical;
  std::string_view identity;
  std::string_view owner;
  std::size_t hash;

  friend bool operator==(const cache_key& a, const cache_key& b) {
    return a.hash == b.hash && a.canonical == b.canonical && a.identity == b.identity;
  }
};

/// The state of a key in the cache at a moment.
struct cached {
  enum class state : std::uint8_t {
    miss,      // nothing of use
    fresh,     // `digest` is an answer
    negative,  // `failure` is the answer, unless `digest` is there: then that one, as stale
    stale,     // ask; `digest` is the answer when the registry cannot
  };
  state status = state::miss;
  std::optional<registry::digest> digest;
  /// Of `digest`.
  vouch vouched = {};
  std::shared_ptr<const error> failure;
  /// Fresh and due: this caller, and no other until the refresh has ended, must have the entry refreshed.
  bool refresh = false;
};

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
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] const cache_options& options() const { return options_; }

 private:
  struct entry;
  struct account;
  struct key_hash {
    std::size_t operator()(const cache_key& key) const noexcept { return key.hash; }
  };
  struct shard;
  struct free_memory {
    void operator()(void* from) const noexcept { std::free(from); }
  };

  [[nodiscard]] shard& shard_of(const cache_key& key) const;
  [[nodiscard]] cached look(const entry& e, steady_time now) const;
  [[nodiscard]] bool is_usable_stale(const entry& e, steady_time now) const;
  entry& place_for(shard& s, const cache_key& key, steady_time now);
  void make_room(shard& s, const account& asking, std::size_t added, steady_time now);
  void evict_from(shard& s, account& a, steady_time now);
  void trim(shard& s, steady_time now);
  void recount(shard& s, entry& e);
  static void use(shard& s, entry& e, std::string_view owner);

  cache_options options_;
  std::size_t shard_capacity_;
  /// Of all shards. The kernel hands out its zeros a page at a time, when they are first touched, so a cache that
  /// evicts nothing, as in a command, takes no memory for it.
  std::unique_ptr<std::uint32_t[], free_memory> gone_;
  std::vector<std::unique_ptr<shard>> shards_;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> bytes_{0};

 public:
  ~digest_cache();
  digest_cache(const digest_cache&) = delete;
  digest_cache& operator=(const digest_cache&) = delete;
};

}  // namespace pinhook::resolve
