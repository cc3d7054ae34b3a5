// Answers of credential plugins, held for as long as the plugin said and found for every image they are good for.
//
// The same answer may be good for one image, for a registry, or for all images; who looks one up does not know which,
// and asks in this order, as the kubelet does. Thread rule: one thread at a time.
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

/// Who asks what: the plugin's identity, and the key of its account_pass.
struct plugin_asker {
  std::string plugin;
  std::string pass;
};

class plugin_answers {
 public:
  using answer = std::shared_ptr<const plugin_answer>;
  struct found {
    answer value;
    /// Most of its time is over, and nobody has been told so in the last minute: renew it.
    bool is_due = false;
  };

  /// `time` must outlive this. More than `capacity` answers are not held: those that ended go, and if there is none,
  /// the one that ends first.
  plugin_answers(const clock& time, std::size_t capacity) : time_(time), capacity_(capacity) {}

  /// Null when there is none.
  found find(const plugin_asker& who, const registry::reference& ref);
  /// Not held when its time is 0.
  void hold(const plugin_asker& who, const registry::reference& ref, answer a);
  /// Forgets what `find` would find, of all three kinds; false when that is nothing.
  bool drop(const plugin_asker& who, const registry::reference& ref);
  [[nodiscard]] std::size_t size() const { return held_.size(); }

  /// The key under which a run for the image is shared: that of an answer that is good for the image alone.
  [[nodiscard]] static std::string key_of(const plugin_asker& who, const registry::reference& ref,
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
