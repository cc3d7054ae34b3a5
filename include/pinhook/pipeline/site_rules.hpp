// What the operator's rules order for the images of files.
//
//   const site_rules orders{.set = s.rules, .ns = "shop"};
//   for (const site_order& o : orders.orders_of(file.sites())) …   // o.never: "sidecars", o.format
//
// A rule is matched on the tag that is known and the digest together: "nginx@sha256:… # nginx:1.25" is
// "nginx:1.25@sha256:…", so that patterns with tags go on to match what has been pinned.
//
// Immutable values; any thread.
#pragma once

#include <pinhook/files/site.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pinhook::pipeline {

struct site_order {
  /// The rule that says `pin: never`; empty: none does.
  std::string never{};
  /// How its pin must be written, said by the person or a rule; none: as the run does where it can.
  std::optional<pin::pin_format> format{};

  friend bool operator==(const site_order&, const site_order&) = default;
};

struct site_rules {
  rules::rule_set set{};
  /// Of sites whose object names none; empty: not known.
  std::string ns{};
  /// What the person said, which beats those of rules; none: nothing.
  std::optional<pin::pin_format> format{};

  /// `s` has a reference.
  [[nodiscard]] rules::effects effects_of(const files::site& s) const;
  /// Nothing for a site without a reference.
  [[nodiscard]] site_order order_of(const files::site& s) const;
  /// One a site. Sites at one place, through an alias or a merge key around them, share their bytes and so what is
  /// ordered: `never` when it is said of one of them, the format of the first that has one.
  [[nodiscard]] std::vector<site_order> orders_of(std::span<const files::site> sites) const;
};

}  // namespace pinhook::pipeline
