#include <pinhook/pipeline/locking.hpp>

#include <pinhook/pipeline/registry_refusal.hpp>
#include <pinhook/pipeline/slot_label.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {
namespace {

// The use of a tag in files.
struct use {
  registry::reference tag;
  std::string place;
  /// The digest in the first file that pins the tag.
  std::optional<registry::digest> digest;
  std::string pinned_at{};
  bool is_guess = false;
  /// Values laid over others may give an image this name, and nothing else does.
  bool is_other_name = false;
  /// True when a file uses the tag without a digest.
  bool is_open = false;
  /// The first place with another digest than `digest`, and that digest; empty: there is none.
  std::string conflict{};
  /// The rules for it, of each of its places.
  std::vector<rules::effects> effects{};
  /// The sentence of the rule that refuses its registry in one of its places; empty: none does.
  std::string refusal{};
};

void take_effects(use& into, const rules::effects& e) {
  if (std::ranges::find(into.effects, e) == into.effects.end()) into.effects.push_back(e);
}

void take_refusal(use& into, std::string refusal) {
  if (into.refusal.empty()) into.refusal = std::move(refusal);
}

void take(use& into, const files::slot& s, const std::string& place) {
  if (!s.is_pinned()) {
    into.is_open = true;
    return;
  }
  const auto& digest = *s.ref->digest();
  if (!into.digest) {
    into.digest = digest;
    into.pinned_at = place;
  } else if (*into.digest != digest && into.conflict.empty()) {
    into.conflict = fmt::format("{} in {}", digest.to_string(), place);
  }
}

// The warning about a tag with two digests; `outcome` is what becomes of its entry.
std::string conflict_note(const use& one, std::string_view outcome) {
  return fmt::format("{} is pinned to {} in {} and to {}: {}", one.tag.canonical(), one.digest->to_string(),
                     one.pinned_at, one.conflict, outcome);
}

// What becomes of the entry of a tag with two digests.
std::string_view conflict_outcome(const use& one, bool is_held, bool updates) {
  if (is_held && (!updates || !one.is_open)) return "its entry in the lock stays; pin --update makes them one";
  if (one.is_open) return "the lock gets the digest that the registry gives; pin --update makes them one";
  return "it gets no entry, since every file pins it; pin --update makes them one";
}

// The use of an image under another name that a kustomization gives to it. The digest of that name has no other source.
struct renamed_use {
  registry::reference tag;
  std::string place;
  std::optional<registry::digest> digest;
  std::optional<rules::effects> effects{};
  bool is_guess = false;
};

// The rules for a slot whose image has another name.
std::optional<rules::effects> effects_as(const files::slot& s, const registry::reference& ref, const slot_rules& from) {
  if (from.set.is_empty()) return std::nullopt;
  return from.effects_as(s, ref);
}

void take_renamed(const renamed_images& renamed, std::size_t index, const files::slot& s, const slot_rules& orders,
                  const std::string& place, std::vector<renamed_use>& into) {
  const auto [begin, end] = renamed.equal_range(index);
  for (const auto& [i, one] : std::ranges::subrange(begin, end))
    // Whether a digest that is there already comes out under a guessed name is not known.
    if (one.ref && !(one.is_guess && s.is_pinned()))
      into.push_back({*one.ref, fmt::format("{}, which {} renames", place, one.by),
                      s.is_pinned() ? s.ref->digest() : std::nullopt, effects_as(s, *one.ref, orders), one.is_guess});
}

// The uses of all tags, each canonical one once, in the order of the files. Counts in `out` what needs no entry.
std::vector<use> uses_of(const lock_uses& from, lock_plan& out) {
  std::vector<use> uses;
  std::map<std::string, std::size_t, std::less<>> by_canonical;
  std::vector<renamed_use> others;
  static const renamed_images no_renames;
  for (std::size_t file = 0; file < from.inputs.size(); ++file) {
    const auto& in = from.inputs[file];
    if (!in.content) continue;
    const auto& renamed = file < from.renamed.size() ? from.renamed[file] : no_renames;
    std::vector<files::slot> judged;
    const auto slots = with_problems(in.content->slots(), renamed, judged);
    const auto orders = from.orders.orders_of(slots);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const auto& s = slots[i];
      // The digest beside a tag that the chart composes may not be the digest of that tag.
      if (s.reason != files::skip_reason::none || (s.is_refused() && s.is_pinned())) continue;
      if (!orders[i].never.empty()) {
        ++out.left_by_rule[orders[i].never];
        continue;
      }
      if (s.is_pinned() && !s.tag) {
        ++out.without_tag;
        continue;
      }
      const auto& tag = s.tag ? *s.tag : *s.ref;
      const auto [at, is_new] = by_canonical.try_emplace(tag.canonical(), uses.size());
      const auto place = slot_label(in.path, s);
      take_renamed(renamed, i, s, from.orders, place, others);
      if (is_new) uses.push_back({tag, place, std::nullopt, {}, s.is_guess, false});
      uses[at->second].is_guess = uses[at->second].is_guess && s.is_guess;
      take(uses[at->second], s, place);
      if (from.orders.set.is_empty()) continue;
      const auto e = from.orders.effects_of(s);
      take_effects(uses[at->second], e);
      if (!is_renamed(renamed, i)) take_refusal(uses[at->second], registry_refusal(from.orders.set, e, tag));
    }
  }
  for (const auto& gap : from.gaps) {
    const auto [at, is_new] = by_canonical.try_emplace(gap.ref.canonical(), uses.size());
    if (is_new) uses.push_back({gap.ref, gap.place, std::nullopt, {}, false, false, true});
    uses[at->second].is_open = true;
    for (const auto& e : gap.effects) take_effects(uses[at->second], e);
    take_refusal(uses[at->second], registry_refusal(from.orders.set, gap.effects, gap.ref, gap.renamed));
    for (const auto& one : gap.renamed)
      if (one.ref)
        others.push_back(
            {*one.ref, fmt::format("{}, which {} renames", gap.place, one.by), std::nullopt, std::nullopt});
  }
  for (auto& one : others) {
    const auto [at, is_new] = by_canonical.try_emplace(one.tag.canonical(), uses.size());
    if (is_new) uses.push_back({one.tag, one.place, one.digest, one.place, false, one.is_guess, !one.digest});
    uses[at->second].is_other_name = uses[at->second].is_other_name && one.is_guess;
    uses[at->second].is_open = uses[at->second].is_open || !one.digest;
    if (!one.effects) continue;
    take_effects(uses[at->second], *one.effects);
    take_refusal(uses[at->second], registry_refusal(from.orders.set, *one.effects, one.tag));
  }
  return uses;
}

