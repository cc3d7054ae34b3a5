// The orders of the operator's rules for the images of files.
//
//   const slot_rules orders{.set = s.rules, .ns = "shop"};
//   for (const slot_order& o : orders.orders_of(file.slots())) …   // o.never: "sidecars", o.format
//
// A rule is matched on the known tag and the digest together: "nginx@sha256:… # nginx:1.25" is "nginx:1.25@sha256:…",
// so that patterns with tags still match an image after it has been pinned.
//
// Immutable values; any thread.
#pragma once

#include <pinhook/files/slot.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pinhook::pipeline {

struct slot_order {
  /// The rule with `pin: never`; empty: none.
  std::string never{};
  /// The format of its pin by the command line or a rule; none: the run's, where that is possible.
  std::optional<pin::pin_format> format{};

  friend bool operator==(const slot_order&, const slot_order&) = default;
};

struct slot_rules {
  rules::rule_set set{};
  /// The namespace of slots whose object names none; empty: not known.
  std::string ns{};
  /// The format by the command line, which precedes those of rules; none: not given.
  std::optional<pin::pin_format> format{};

  /// `s` has a reference.
  [[nodiscard]] rules::effects effects_of(const files::slot& s) const;
  /// Of the slot when its image has this other name.
  [[nodiscard]] rules::effects effects_as(files::slot s, const registry::reference& ref) const;
  /// Empty for a slot without a reference.
  [[nodiscard]] slot_order order_of(const files::slot& s) const;
  /// One for each slot. Slots at one place, through an alias or a merge key around them, share their bytes and so their
  /// order: `never` when a rule orders it for one of them, the format of the first that has one.
  [[nodiscard]] std::vector<slot_order> orders_of(std::span<const files::slot> slots) const;
};

}  // namespace pinhook::pipeline
