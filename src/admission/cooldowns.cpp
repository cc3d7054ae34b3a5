#include <pinhook/admission/cooldowns.hpp>

#include <pinhook/admission/lookup_list.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace pinhook::admission {
namespace {

using pin::decision;

std::optional<registry::reference> digest_alone(const registry::reference& tag, const registry::digest& digest) {
  auto out = registry::reference::parse(
      pin::write_pin(tag.written_name(), tag.effective_tag(), digest, pin::pin_format::digest));
  return out ? std::optional(*std::move(out)) : std::nullopt;
}

// The digest that stands for the tag of this slot, and until when; none: the one that was found is taken.
std::optional<resolve::held_tag> held_for(const slot_work& w, const inquiry& about, const rulebook& book,
                                          const std::vector<result<resolve::answer>>& answers, wall_time now) {
  if (w.cooldown_rule == rules::effects::none || w.decision.action != decision::kind::resolve) return std::nullopt;
  if (w.lookup >= answers.size() || !answers[w.lookup]) return std::nullopt;
  const resolve::answer& found = *answers[w.lookup];
  if (found.from == resolve::origin::lock) return std::nullopt;
  const auto canonical = w.decision.ref->canonical();
  const resolve::seen_tag* tag = about.moves->find(canonical);
  if (tag == nullptr) return std::nullopt;
  if (const auto* recorded = about.plan.record.find(canonical); recorded != nullptr && *recorded == found.digest)
    return std::nullopt;
  const auto length = book.rules.rules()[w.cooldown_rule].cooldown;
  return length ? resolve::held_back(*tag, found.digest, *length, now) : std::nullopt;
}

}  // namespace

bool has_cooldowns(const inquiry& about) {
  return std::ranges::any_of(about.work, [](const slot_work& w) { return w.cooldown_rule != rules::effects::none; });
}

void hold_back(inquiry& about, const rulebook& book, const std::vector<result<resolve::answer>>& answers,
               wall_time now) {
  if (about.moves == nullptr) return;
  lookup_list lookups(about.lookups);
  for (slot_work& w : about.work) {
    const auto held = held_for(w, about, book, answers, now);
    if (!held) continue;
    w.wait = slot_wait{w.cooldown_rule, answers[w.lookup]->digest, held->until, w.decision.past_cache};
    if (w.decision.past_cache) continue;
    const auto before = digest_alone(*w.decision.ref, held->digest);
    if (before) w.lookup = lookups.place_of(*before, false, w.tenant);
  }
}

std::optional<bool> runs_moved_bytes(const inquiry& about, const judged_slot& judged, std::string_view runs) {
  if (about.moves == nullptr) return std::nullopt;
  const decision* d = about.work.empty() ? nullptr : &about.work[judged.slot].decision;
  const registry::reference& ref = d != nullptr && d->ref ? *d->ref : judged.ref;
  const auto tag = ref.is_pinned() ? registry::reference::parse(fmt::format("{}:{}", ref.written_name(), ref.tag()))
                                   : result<registry::reference>(ref);
  const resolve::seen_tag* seen = tag ? about.moves->find(tag->canonical()) : nullptr;
  if (seen == nullptr || !seen->before || seen->before->change == "list") return false;
  return !runs.ends_with("@" + seen->before->digest.to_string());
}

}  // namespace pinhook::admission
