// What one report saw of a cluster, and what the store remembers of it.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pinhook::store {

/// An image of a workload: the key of a report's row.
struct image_use {
  std::string ns{};
  /// "Deployment/web".
  std::string owner;
  std::string container;
  /// As it is written.
  std::string image;

  friend bool operator==(const image_use&, const image_use&) = default;
  friend auto operator<=>(const image_use&, const image_use&) = default;
};

struct seen_finding {
  /// Distinguishes the findings of one use: "latest", "gone", "rule no-latest".
  std::string kind;
  std::string message;
};

struct seen_use {
  image_use use;
  std::vector<seen_finding> findings{};
};

/// What a tag means now.
struct seen_tag {
  /// Canonical: "docker.io/library/nginx:1.25".
  std::string reference;
  std::string digest;
  /// How it differs from the digest before, if it does: "list", "bytes", "version-tag"; empty: unknown.
  std::string change{};
};

struct observation {
  /// Distinguishes the clusters of one store; the address of the API server.
  std::string cluster{};
  wall_time at{};
  std::vector<seen_use> uses{};
  std::vector<seen_tag> tags{};
  /// The namespaces that were read whole: what is not seen there any more has ended. None: the whole cluster. A report
  /// with a selector has read no namespace whole.
  std::optional<std::set<std::string, std::less<>>> whole{};
  /// Kinds of findings that this report did not look for, so that their absence says nothing.
  std::set<std::string, std::less<>> unjudged{};
};

/// Since when a finding has been there.
struct finding_times {
  std::string kind;
  std::string message;
  wall_time first_seen{}, last_seen{};

  friend bool operator==(const finding_times&, const finding_times&) = default;
};

/// What is remembered of a use that this observation saw.
struct record {
  wall_time first_seen{}, last_seen{};
  /// Sorted by kind.
  std::vector<finding_times> findings{};

  friend bool operator==(const record&, const record&) = default;
};

/// A finding of history.
struct past_finding {
  image_use use;
  finding_times times;
  /// When a report did not see it any more; none: it is still there.
  std::optional<wall_time> resolved{};

  friend bool operator==(const past_finding&, const past_finding&) = default;
};

/// A use of history.
struct past_use {
  image_use use;
  wall_time first_seen{};
  /// When a report did not see it any more; none: it is still there.
  std::optional<wall_time> ended{};

  friend bool operator==(const past_use&, const past_use&) = default;
};

struct tag_move {
  std::string reference;
  std::string before, after;
  std::string change{};
  /// When a report saw it first.
  wall_time at{};

  friend bool operator==(const tag_move&, const tag_move&) = default;
};

/// What a tag had when it was looked up last.
struct known_tag {
  std::string reference;
  std::string digest;
  wall_time first_seen{}, last_seen{};

  friend bool operator==(const known_tag&, const known_tag&) = default;
};

/// A digest that a tag had between two moves, and for how long.
struct stood_tag {
  std::string digest;
  std::chrono::seconds length{};

  friend bool operator==(const stood_tag&, const stood_tag&) = default;
};

/// A tag whose newest digest was seen for less than a cooldown.
struct waiting_tag {
  std::string reference;
  /// The last digest that stood for a whole cooldown, else the first that was seen.
  std::string before;
  std::string now;
  /// The first sight of `now`.
  wall_time since{};
  /// The gravest change between the two: "version-tag", then "bytes", then "list"; empty: unknown.
  std::string change{};
  /// What it had after `before`, oldest first, as far as that matters to shorter cooldowns: each stood for less time
  /// than the one before it.
  std::vector<stood_tag> between{};

  friend bool operator==(const waiting_tag&, const waiting_tag&) = default;
};

}  // namespace pinhook::store
