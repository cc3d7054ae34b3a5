// When each tag and digest in use is looked up: new ones at once, then each once an interval, spread by chance, and
// ones that failed later and later. The caller asks for the next few, so the pace is bounded whatever there is to ask.
//
//   schedule.use("shop", view.wanted, now);
//   for (const auto& ref : schedule.due(now, 20)) …
//   schedule.done(ref, answer, now);             // the namespaces that have to be looked at again
//
// A registry that hangs must not keep others waiting. So references can be asked for in two lanes: those of registries
// that answer, and the others, which namespaces take turns in, one reference of a registry at a time.
//
// Pure: time and chance are parameters. One thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/registry/reference.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::console {

struct schedule_options {
  /// Between two look-ups of a reference. Shorter: moves are seen earlier, and registries count more pulls.
  std::chrono::nanoseconds interval = std::chrono::hours(1);
  /// After a failure, doubled for each further one, up to the interval.
  std::chrono::nanoseconds first_retry = std::chrono::minutes(1);
  /// Images by one digest and with two tags are two.
  bool tells_tags_apart = false;
};

enum class lookup_lane : std::uint8_t {
  all,
  answering,  // of registries that answered, and themselves not without an answer the last time
  others,     // the first one of a registry, and what had no answer
};

class lookup_schedule {
 public:
  /// Look-ups without an answer, one after the other, after which a registry is one that does not answer.
  static constexpr int most_troubles = 3;

  /// `random`: in [0, 1).
  lookup_schedule(schedule_options options, std::function<double()> random)
      : options_(options), random_(std::move(random)) {}

  /// A namespace uses these and no others.
  void use(const std::string& ns, const std::vector<registry::reference>& all, steady_time now);

  /// The references whose time has come, the longest overdue first (of `others`, of each namespace); they are not due
  /// again before `done`.
  [[nodiscard]] std::vector<registry::reference> due(steady_time now, std::size_t most,
                                                     lookup_lane lane = lookup_lane::all);

  /// `answer`: a text that is another one when the answer is; nothing: the look-up failed, and what was known stays.
  /// `has_answered`: the registry did, be it with a refusal. The namespaces that use the reference, where its answer is
  /// news; else none.
  std::vector<std::string> done(const registry::reference& one, const std::optional<std::string>& answer,
                                steady_time now, bool has_answered = true);

  /// The namespaces that use the reference.
  [[nodiscard]] std::vector<std::string> users(const registry::reference& one) const;

  /// References that nobody uses since the last call.
  [[nodiscard]] std::vector<registry::reference> take_dropped() { return std::exchange(dropped_, {}); }

  /// `due` gave it, and `done` was not called since.
  [[nodiscard]] bool is_asking(const registry::reference& one) const;
  [[nodiscard]] std::size_t size() const { return known_.size(); }
  /// Those without an answer yet.
  [[nodiscard]] std::size_t unasked() const;
  /// Those whose last look-up failed.
  [[nodiscard]] std::size_t failed() const;

 private:
  struct entry {
    registry::reference reference;
    std::set<std::string, std::less<>> namespaces{};
    steady_time due{};
    bool is_asked = false;
    std::optional<std::string> answer{};
    int failures = 0;
    bool has_trouble = false;
  };
  struct registry_state {
    std::size_t references = 0;
    bool answers = false;
    int troubles = 0;
  };
  [[nodiscard]] bool is_in(lookup_lane lane, const entry& one) const;
  // In turns, one of each registry.
  [[nodiscard]] std::vector<entry*> in_turns(const std::vector<entry*>& ready, std::size_t most);
  [[nodiscard]] std::string key_of(const registry::reference& one) const;
  // Between three and five quarters, so that references that came together part.
  [[nodiscard]] std::chrono::nanoseconds spread(std::chrono::nanoseconds span) const;

  const schedule_options options_;
  const std::function<double()> random_;
  std::map<std::string, entry, std::less<>> known_;
  std::map<std::string, registry_state, std::less<>> registries_;
  // The namespace that came last.
  std::string turn_;
  std::map<std::string, std::set<std::string>, std::less<>> used_;
  std::vector<registry::reference> dropped_;
};

}  // namespace pinhook::console
