// An admission request between its two ends, as values: `prepare` says what must be looked up, `compose` makes the
// verdict of what came back. Nothing here waits or asks anyone.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/review.hpp>
#include <pinhook/admission/rulebook.hpp>
#include <pinhook/admission/verdict.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/plan.hpp>
#include <pinhook/registry/tenant.hpp>
#include <pinhook/resolve/answer.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

/// Different pairs of service account and pull secrets in one object. Each costs requests to the API server; objects
/// with many pod templates use one for all.
inline constexpr std::size_t max_tenants = 16;

struct lookup {
  registry::reference ref;
  bool past_cache = false;
  /// Index in inquiry::tenants: whose credentials it is asked with.
  std::size_t tenant = 0;
};

inline constexpr std::size_t no_lookup = std::numeric_limits<std::size_t>::max();
inline constexpr std::size_t no_tenant = std::numeric_limits<std::size_t>::max();

/// One slot and what is done for it.
struct slot_work {
  pin::decision decision;
  /// resolve: index in `lookups`; slots of one meaning share one.
  std::size_t lookup = no_lookup;
  /// resolve, keep: index in inquiry::tenants.
  std::size_t tenant = 0;
  /// keep: what the cache says the tag points at, when it knows. Filled by the caller; for a warning alone.
  std::optional<registry::digest> known;
  /// What stands in this place of oldObject; empty when nothing does, and where nothing is to be written.
  std::string image_before, pull_policy_before;
};

/// A slot that rules are asked about.
struct judged_slot {
  /// Index in found_slots::slots.
  std::size_t slot = 0;
  registry::reference ref;
  rules::effects effects;
  /// The update leaves it as it was: no reason to refuse the update.
  bool is_unchanged = false;
  /// Denied for its registry, which is not asked: a stranger does not make us call any host, and no slow one delays the
  /// answer. In audit mode it would be.
  bool is_denied = false;
  /// Left by tag where a rule may demand another text: index in inquiry::tenants, and what the cache says that the tag
  /// points at, when it knows. The latter is filled by the caller; for the line that a finding says to write.
  std::size_t tenant = no_tenant;
  std::optional<registry::digest> known{};
};

struct inquiry {
  review asked;
  pin::object now;
  pin::plan plan;
  std::vector<slot_work> work;
  /// Slots of which some rule demands something, in their order; empty where rules do not look (pinning.md §3: rules 6
  /// and 8, the label of §6). No slot that is no reference, or a variable.
  std::vector<judged_slot> judged;
  std::vector<lookup> lookups;
  /// Whose images they are; the namespace is the request's. Each once; empty when nothing is resolved, kept or judged.
  std::vector<registry::tenant> tenants;
  /// Not empty: why the object is too large to be worked on ("it has more than 1000 images"); of it only the metadata
  /// was read, and nothing is looked up.
  std::string too_large = {};
};

/// invalid_input: HTTP 400; the message is the reason. unsupported: an object of it has more than `most` images, where
/// that is less than pin::max_slots; nothing has been decided.
[[nodiscard]] result<inquiry> prepare(std::string_view body, pin::mode m, const rulebook& book,
                                      std::size_t most = pin::max_slots);
/// The same of the result of decode_review.
[[nodiscard]] result<inquiry> prepare(review asked, pin::mode m, const rulebook& book,
                                      std::size_t most = pin::max_slots);

/// `answers`: one for each of `lookups`.
[[nodiscard]] verdict compose(const inquiry& about, pin::mode m, const rulebook& book,
                              const std::vector<result<resolve::answer>>& answers);

/// What the mode says of an object that is too large.
[[nodiscard]] verdict refuse_too_large(const inquiry& about, pin::mode m, const rulebook& book);

/// HTTP 400; of a request that was given up 503.
[[nodiscard]] verdict refuse_request(const error& why);

}  // namespace pinhook::admission