// What the rules are for an image that would get an entry.
void note_rules(const use& one, lock_plan& out) {
  out.places.emplace(one.tag.canonical(), one.place);
  out.effects.emplace(one.tag.canonical(), one.effects);
  if (!one.refusal.empty()) out.refusals.emplace(one.tag.canonical(), one.refusal);
}

}  // namespace

lock_plan plan_lock(const lock_uses& from, const resolve::image_lock& existing, bool updates) {
  lock_plan out;
  for (const auto& one : uses_of(from, out)) {
    const auto* held = existing.find(one.tag.canonical());
    const bool is_disputed = !one.conflict.empty();
    if (is_disputed) out.conflicts.push_back(conflict_note(one, conflict_outcome(one, held != nullptr, updates)));
    if (is_disputed && !one.is_open) {
      if (held != nullptr) out.decided.put(one.tag, *held);
    } else if (one.digest && !is_disputed) {
      const bool is_held = held != nullptr && held->digest == *one.digest;
      out.decided.put(one.tag, is_held ? *held : resolve::locked_image{*one.digest, {}});
      if (is_held) continue;
      out.fresh.push_back(one.tag);
      note_rules(one, out);
    } else if (held != nullptr && !updates) {
      out.decided.put(one.tag, *held);
    } else {
      out.missing.push_back(one.tag);
      note_rules(one, out);
      if (one.is_guess) out.guesses.insert(one.tag.canonical());
      if (one.is_other_name) out.other_names.insert(one.tag.canonical());
    }
  }
  return out;
}

resolve::image_lock locked(const lock_plan& plan, const digest_map& known, const resolve::image_lock& existing,
                           const cooldown& wait, const std::set<std::string, std::less<>>& refused) {
  auto out = plan.decided;
  for (const auto& canonical : refused) out.restore(canonical, existing);
  for (const auto& ref : plan.missing) {
    const auto found = known.find(ref.canonical());
    const auto* held = existing.find(ref.canonical());
    if (refused.contains(ref.canonical())) continue;
    if (found != known.end() && found->second)
      out.put(ref, after_look_up(held, *found->second, wait, ref.canonical()));
    else if (held != nullptr)
      out.put(ref, *held);
  }
  return out;
}

std::string lock_summary(const resolve::image_lock& before, const resolve::image_lock& after) {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t dropped = 0;
  for (const auto& [name, image] : after.images()) {
    const auto* old = before.find(name);
    if (old == nullptr)
      ++added;
    else if (old->digest != image.digest)
      ++changed;
  }
  for (const auto& [name, image] : before.images())
    if (after.find(name) == nullptr) ++dropped;
  const auto total = after.images().size();
  std::string news;
  for (const auto& [n, word] :
       {std::pair<std::size_t, std::string_view>{added, "new"}, {changed, "changed"}, {dropped, "dropped"}})
    if (n != 0) news += fmt::format("{}{} {}", news.empty() ? ": " : ", ", n, word);
  return fmt::format("locked {} {}{}", total, total == 1 ? "image" : "images", news.empty() ? ", none changed" : news);
}

}  // namespace pinhook::pipeline
