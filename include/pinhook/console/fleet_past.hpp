// What is known of earlier times: counts of each of the last days by namespace, and of each container the findings that
// ended last. The rest is in the store, which may hold a hundred thousand of them.
//
//   fleet_past past(rules);
//   past.load(history, cluster, now);                     // once
//   past.end(resolved); past.count("shop", rows, now);    // with each observation
//   past.add_resolved(rows, now);
//
// One thread; the counts that it gives are immutable.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/row.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/store/history.hpp>
#include <pinhook/store/observation.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace pinhook::console {

/// Days of a trend, today among them.
inline constexpr std::size_t days_of_trend = 30;
/// Findings that ended and are kept of one container.
inline constexpr std::size_t most_resolved = 5;

/// What was there at the end of a day; of today: now.
struct day_count {
  /// Images by fleet::written_class.
  std::array<std::uint32_t, 5> written{};
  /// Warnings and errors.
  std::uint32_t findings = 0;

  friend bool operator==(const day_count&, const day_count&) = default;
};

/// The last days of a namespace, the newest last.
struct namespace_days {
  std::chrono::sys_days newest{};
  std::array<day_count, days_of_trend> days{};
};

/// The days up to `today`: where nothing changed since `newest`, the counts went on. Pure.
[[nodiscard]] std::array<day_count, days_of_trend> days_until(const namespace_days& of, std::chrono::sys_days today);

using days_by_namespace = std::map<std::string, std::shared_ptr<const namespace_days>, std::less<>>;

class fleet_past {
 public:
  explicit fleet_past(const pipeline::rule_table& rules);

  /// What the store has of the last days.
  [[nodiscard]] result<void> load(store::history& from, const std::string& cluster, wall_time now);
  /// Namespaces in which the store has an image that has not ended.
  [[nodiscard]] const std::set<std::string, std::less<>>& stored_namespaces() const { return stored_; }

  /// Findings that have ended.
  void end(std::vector<store::past_finding> resolved);
  /// A namespace has these rows now.
  void count(const std::string& ns, const std::vector<const fleet::row*>& rows, wall_time now);
  /// To each row the findings of its container that ended within the time that is shown.
  void add_resolved(std::vector<fleet::row>& rows, wall_time now) const;

  [[nodiscard]] const days_by_namespace& days() const { return days_; }

 private:
  // By owner and container.
  using ended_findings = std::map<std::string, std::vector<fleet::resolved_finding>, std::less<>>;

  void keep(store::past_finding one);
  void drop_old(wall_time now);

  std::set<std::string, std::less<>> notes_;
  days_by_namespace days_;
  std::map<std::string, ended_findings, std::less<>> ended_;
  std::set<std::string, std::less<>> stored_;
  std::chrono::sys_days dropped_{};
};

}  // namespace pinhook::console
