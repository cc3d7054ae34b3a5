// When each registry last answered anything, a challenge or a token included: one that is slow makes progress although
// a look-up of several requests runs out of time.
//
// Thread rule: that of the registry client.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/registry/observer.hpp>

#include <map>
#include <string>
#include <string_view>

namespace pinhook::access {

class answer_times final : public registry::observer {
 public:
  /// `time` must outlive it.
  explicit answer_times(const clock& time) : time_(time) {}

  /// True when the registry answered after that moment.
  [[nodiscard]] bool has_answered(std::string_view registry, steady_time since) const {
    const auto at = last_.find(registry);
    return at != last_.end() && at->second > since;
  }

  void registry_request(std::string_view host, int status, std::string_view, std::chrono::nanoseconds) override {
    if (status != 0) note(host);
  }
  void token_fetched(std::string_view host, std::string_view outcome) override {
    if (outcome == "ok") note(host);
  }
  void rate_limit_remaining(std::string_view, std::int64_t) override {}

 private:
  void note(std::string_view host) { last_.insert_or_assign(std::string(host), time_.now()); }

  const clock& time_;
  std::map<std::string, steady_time, std::less<>> last_;
};

}  // namespace pinhook::access
