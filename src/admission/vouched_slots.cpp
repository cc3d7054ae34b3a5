#include <pinhook/admission/vouched_slots.hpp>

#include <algorithm>
#include <cstddef>

namespace pinhook::admission {
namespace {

// The answer that gives the slot's digest; null: it has another one, or none.
const resolve::answer* answer_of(const inquiry& about, const judged_slot& j,
                                 const std::vector<result<resolve::answer>>& answers) {
  if (about.work.empty() || about.work[j.slot].decision.action != pin::decision::kind::resolve) return nullptr;
  const std::size_t at = about.work[j.slot].lookup;
  return at < answers.size() && answers[at] ? &*answers[at] : nullptr;
}

}  // namespace

std::array<std::uint64_t, 3> vouch_key(const rulebook& book, const judged_slot& j, std::uint64_t generation) {
  const auto rule = [&](rules::requirement r) { return std::uint64_t{j.effects.demands[static_cast<std::size_t>(r)]}; };
  constexpr unsigned half = 32;
  return {book.rules.id(), rule(rules::requirement::signed_by) << half | rule(rules::requirement::attested),
          generation};
}

bool take_vouched(inquiry& about, const rulebook& book, const std::vector<result<resolve::answer>>& answers,
                  std::uint64_t generation, steady_time now) {
  bool some_are_left = false;
  for (judged_slot& j : about.judged) {
    if (j.proof_tenant == no_tenant) continue;
    const resolve::answer* a = answer_of(about, j, answers);
    j.is_vouched = generation != 0 && a != nullptr && a->vouched.is_for(vouch_key(book, j, generation), now);
    some_are_left |= !j.is_vouched;
  }
  return some_are_left;
}

bool runs_as_written(const inquiry& about, const judged_slot& j) {
  return j.ref.is_pinned() && (about.work.empty() || about.work[j.slot].decision.action == pin::decision::kind::leave);
}

bool can_vouch(const inquiry& about, const judged_slot& j, const std::vector<result<resolve::answer>>& answers) {
  if (j.check == no_check || answer_of(about, j, answers) == nullptr) return false;
  const std::size_t lookup = about.work[j.slot].lookup;
  // The name of a look-up by digest does not say its tag, for which Content Trust may have answered.
  return !about.lookups[lookup].ref.is_pinned() &&
         std::ranges::find(about.signed_tags, lookup, &signed_tag::lookup) == about.signed_tags.end();
}

}  // namespace pinhook::admission
