#include <pinhook/admission/proof_checks.hpp>

#include <pinhook/rules/judge.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pinhook::admission {
namespace {

using pin::decision;

// The digest that will run, and the reference that it belongs to; an error: it could not be looked up.
struct running_image {
  const registry::reference* ref = nullptr;
  result<registry::digest> digest = fail(error_code::internal, "the image has no digest");
};

result<registry::digest> digest_in(const std::vector<result<resolve::answer>>& answers, std::size_t lookup) {
  if (lookup >= answers.size()) return fail(error_code::internal, "the tag was not looked up");
  if (!answers[lookup]) return fail(answers[lookup].error());
  return answers[lookup]->digest;
}

// None: nothing is to be asked about it: its own look-up failed or was refused, or it is a tag that is not new.
std::optional<running_image> running(const inquiry& about, const judged_slot& j,
                                     const std::vector<result<resolve::answer>>& answers) {
  const decision* d = about.work.empty() ? nullptr : &about.work[j.slot].decision;
  if (d != nullptr && d->action == decision::kind::refuse) return std::nullopt;
  if (d != nullptr && d->action == decision::kind::keep) return running_image{&*d->ref, *d->kept};
  if (d != nullptr && d->action == decision::kind::resolve) {
    auto found = digest_in(answers, about.work[j.slot].lookup);
    if (!found) return std::nullopt;
    return running_image{&*d->ref, std::move(found)};
  }
  if (j.ref.is_pinned()) return running_image{&j.ref, *j.ref.digest()};
  if (j.tag_lookup == no_lookup) return std::nullopt;
  return running_image{&j.ref, digest_in(answers, j.tag_lookup)};
}

// Both are about the same digest of the same repository.
bool is_same(const proof_check& a, const proof_check& b) {
  return a.tenant == b.tenant && a.is_known_only == b.is_known_only && a.image.tag() == b.image.tag() &&
         a.questions == b.questions;
}

}  // namespace

void list_checks(inquiry& about, const rulebook& book, const std::vector<result<resolve::answer>>& answers) {
  // An object may have 1,000 images: only those of the same digest are compared. The names are those of the checks,
  // which stay in their places.
  std::unordered_multimap<std::string_view, std::size_t> by_image;
  about.checks.reserve(about.checks.size() + about.judged.size());
  const judged_slot* before = nullptr;
  std::vector<rules::proof_question> questions;
  for (judged_slot& j : about.judged) {
    if (j.proof_tenant == no_tenant || j.is_vouched) continue;
    const auto runs = running(about, j, answers);
    if (!runs) continue;
    const bool is_as_written = !runs->digest || runs->ref->digest() == *runs->digest;
    auto image = is_as_written ? *runs->ref : runs->ref->with_digest(*runs->digest);
    if (!image) continue;
    // Most slots of an object come under the same rules.
    if (before == nullptr || before->effects.demands != j.effects.demands)
      questions = rules::questions_of(book.rules, j.effects);
    before = &j;
    proof_check check{*std::move(image), j.proof_tenant, questions, j.is_unchanged};
    if (!runs->digest)
      for (const rules::proof_question& q : check.questions) check.answers.emplace(q, fail(runs->digest.error()));
    for (auto [at, end] = by_image.equal_range(check.image.canonical()); at != end && j.check == no_check; ++at)
      if (is_same(about.checks[at->second], check)) j.check = at->second;
    if (j.check != no_check) continue;
    j.check = about.checks.size();
    about.checks.push_back(std::move(check));
    by_image.emplace(about.checks.back().image.canonical(), j.check);
  }
}

bool take_signed_tags(inquiry& about, const rulebook& book, std::vector<result<resolve::answer>>& answers) {
  for (const judged_slot& j : about.judged) {
    if (j.check == no_check || about.work.empty() || about.work[j.slot].decision.action != decision::kind::resolve)
      continue;
    const std::size_t lookup = about.work[j.slot].lookup;
    // A cooldown has decided already.
    if (about.work[j.slot].wait || lookup >= answers.size() || !answers[lookup] ||
        std::ranges::find(about.signed_tags, lookup, &signed_tag::lookup) != about.signed_tags.end())
      continue;
    const rules::demand* d = rules::resolving_demand(book.rules, j.effects);
    if (d == nullptr) continue;
    const std::string named = rules::signed_instead(*d, about.checks[j.check].answers);
    if (named.empty()) continue;
    const auto digest = registry::digest::parse(named);
    if (!digest || *digest == answers[lookup]->digest) continue;
    about.signed_tags.push_back({lookup, std::exchange(answers[lookup]->digest, *digest)});
  }
  if (about.signed_tags.empty()) return false;
  about.checks.clear();
  for (judged_slot& j : about.judged) j.check = no_check;
  return true;
}

std::optional<error> unverified(const inquiry& about, const judged_slot& j, const rulebook& book) {
  if (j.is_unchanged || j.is_vouched || j.check == no_check) return std::nullopt;
  std::optional<error> out;
  for (const rules::requirement wanted : {rules::requirement::signed_by, rules::requirement::attested}) {
    const std::uint32_t at = j.effects.demands[static_cast<std::size_t>(wanted)];
    if (at == rules::effects::none) continue;
    const rules::rule& r = book.rules.rules()[at];
    const auto d = std::ranges::find(r.demands, wanted, &rules::demand::requirement);
    if (r.action != rules::action::deny || d == r.demands.end()) continue;
    rules::judgement is = rules::judge_proofs(*d, about.checks[j.check].answers);
    // It is refused anyway.
    if (is.is == rules::judgement::state::broken) return std::nullopt;
    if (is.is == rules::judgement::state::unknown && !out) out = std::move(is.failure);
  }
  return out;
}

}  // namespace pinhook::admission
