// Answers of credential plugins, held for the plugin's cache duration and found for every image that they cover.
//
// An answer covers one image, a registry, or all images. A look-up does not know which, so it tries in this order, as
// the kubelet does. Thread rule: one thread at a time.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/kube/plugin_exchange.hpp>
#include <pinhook/registry/reference.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::kube {

/// The plugin and the service account of an answer: the plugin's identity, and the key of its plugin_token.
struct plugin_requester {
  std::string plugin;
  std::string token_key;
};

class plugin_answers {
 public:
  using answer = std::shared_ptr<const plugin_answer>;
  struct found {
    answer value;
    /// Most of its time is over, and no other call of the last minute got true: the caller renews it.
    bool is_due = false;
  };

  /// `time` must outlive this object. At most `capacity` answers are held: expired ones are dropped first, else the one
  /// that expires first.
  plugin_answers(const clock& time, std::size_t capacity) : time_(time), capacity_(capacity) {}

  /// A null value when there is none.
  found find(const plugin_requester& requester, const registry::reference& ref);
  /// An answer with a time of 0 is not held.
  void hold(const plugin_requester& requester, const registry::reference& ref, answer a);
  /// Drops the answers that `find` could find, of all three kinds; false when there was none.
  bool drop(const plugin_requester& requester, const registry::reference& ref);
  [[nodiscard]] std::size_t size() const { return held_.size(); }

  /// The key under which a run for the image is shared: that of an answer for the image alone.
  [[nodiscard]] static std::string key_of(const plugin_requester& requester, const registry::reference& ref,
                                          plugin_cache_key kind = plugin_cache_key::image);

 private:
  struct entry {
    answer value;
    steady_time until;
    steady_time renew_at;
  };
  void make_room();

  const clock& time_;
  std::size_t capacity_;
  std::map<std::string, entry> held_;
};

}  // namespace pinhook::kube
