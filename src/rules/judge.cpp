#include <pinhook/rules/judge.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/glob.hpp>
#include <pinhook/base/text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::rules {
namespace {

// Registries that an advice names before it counts the rest.
constexpr std::size_t named_registries = 3;

// In the order of `requirement`.
constexpr std::array<requirement_text, requirement_count> requirement_texts{{
    {"Neither tag nor digest", "without a tag it runs whatever was pushed last when a node pulls it",
     "Without a tag and a digest the tag `latest` is meant: whatever was pushed last when a node pulls it. Write the "
     "tag of the version that is meant; `pinhook resolve REF` prints its digest, `pinhook pin -i FILE` writes it.",
     "write the tag of the version that is meant"},
    {"Tag latest", "latest moves with every push: nodes may differ and a rollback finds the newest",
     "The tag `latest` means whatever was pushed last: two nodes may run different versions, and a rollback gets the "
     "newest one. Write the tag of the version that is meant, or its digest: `pinhook resolve REF` prints it.",
     "write the tag of the version that is meant"},
    {"Tag without a digest", "a tag can be moved, so the image run may be an untested one",
     "A tag can be moved to other bytes by anyone who may push; a digest cannot. `pinhook resolve REF` prints the "
     "digest, "
     "`pinhook pin -i FILE` writes it.",
     "write it with its digest, which docker buildx imagetools inspect prints"},
    {"Registry that is not allowed", "the images of that registry are not reviewed here",
     "Images come from the registries that the rule names, because their content is reviewed. Take the "
     "image from one of them, or have it copied there.",
     "take it from a registry that is allowed"},
    {"Pull policy that is not allowed", "the pull policy decides what a restart runs and whether it needs the registry",
     "`Always` asks the registry at each start, so a registry that is down stops restarts; `IfNotPresent` with a tag "
     "runs whatever a node pulled once. Write one of the policies that the rule names.",
     "write a pull policy that is allowed"},
    {"Image without a signature that counts", "a digest says which bytes run; a signature says whose they are",
     "The rule names the verifiers, one of which must accept a signature of the image. `pinhook verify REF` prints the "
     "signatures that the image has, and why each counts or does not.",
     "have it signed by those whose signature counts, or take an image that is"},
    {"Image without an attestation that counts", "an attestation says how an image was made, and who answers for it",
     "The rule names the statement that must be signed beside the image, and the verifiers that may accept it. "
     "`pinhook verify REF` prints what the image has.",
     "have the attestation signed and pushed beside the image"},
    {"Version tag that moved", "a tag that names one release got other bytes, which may not be its authors'",
     "The tag names one release, and its digest changed: somebody pushed other bytes under a version that was already "
     "there. Ask its authors, and write the digest that is meant.",
     "ask its authors, and write the digest that is meant"},
}};

using values = std::vector<std::string>;

// A value with a '/' is a pattern on names, any other one on registries.
bool is_from_one_of(const values& allowed, const registry::reference& as_written) {
  const auto common = in_common_spelling(as_written);
  const registry::reference& ref = common ? *common : as_written;
  const auto name = canonical_name(ref);
  return std::ranges::any_of(allowed, [&](const std::string& one) {
    return glob(one).matches(one.find('/') == std::string::npos ? std::string_view(ref.registry()) : name);
  });
}

bool is_about_proofs(requirement r) { return r == requirement::signed_by || r == requirement::attested; }

bool is_met(const demand& d, const image_state& image) {
  const bool is_by_digest = image.ref->is_pinned();
  switch (d.requirement) {
    case requirement::tag:
      return is_by_digest || !image.ref->tag().empty();
    case requirement::not_latest:
      return is_by_digest || image.ref->effective_tag() != "latest";
    case requirement::digest:
      return is_by_digest || image.has_digest;
    case requirement::registry:
      return is_from_one_of(d.values, *image.ref);
    case requirement::pull_policy:
      return !image.pull_policy || std::ranges::find(d.values, *image.pull_policy) != d.values.end();
    case requirement::signed_by:
    case requirement::attested:
    case requirement::unmoved:
      break;
  }
  return true;
}

std::string name_some(const values& all) {
  std::string out;
  const std::size_t named = std::min(all.size(), named_registries);
  for (std::size_t i = 0; i < named; ++i) out += (i == 0 ? "" : i + 1 == all.size() ? " or " : ", ") + all[i];
  if (named < all.size()) out += fmt::format(" and {} more", all.size() - named);
  return out;
}

void tell_fix(finding& f, const demand& d, const image_state& image) {
  if (is_about_proofs(d.requirement)) {
    f.kind = fix_kind::command;
    f.fix = fmt::format("pinhook verify {}", image.pinned.empty() ? image.ref->written() : std::string(image.pinned));
  } else if (d.requirement == requirement::unmoved) {
    f.kind = fix_kind::advice;
    f.fix = "ask its authors, and write the digest that is meant";
  } else if (d.requirement == requirement::registry) {
    f.kind = fix_kind::advice;
    f.fix = d.values.size() > named_registries ? fmt::format("take it from one of {}", name_some(d.values))
                                               : fmt::format("take it from {}", name_some(d.values));
  } else if (d.requirement == requirement::pull_policy) {
    f.kind = fix_kind::text;
    f.fix = fmt::format("{}: {}", image.is_volume ? "pullPolicy" : "imagePullPolicy", d.values.front());
  } else if (!image.pinned.empty()) {
    f.kind = fix_kind::text;
    f.fix = fmt::format("{}: {}", image.is_volume ? "reference" : "image", image.pinned);
  } else {
    f.kind = fix_kind::command;
    f.fix = fmt::format("pinhook resolve {}", image.ref->written());
  }
}

std::string reason_of(const rule& r, requirement wanted) {
  std::string_view why = r.message.empty() ? text_of(wanted).reason : std::string_view(r.message);
  while (why.ends_with('.') || why.ends_with(' ')) why.remove_suffix(1);
  return std::string(why);
}

const demand* demand_of(const rule& r, requirement wanted) {
  const auto found = std::ranges::find(r.demands, wanted, &demand::requirement);
  return found == r.demands.end() ? nullptr : &*found;
}

// That of a rule that acts; null: there is none.
const demand* demand_on_proofs(const rule_set& rules, const effects& e, requirement wanted) {
  const std::uint32_t at = e.demands[static_cast<std::size_t>(wanted)];
  if (at == effects::none) return nullptr;
  const rule& r = rules.rules()[at];
  return r.action == action::allow ? nullptr : demand_of(r, wanted);
}

std::array<const demand*, 2> demands_on_proofs(const rule_set& rules, const effects& e) {
  return {demand_on_proofs(rules, e, requirement::signed_by), demand_on_proofs(rules, e, requirement::attested)};
}

// The finding about a demand on signatures; none: it is met.
std::optional<finding> judge_proofs(const rule& r, const demand& d, const image_state& image) {
  if (image.leaves_proofs) return std::nullopt;
  finding f;
  if (image.proofs == nullptr) {
    f.failure =
        error{error_code::unsupported,
              fmt::format("not checked whether it is {}: signatures are not looked up here", to_string(d.requirement)),
              std::nullopt};
    f.reason = f.failure->message;
    return f;
  }
  judgement found = judge_proofs(d, *image.proofs);
  if (found.is == judgement::state::met) return std::nullopt;
  if (found.is == judgement::state::unknown) {
    f.failure = std::move(found.failure);
    f.reason = f.failure->message;
    return f;
  }
  f.lines = std::move(found.lines);
  f.reason =
      r.message.empty() ? std::move(found.summary) : fmt::format("{} ({})", reason_of(r, d.requirement), found.summary);
  return f;
}

// The finding about a demand on moves; none: it is met.
std::optional<finding> judge_move(const rule& r, const demand& d, const image_state& image) {
  if (!is_version_tag(image.ref->tag().empty() ? image.tag : std::string_view(image.ref->tag())) ||
      image.is_moved == false)
    return std::nullopt;
  finding f;
  if (image.is_moved) {
    f.reason = reason_of(r, d.requirement);
    return f;
  }
  f.failure = error{error_code::unsupported, fmt::format("not checked whether its tag moved: {}", image.moves_unknown),
                    std::nullopt};
  f.reason = f.failure->message;
  return f;
}

bool is_mended_by_image(requirement r) { return r <= requirement::digest; }

}  // namespace

