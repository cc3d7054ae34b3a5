#include <pinhook/admission/vouched_slots.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

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

bool asks_verifiers(const inquiry& about) {
  return std::ranges::any_of(about.judged, [](const judged_slot& j) { return j.proof_tenant != no_tenant; });
}

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

bool find_group(const inquiry& about, const rulebook& book, std::uint64_t generation, slot_group& out) {
  for (const judged_slot& j : about.judged) {
    if (j.proof_tenant == no_tenant) continue;
    if (!runs_as_written(about, j)) return false;
    if (out.tenant == no_tenant) {
      out.tenant = j.proof_tenant;
      out.key = vouch_key(book, j, generation);
    } else if (j.proof_tenant != out.tenant || vouch_key(book, j, generation) != out.key) {
      return false;
    }
    const std::string& text = j.ref.written();
    const std::size_t begin = out.images.size();
    if (begin + text.size() >= slot_group::max_size) return false;
    out.images.resize(begin + text.size() + 1);
    std::memcpy(out.images.data() + begin, text.data(), text.size());
    out.images[begin + text.size()] = '\n';
  }
  return out.tenant != no_tenant;
}

bool can_vouch(const inquiry& about, const judged_slot& j, const std::vector<result<resolve::answer>>& answers) {
  if (j.check == no_check || answer_of(about, j, answers) == nullptr) return false;
  const std::size_t lookup = about.work[j.slot].lookup;
  // The name of a look-up by digest does not say its tag, for which Content Trust may have answered.
  return !about.lookups[lookup].ref.is_pinned() &&
         std::ranges::find(about.signed_tags, lookup, &signed_tag::lookup) == about.signed_tags.end();
}

}  // namespace pinhook::admission
