// An admission request between its two ends, as values: `prepare` lists the look-ups that it needs, `compose` makes the
// verdict from their answers. Nothing here waits or makes a request.
//
// Pure; any thread.
#pragma once

#include <pinhook/admission/lookup_list.hpp>
#include <pinhook/admission/review.hpp>
#include <pinhook/admission/rulebook.hpp>
#include <pinhook/admission/verdict.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/plan.hpp>
#include <pinhook/registry/tenant.hpp>
#include <pinhook/resolve/answer.hpp>
#include <pinhook/resolve/tag_moves.hpp>
#include <pinhook/rules/proof.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {

/// Different pairs of service account and pull secrets in one object. Each costs requests to the API server; objects
/// with many pod templates use one for all.
inline constexpr std::size_t max_tenants = 16;

/// A tag that moved lately: what its cooldown means for a slot.
struct slot_wait {
  /// Index in rule_set::rules() of the rule that orders the cooldown.
  std::uint32_t rule = rules::effects::none;
  /// What the tag has now.
  registry::digest newest;
  /// When that is taken; none: no report has seen it yet.
  std::optional<wall_time> until{};
  /// The annotation pinhook.dev/refresh asked for the newest one, so it is taken.
  bool is_passed_over = false;
};

inline constexpr std::size_t no_lookup = std::numeric_limits<std::size_t>::max();
inline constexpr std::size_t no_tenant = std::numeric_limits<std::size_t>::max();
inline constexpr std::size_t no_check = std::numeric_limits<std::size_t>::max();

/// One slot and the work that it needs.
struct slot_work {
  pin::decision decision;
  /// resolve: index in `lookups`; slots that mean the same image share one.
  std::size_t lookup = no_lookup;
  /// resolve, keep: index in inquiry::tenants.
  std::size_t tenant = 0;
  /// resolve: index in rule_set::rules() of the rule that orders a cooldown.
  std::uint32_t cooldown_rule = rules::effects::none;
  /// resolve: the cooldown has a say. Filled by hold_back, where `lookup` becomes the one of the digest before.
  std::optional<slot_wait> wait{};
  /// keep: the digest that the tag has in the cache, if it is there. Filled by the caller; only a warning needs it.
  std::optional<registry::digest> known{};
  /// The values in this place of oldObject; empty when it has none, and where nothing is to be written.
  std::string image_before{}, pull_policy_before{};
};

/// A slot that rules are applied to.
struct judged_slot {
  /// Index in found_slots::slots.
  std::size_t slot = 0;
  registry::reference ref;
  rules::effects effects;
  /// The update does not change it, so that it is no reason to refuse the update.
  bool is_unchanged = false;
  /// Denied for its registry (in audit mode: it would be), which then gets no request: otherwise any author could make
  /// pinhook call any host, and a slow host would delay the answer.
  bool is_denied = false;
  /// As rules::asks_verifiers and rules::demands_only_proofs say of `effects`.
  bool asks_verifiers = false, demands_only_proofs = false;
  /// For a slot that stays a tag where a rule may demand another text: index in inquiry::tenants, and the digest that
  /// the tag has in the cache, if it is there. The caller fills in the digest; a finding shows it in its proposed line.
  std::size_t tenant = no_tenant;
  std::optional<registry::digest> known{};
  /// Where a rule makes a demand on signatures: index in inquiry::tenants; for a tag that stays, the look-up of its
  /// digest; and once the digests are there (list_checks), index in inquiry::checks.
  std::size_t proof_tenant = no_tenant;
  std::size_t tag_lookup = no_lookup;
  std::size_t check = no_check;
  /// The demands on signatures are known to be met: nothing is asked and nothing judged. Filled by the caller.
  bool is_vouched = false;
};