std::vector<finding> judge(const rule_set& rules, const effects& e, const image_state& image) {
  std::vector<finding> out;
  for (std::size_t i = 0; i < requirement_count; ++i) {
    if (e.demands[i] == effects::none) continue;
    const rule& r = rules.rules()[e.demands[i]];
    const auto wanted = static_cast<requirement>(i);
    const demand* d = demand_of(r, wanted);
    if (r.action == action::allow || d == nullptr) continue;
    finding f;
    if (is_about_proofs(wanted) || wanted == requirement::unmoved) {
      auto found = wanted == requirement::unmoved ? judge_move(r, *d, image) : judge_proofs(r, *d, image);
      if (!found) continue;
      f = *std::move(found);
    } else {
      if (is_met(*d, image)) continue;
      f.reason = reason_of(r, wanted);
    }
    f.rule = e.demands[i];
    f.requirement = wanted;
    f.action = r.action;
    tell_fix(f, *d, image);
    const bool is_again = !out.empty() && is_mended_by_image(wanted);
    if (!is_again) {
      out.push_back(std::move(f));
    } else if (f.action > out.front().action) {
      out.front() = std::move(f);
    }
  }
  return out;
}

bool is_version_tag(std::string_view tag) {
  if (tag.starts_with('v') || tag.starts_with('V')) tag.remove_prefix(1);
  constexpr int numbers = 3;
  for (int i = 0; i < numbers; ++i) {
    std::size_t digits = 0;
    while (digits < tag.size() && is_digit(tag[digits])) ++digits;
    if (digits == 0) return false;
    tag.remove_prefix(digits);
    if (i + 1 == numbers) break;
    if (!tag.starts_with('.')) return false;
    tag.remove_prefix(1);
  }
  return tag.empty() || std::string_view("-+._").find(tag.front()) != std::string_view::npos;
}

