// Facts from registries that save a round trip: tokens, and the challenge of each host.
//
// Both caches are bounded and drop the least recently used entry. Thread rule: one thread, that of the client that owns
// them.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/registry/challenge.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace pinhook::registry {

/// A map of at most `limit` entries; the least recently used one makes room.
template <class Key, class Value>
class lru_map {
 public:
  explicit lru_map(std::size_t limit) : limit_(limit) {}

  /// The value, now the most recently used; null when there is none. Valid until the next call.
  Value* find(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->second;
  }

  void put(const Key& key, Value value) {
    if (Value* held = find(key)) {
      *held = std::move(value);
      return;
    }
    if (index_.size() >= limit_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    order_.emplace_front(key, std::move(value));
    index_.emplace(key, order_.begin());
  }

  void erase(const Key& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    order_.erase(found->second);
    index_.erase(found);
  }

  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  // Invariant: index_ holds exactly the keys of order_, at most limit_ of them; the front was used last.
  std::size_t limit_;
  std::list<std::pair<Key, Value>> order_;
  std::map<Key, typename std::list<std::pair<Key, Value>>::iterator> index_;
};

/// The scope of a token's use. Without the identity a token would leak from one tenant to another
/// (artifact-keeper#3606).
struct token_key {
  std::string registry;  // origin::to_string(): scheme, host, port
  std::string realm;
  std::string service;
  std::string scope;
  std::string identity;  // credential::identity
  friend auto operator<=>(const token_key&, const token_key&) = default;
};

/// A token as it was granted.
struct granted_token {
  secret token;
  /// As the server gave it, or `least_lifetime`.
  std::chrono::seconds lifetime;
};

class token_cache {
 public:
  /// Tokens are up to 16 KiB, mostly 2 KiB; a busy cluster pulls from some hundred repositories within five minutes.
  static constexpr std::size_t default_limit = 2000;
  /// Used when a server gives less or nothing (distribution's auth/token.md).
  static constexpr std::chrono::seconds least_lifetime{60};
  /// Used when a server gives more: a token revoked meanwhile costs a 401 each time it is sent.
  static constexpr std::chrono::seconds most_lifetime{std::chrono::hours(12)};

  explicit token_cache(std::size_t limit = default_limit) : held_(limit) {}

  /// The token while it may be used: it is renewed min(10 s, 10 %) before it expires.
  [[nodiscard]] std::optional<secret> find(const token_key& key, steady_time now);
  void put(const token_key& key, const granted_token& granted, steady_time now);
  /// Forgets `refused`; a newer token under the same key stays.
  void drop(const token_key& key, const secret& refused);
  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  struct entry {
    secret token;
    steady_time renew_at;
  };
  lru_map<token_key, entry> held_;
};

/// A host's last challenge, so that the next request carries credentials at once. No secret.
struct remembered_challenge {
  auth_choice choice;
  /// See http::response::from_public_network.
  bool from_public_network = false;
};

struct challenge_key {
  std::string registry;  // origin::to_string()
  std::string identity;
  friend auto operator<=>(const challenge_key&, const challenge_key&) = default;
};

class challenge_cache {
 public:
  /// Hosts times identities in use.
  static constexpr std::size_t default_limit = 2000;

  explicit challenge_cache(std::size_t limit = default_limit) : held_(limit) {}

  [[nodiscard]] const remembered_challenge* find(const challenge_key& key) { return held_.find(key); }
  void put(const challenge_key& key, remembered_challenge challenge) { held_.put(key, std::move(challenge)); }
  void forget(const challenge_key& key) { held_.erase(key); }
  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  lru_map<challenge_key, remembered_challenge> held_;
};

}  // namespace pinhook::registry
