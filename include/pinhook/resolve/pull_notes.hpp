// Whether nodes can pull the digests that tags were resolved to, remembered for a while.
//
// A pin may be pulled from other places than its tag: a mirror for tags alone is passed over for it. lookup_run asks
// those places; its findings are here, and go with each answer that the cache gives.
//
// Any thread. While nothing was ever found amiss, a question takes no lock.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/token_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace pinhook::resolve {

/// What follows when nodes cannot pull a digest.
enum class pull_order : std::uint8_t {
  off,      // nothing is asked
  warn,     // it is pinned, with a warning
  enforce,  // it counts as not resolved
};

/// The reason why nodes cannot pull a digest.
struct pull_trouble {
  error reason;
  /// True: no place may serve the image by digest at all, so a pin would break what works by tag.
  bool is_unservable = false;
};

class pull_notes {
 public:
  /// Digests that are remembered; the names come from any user who may create Pods.
  static constexpr std::size_t most = 10'000;

  explicit pull_notes(std::chrono::nanoseconds held_for = std::chrono::hours(1)) : held_for_(held_for), held_(most) {}

  /// `trouble` null: it can be pulled. A look-up's key is its canonical reference and credential identity.
  void put(std::string_view canonical, std::string_view identity, const registry::digest& digest,
           std::shared_ptr<const pull_trouble> trouble, steady_time now);

  /// True when it was found well no longer than `held_for` ago.
  [[nodiscard]] bool is_good(std::string_view canonical, std::string_view identity, const registry::digest& digest,
                             steady_time now);

  /// Null: none is known.
  [[nodiscard]] std::shared_ptr<const pull_trouble> trouble_of(std::string_view canonical, std::string_view identity,
                                                               const registry::digest& digest, steady_time now);

 private:
  struct note {
    std::shared_ptr<const pull_trouble> trouble;
    steady_time until;
  };
  static std::string key_of(std::string_view canonical, std::string_view identity, const registry::digest& digest);

  const std::chrono::nanoseconds held_for_;
  std::atomic<bool> has_trouble_ = false;
  std::mutex mutex_;
  registry::lru_map<std::string, note> held_;
};

}  // namespace pinhook::resolve
