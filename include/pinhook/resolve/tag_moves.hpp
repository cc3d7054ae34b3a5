// What tags had when a cluster was reported last, and which of them moved shortly before: what the cooldown of moved
// tags goes by at admission.
//
//   if (const auto* tag = moves.find("docker.io/library/nginx:1.25"))
//     if (const auto held = held_back(*tag, found, 72h, clock.wall())) … pin held->digest, not `found`
//
// A value, immutable once filled; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::resolve {

/// A digest that a tag had between two moves, and for how long.
struct stood_digest {
  registry::digest digest;
  std::chrono::seconds length{};

  friend bool operator==(const stood_digest&, const stood_digest&) = default;
};

/// What a tag had before its last move.
struct tag_before {
  /// The last digest that stood for the whole of the longest cooldown, else the first that was seen. It may be the one
  /// that the tag has again.
  registry::digest digest;
  /// The first sight of the digest that the tag has since.
  wall_time since{};
  /// How the two differ: "list", "bytes", "version-tag"; empty: unknown.
  std::string change{};
  /// Digests that the tag had after `digest`, oldest first, for shorter cooldowns: each stood for less time than the
  /// one before it.
  std::vector<stood_digest> between{};

  /// The last one that stood for a cooldown.
  [[nodiscard]] const registry::digest& for_cooldown(std::chrono::nanoseconds length) const;

  friend bool operator==(const tag_before&, const tag_before&) = default;
};

struct seen_tag {
  /// What the tag had when it was looked up last.
  registry::digest digest;
  /// None: it has not moved for the longest cooldown.
  std::optional<tag_before> before{};

  friend bool operator==(const seen_tag&, const seen_tag&) = default;
};

class tag_moves {
 public:
  tag_moves() = default;
  tag_moves(wall_time written, std::chrono::nanoseconds cooldown) : written_(written), cooldown_(cooldown) {}

  /// Null when nothing is known of a canonical tag reference ("docker.io/library/nginx:1.25").
  [[nodiscard]] const seen_tag* find(std::string_view canonical) const {
    const auto at = tags_.find(canonical);
    return at == tags_.end() ? nullptr : &at->second;
  }
  /// Replaces the entry of the same reference.
  void put(const registry::reference& ref, seen_tag tag) { tags_.insert_or_assign(ref.canonical(), std::move(tag)); }

  /// By canonical reference, sorted.
  [[nodiscard]] const std::map<std::string, seen_tag, std::less<>>& tags() const { return tags_; }
  [[nodiscard]] wall_time written() const { return written_; }
  /// The longest cooldown for which they say enough: a tag without `before` has not moved for that long.
  [[nodiscard]] std::chrono::nanoseconds cooldown() const { return cooldown_; }

  friend bool operator==(const tag_moves&, const tag_moves&) = default;

 private:
  wall_time written_{};
  std::chrono::nanoseconds cooldown_{0};
  std::map<std::string, seen_tag, std::less<>> tags_;
};

struct held_tag {
  /// The one to take.
  registry::digest digest;
  /// When the newest one is taken; none: no report has seen that one yet, so its time has not begun.
  std::optional<wall_time> until{};

  friend bool operator==(const held_tag&, const held_tag&) = default;
};

/// The digest that stands for a tag while the newest one, `found`, was seen for less than `cooldown`: the last one that
/// stood for that time; nothing: `found` is taken.
///
/// A digest that `tag` does not name is younger than its file, since the tag had another one then: it waits, too,
/// however old the file is. A digest that the tag had before and has again does not wait. A first sight in the future,
/// by a wrong clock, counts as now.
[[nodiscard]] std::optional<held_tag> held_back(const seen_tag& tag, const registry::digest& found,
                                                std::chrono::nanoseconds cooldown, wall_time now);

}  // namespace pinhook::resolve
