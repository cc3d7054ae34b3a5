// A row of a report: one namespace, owner, container and image, with what is written, what runs, what the registry
// says, and the findings.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/fleet/manifest.hpp>
#include <pinhook/fleet/state.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/pipeline/check_rules.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/judge.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

/// How an image is written.
enum class written_class : std::uint8_t { pinned, tag, latest, no_tag, invalid };

/// "pinned", "tag", "latest", "no-tag", "invalid".
[[nodiscard]] std::string_view to_string(written_class c) noexcept;
[[nodiscard]] written_class class_of(std::string_view image);

struct row_finding {
  /// check_rule::id.
  std::string rule;
  pipeline::severity level = pipeline::severity::warning;
  /// One sentence without a full stop.
  std::string message;
  std::string fix;
  rules::fix_kind kind = rules::fix_kind::advice;
  /// From a store; nothing without one.
  std::optional<wall_time> first_seen{};

  friend bool operator==(const row_finding&, const row_finding&) = default;
};

/// A move of the row's tag that a store remembers.
struct past_move {
  wall_time at{};
  std::string before, after;
  /// "list", "bytes", "version-tag"; empty: not known.
  std::string change{};
};

/// A finding of the row's container that was there before, with this image or with another.
struct resolved_finding {
  std::string rule;
  std::string image;
  wall_time first_seen{}, resolved{};
};

/// What opting in would do to one image (--what-if).
struct what_if {
  /// The next change of the workload would be refused.
  bool is_denied = false;
  /// is_denied: the rule, or "unresolvable"; else empty.
  std::string rule;
  /// The image as pinning would write it; as it is where it stays.
  std::string becomes;
  /// Why it stays, is refused, or gets another digest than its tag has now; empty: it is pinned to that.
  std::string reason;
};

struct row {
  std::string ns;
  object_id owner;
  /// False: the owner is known by its Pods alone.
  bool owner_was_read = true;
  std::string container;
  pin::container_type type = pin::container_type::other;
  std::string image;
  std::string pointer;
  written_class written = written_class::invalid;
  /// False: only Pods have it.
  bool is_in_workload = true;
  /// The namespace's label: "enforce", "best-effort", "audit", "none", "unknown".
  std::string mode;
  std::size_t pods = 0;
  std::size_t unknown_pods = 0;
  std::vector<running_digest> running;
  /// Two images run, as far as is known.
  bool is_mixed = false;
  /// What runs is another image than the pinned one; nothing: not known.
  std::optional<bool> differs;
  /// The tag that is meant: as written, or of the recorded pins; empty: not known.
  std::string tag;
  /// What that tag has now; nothing: not asked, or no answer.
  std::optional<registry::digest> tag_digest;
  /// The digest that `moved` starts from: the pinned one, the recorded one, else the one that runs.
  std::optional<registry::digest> baseline;
  move moved = move::unknown;
  std::optional<bool> gone;
  /// The pins are at least that old.
  std::optional<wall_time> pinned_at;
  /// The answer of the registry where it has no such tag; empty: it has, or was not asked.
  std::string unresolved;
  /// From a store; nothing without one.
  std::optional<wall_time> first_seen;
  std::optional<wall_time> last_seen;
  /// From a store, newest first; empty without one.
  std::vector<past_move> moves{};
  std::vector<resolved_finding> resolved{};
  std::optional<what_if> if_opted_in;
  std::vector<row_finding> findings;
  /// Why it is not known whether the image meets a demand on its signatures: its look-up failed.
  std::vector<std::string> unverified;
};

struct row_options {
  /// Null: pinhook's rules alone.
  const pipeline::file_checks* checks = nullptr;
  /// For namespaces without the label.
  std::optional<pin::mode> what_if;
  pin::pin_format format = pin::pin_format::digest;
  /// What verifiers say about the images; null: nobody was asked.
  const rules::image_proofs* proofs = nullptr;
  /// What tags had at earlier reports, for cooldowns and demands on moves; null: not known.
  const resolve::tag_moves* moves = nullptr;
  /// When the report is made; cooldowns go by it.
  wall_time now{};
};

}  // namespace pinhook::fleet
