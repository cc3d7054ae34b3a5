#include <pinhook/pipeline/slot_proofs.hpp>

#include <pinhook/rules/judge.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace pinhook::pipeline {
namespace {

bool is_about_proofs(rules::requirement r) {
  return r == rules::requirement::signed_by || r == rules::requirement::attested;
}

std::string text_of(const rules::rule& r, const rules::finding& f) {
  std::string out = fmt::format("rule {}: {}", r.name, f.reason);
  if (!f.lines.empty()) out += fmt::format(" ({})", fmt::join(f.lines, "; "));
  return out;
}

}  // namespace

bool demands_signatures(const rules::rule_set& set) {
  return std::ranges::any_of(set.rules(), [](const rules::rule& r) {
    return std::ranges::any_of(r.demands, [](const rules::demand& d) { return is_about_proofs(d.requirement); });
  });
}

void add_questions(const rules::rule_set& set, const rules::effects& e, const registry::reference& ref,
                   const registry::digest& digest, rules::proof_requests& to) {
  if (const auto image = ref.with_digest(digest)) to.add(*image, set, e);
}

proof_judgement judge_proofs_of(const rules::rule_set& set, const rules::effects& e, const registry::reference& ref,
                                const registry::digest& digest, const rules::image_proofs* answers) {
  proof_judgement out;
  if (questions_of(set, e).empty()) return out;
  const auto image = ref.with_digest(digest);
  if (answers == nullptr || !image) {
    out.is_unchecked = true;
    return out;
  }
  static const rules::proofs none;
  const rules::proofs* found = answers->find(*image);
  const rules::image_state state{.ref = &*image,
                                 .has_digest = true,
                                 .pull_policy = std::nullopt,
                                 .pinned = image->written(),
                                 .proofs = found == nullptr ? &none : found};
  for (const rules::finding& f : judge(set, e, state)) {
    if (!is_about_proofs(f.requirement)) continue;
    std::string text = text_of(set.rules()[f.rule], f);
    if (f.action == rules::action::warn)
      out.warnings.push_back(std::move(text));
    else if (f.action == rules::action::deny && !f.failure && out.refusal.empty())
      out.refusal = std::move(text);
    else if (f.action == rules::action::deny && f.failure && !out.failure)
      out.failure = error{f.failure->code, std::move(text), f.failure->retry_after};
  }
  return out;
}

std::string unchecked_note(std::size_t images) {
  return images == 1 ? "the signatures of 1 image are not checked: no registry is asked"
                     : fmt::format("the signatures of {} images are not checked: no registry is asked", images);
}

}  // namespace pinhook::pipeline
