// The pace at which a registry that limits requests per second is asked: learnt from its answers with 429. No I/O.
//
//   pace.sent(account, now);  …  pace.answered(account, now);     // or
//   if (pace.limited(account, asked_at, now)) …                   // from here on requests keep the pace
//   pace.is_due(account, now)
//
// Registries do not tell such a limit, and many send no Retry-After. What they answered in the second before a 429 is
// what they allow in one; without a pace each second of a thousand look-ups would end with as many 429 as are under
// way, and with a rest. A limit of hours (Docker Hub's) is not of this kind: nothing was answered just before.
//
// An account is a credential's identity: one tenant's limit slows no other's requests. A plain value of one thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pinhook::resolve {

struct pace_options {
  /// Fewer answers in the second before a 429 tell no pace.
  std::uint32_t least_answers = 5;
  /// Of what was answered in that second. Below 1: clocks differ, and the second may have begun before.
  double share = 0.9;
  /// A pace is forgotten so long after the 429 that it was learnt from: limits and other clients come and go.
  std::chrono::nanoseconds kept = std::chrono::minutes(1);
  /// Accounts that are counted. Beyond that number the one that was used longest ago is forgotten.
  std::size_t accounts = 256;
};

class request_pace {
 public:
  explicit request_pace(const pace_options& options = {}) : options_(options) {}

  void answered(const std::string& account, steady_time now);
  /// A 429 to the request that was sent at `asked_at`. True: the account keeps a pace from here on.
  bool limited(const std::string& account, steady_time asked_at, steady_time now);
  /// True when the next request of the account may be sent; false only while it keeps a pace.
  [[nodiscard]] bool is_due(std::string_view account, steady_time now) const;
  void sent(std::string_view account, steady_time now);
  /// True while the account keeps a pace.
  [[nodiscard]] bool is_kept(std::string_view account, steady_time now) const;
  /// When the next request of any account is due that is not due now; the end of time: none waits.
  [[nodiscard]] steady_time soonest(steady_time now) const;
  [[nodiscard]] std::size_t accounts() const { return accounts_.size(); }

 private:
  // Answers of the last second, in tenths.
  static constexpr std::size_t parts = 10;
  static constexpr std::chrono::milliseconds part_of_second{100};
  struct account_pace {
    std::array<std::uint32_t, parts> answers{};
    std::int64_t part = 0;  // the newest of them, counted from the clock's beginning
    steady_time used_at{};
    steady_time learnt_at{};
    steady_time until{};
    steady_time next{};
    std::chrono::nanoseconds apart{};
  };

  account_pace& account_of(const std::string& account, steady_time now);
  static void move_on(account_pace& one, steady_time now);
  [[nodiscard]] const account_pace* kept(std::string_view account, steady_time now) const;

  pace_options options_;
  std::map<std::string, account_pace, std::less<>> accounts_;
};

}  // namespace pinhook::resolve
