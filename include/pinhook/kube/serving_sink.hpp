// The receiver of events from serving_certificate and trust_watch, and helpers that both use.
//
// Thread rule: called on the one thread of the API.
#pragma once

#include <pinhook/base/certificate.hpp>
#include <pinhook/base/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::kube {

class serving_sink {
 public:
  virtual ~serving_sink() = default;

  /// A pair for new connections; called only when it differs from the one before. After an error the old one is kept,
  /// and the pair is offered again at the next look.
  virtual result<void> use(const key_pair& pair) = 0;
  /// The API servers trust the served certificate: ready. Called only after `not_trusted`, and the first time.
  virtual void trusted() = 0;
  /// They do not trust it, as at the start. Called the first time, and on a change, also of the reason.
  virtual void not_trusted(const std::string& reason) = 0;
  /// An object was written, for the log and the count of renewals: `object` is "Secret
  /// pinhook/pinhook-serving-certificate" or "MutatingWebhookConfiguration pinhook".
  virtual void wrote(std::string_view object, std::string_view reason) = 0;
  /// Called once for each new failure, not for its repetitions.
  virtual void failed(const error& e) = 0;
  /// Trust cannot be judged (files alone): called once for each new reason; `trusted` is called as well.
  virtual void unchecked(const std::string& reason) = 0;
};

/// Forwards only changes to the sink.
class sink_once {
 public:
  explicit sink_once(serving_sink& to) : to_(to) {}

  void judge(const std::optional<std::string>& distrust);
  void failed(const error& e);
  /// A failure after this is a new one.
  void went_well() { failure_.reset(); }
  void unchecked(const std::string& reason);
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

/// The wait before the next look: the interval, plus or minus a tenth; after a failed look a second, two, four … up to
/// the interval.
class look_pace {
 public:
  explicit look_pace(std::chrono::nanoseconds interval) : interval_(interval) {}
  /// `random` in [0, 1).
  [[nodiscard]] std::chrono::nanoseconds next(bool went_well, double random);

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds backoff_{0};
};

}  // namespace pinhook::kube