std::vector<proof_question> questions_of(const rule_set& rules, const effects& e) {
  std::vector<proof_question> out;
  for (const demand* d : demands_on_proofs(rules, e)) {
    if (d == nullptr) continue;
    for (proof_question& q : questions_of(*d))
      if (std::ranges::find(out, q) == out.end()) out.push_back(std::move(q));
  }
  return out;
}

bool asks_verifiers(const rule_set& rules, const effects& e) {
  // A demand on signatures without verifiers is none (demand::verifiers).
  return demand_on_proofs(rules, e, requirement::signed_by) != nullptr ||
         demand_on_proofs(rules, e, requirement::attested) != nullptr;
}

bool demands_only_proofs(const effects& e) {
  using enum requirement;
  return std::ranges::all_of(std::array{tag, not_latest, digest, registry, pull_policy, unmoved},
                             [&](requirement r) { return e.demands[static_cast<std::size_t>(r)] == effects::none; });
}

bool meets_demands(const rule_set& rules, const effects& e, const rules::proofs& answers) {
  return std::ranges::all_of(demands_on_proofs(rules, e), [&](const demand* d) {
    return d == nullptr || judge_proofs(*d, answers).is == judgement::state::met;
  });
}

action action_on_proofs(const rule_set& rules, const effects& e) {
  action out = action::allow;
  for (const requirement wanted : {requirement::signed_by, requirement::attested})
    if (const std::uint32_t at = e.demands[static_cast<std::size_t>(wanted)]; at != effects::none)
      out = std::max(out, rules.rules()[at].action);
  return out;
}

const demand* resolving_demand(const rule_set& rules, const effects& e) {
  const std::uint32_t at = e.demands[static_cast<std::size_t>(requirement::signed_by)];
  if (at == effects::none || rules.rules()[at].action < action::warn) return nullptr;
  return demand_of(rules.rules()[at], requirement::signed_by);
}

bool denies_registry(const rule_set& rules, const effects& e, const registry::reference& ref) {
  const std::uint32_t at = e.demands[static_cast<std::size_t>(requirement::registry)];
  if (at == effects::none) return false;
  const rule& r = rules.rules()[at];
  const demand* d = demand_of(r, requirement::registry);
  return r.action == action::deny && d != nullptr && !is_from_one_of(d->values, ref);
}

std::string_view default_pull_policy(const registry::reference& ref) {
  return ref.effective_tag() == "latest" ? "Always" : "IfNotPresent";
}

std::string_view to_string(fix_kind kind) noexcept {
  constexpr std::array<std::string_view, 3> names{"text", "command", "advice"};
  return names[static_cast<std::size_t>(kind)];
}

const requirement_text& text_of(requirement r) noexcept { return requirement_texts[static_cast<std::size_t>(r)]; }

}  // namespace pinhook::rules