/// The questions to verifiers about one image; slots that run the same image share them.
struct proof_check {
  /// With its digest.
  registry::reference image;
  /// Index in inquiry::tenants.
  std::size_t tenant = 0;
  std::vector<rules::proof_question> questions;
  /// The image is not new, and must not make the update wait: only answers that are held count.
  bool is_known_only = false;
  /// Filled by the caller.
  rules::proofs answers = {};
};

/// A look-up whose answer was replaced by the digest that was signed for the tag.
struct signed_tag {
  /// Index in inquiry::lookups.
  std::size_t lookup = 0;
  /// What the registry has.
  registry::digest of_registry;
};

struct inquiry {
  review request;
  pin::object now;
  pin::plan plan;
  std::vector<slot_work> work;
  /// Slots on which some rule makes a demand, in their order; empty where rules do not apply (pin/README.md: 3.6, 3.8
  /// and the label of 6). A slot whose text is not a reference, or is a variable, is left out.
  std::vector<judged_slot> judged;
  std::vector<lookup> lookups;
  /// What is known of moved tags; null: nothing. Filled by the caller.
  std::shared_ptr<const resolve::tag_moves> moves = nullptr;
  /// Filled by list_checks.
  std::vector<proof_check> checks = {};
  /// Filled by take_signed_tags.
  std::vector<signed_tag> signed_tags = {};
  /// The tenants of the images; the namespace is the request's. Each once; empty when nothing is resolved, kept or
  /// judged.
  std::vector<registry::tenant> tenants;
  /// For each of them: its pull secrets are read. Filled by the caller; empty: none are. Only an advice needs it.
  std::vector<bool> reads_pull_secrets = {};
  /// The reason why the object is not worked on, so that the mode decides about it as a whole and nothing is looked up.
  /// unsupported: it is too large ("it has more than 1000 images"), and only its metadata was read; timed_out,
  /// unavailable: its turn among the large ones did not come, and it was not read at all.
  std::optional<error> not_planned = {};
};

/// A review, with its objects where they could be read on the way: those of kinds whose images have known places.
struct decoded_review {
  review request = {};
  std::optional<pin::object> now = {}, before = {};
  /// The images of an object up to which it was read, and whether one has more.
  std::size_t most = pin::max_slots;
  bool has_more = false;
};

/// Reads objects of up to `into.most` images. invalid_input: as `prepare`.
[[nodiscard]] result<void> decode(std::string_view body, const rulebook& book, decoded_review& into);

/// Takes what was read. unsupported, as below, leaves a review that may be prepared again with another `most`: then
/// what was read is not read again.
[[nodiscard]] result<inquiry> prepare(decoded_review& read, pin::mode m, const rulebook& book,
                                      std::size_t most = pin::max_slots);
/// invalid_input: HTTP 400; the message is the reason. unsupported: the object or oldObject has more than `most`
/// images, where `most` is less than pin::max_slots; nothing has been decided.
[[nodiscard]] result<inquiry> prepare(std::string_view body, pin::mode m, const rulebook& book,
                                      std::size_t most = pin::max_slots);
/// The same for the result of decode_review (review.hpp).
[[nodiscard]] result<inquiry> prepare(review decoded, pin::mode m, const rulebook& book,
                                      std::size_t most = pin::max_slots);

/// `answers`: one for each of `lookups`.
[[nodiscard]] verdict compose(const inquiry& about, pin::mode m, const rulebook& book,
                              const std::vector<result<resolve::answer>>& answers);

/// The verdict of the mode on an object that is not planned.
[[nodiscard]] verdict refuse_whole(const inquiry& about, pin::mode m, const rulebook& book);

/// The verdict on a review whose turn did not come for the reason `cause`; `head` is of read_review_head.
[[nodiscard]] verdict refuse_unread(review head, pin::mode m, const rulebook& book, error cause);

/// HTTP 400; for a cause outside the request the status of status_of: 503 when given up or too many, 504 when late.
[[nodiscard]] verdict refuse_request(const error& cause);

}  // namespace pinhook::admission
