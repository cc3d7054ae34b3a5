// What whoever keeps or watches the serving certificate tells the program.
//
// Thread rule: called on the one thread of the API.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/certificate.hpp>
#include <pinhook/base/error.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::kube {

class serving_sink {
 public:
  virtual ~serving_sink() = default;

  /// A pair for new connections; only when it is another than before. After an error the old one is kept, and the pair
  /// is offered again at the next look.
  virtual result<void> use(const key_pair& pair) = 0;
  /// The API servers trust what is served: ready. Only after `not_trusted`, and the first time.
  virtual void trusted() = 0;
  /// They do not. At the start nobody is trusted; after that only on a change, also of the reason.
  virtual void not_trusted(const std::string& why) = 0;
  /// Written, for the log and the count of renewals: `what` is "Secret pinhook/pinhook-serving-certificate" or
  /// "MutatingWebhookConfiguration pinhook".
  virtual void wrote(std::string_view what, std::string_view why) = 0;
  /// Once for each new failure, not for its repetitions.
  virtual void failed(const error& e) = 0;
  /// Trust cannot be judged (files alone): said once for each new reason; `trusted` is called as well.
  virtual void unchecked(const std::string& why) = 0;
};

/// Passes on only what is new.
class sink_once {
 public:
  explicit sink_once(serving_sink& to) : to_(to) {}

  void judge(const std::optional<std::string>& distrust);
  void failed(const error& e);
  /// A failure after this is a new one.
  void went_well() { failure_.reset(); }
  void unchecked(const std::string& why);
  void was_checked() { unchecked_.reset(); }
  [[nodiscard]] bool was_judged() const { return judged_; }

  serving_sink* operator->() const { return &to_; }

 private:
  serving_sink& to_;
  bool judged_ = false;
  std::optional<std::string> distrust_;
  std::optional<error> failure_;
  std::optional<std::string> unchecked_;
};

/// When to look again: after the interval, give or take a tenth; after a look that did not go well after a second, two,
/// four … up to the interval.
class look_pace {
 public:
  explicit look_pace(std::chrono::nanoseconds interval) : interval_(interval) {}
  /// `random` in [0, 1).
  [[nodiscard]] std::chrono::nanoseconds next(bool went_well, double random);

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds backoff_{0};
};

/// What tests replace: waiting, and its jitter.
struct serving_seams {
  /// Default: a timer on the coroutine's executor.
  std::function<awaitable<void>(std::chrono::nanoseconds)> sleep = {};
  /// In [0, 1).
  std::function<double()> random = {};

  /// The defaults where nothing was given.
  [[nodiscard]] serving_seams filled() &&;
};

}  // namespace pinhook::kube
