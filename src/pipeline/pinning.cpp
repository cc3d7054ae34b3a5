#include <pinhook/pipeline/pinning.hpp>

#include <pinhook/files/comment_markers.hpp>
#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/pin/write_pin.hpp>
#include <pinhook/pipeline/joined_files.hpp>
#include <pinhook/pipeline/registry_refusal.hpp>
#include <pinhook/pipeline/slot_proofs.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {
namespace {

std::string reason_of(const files::slot& s) {
  switch (s.reason) {
    case files::skip_reason::none:
      break;
    case files::skip_reason::variable:
      return s.problem.empty() ? "something else fills it in" : s.problem;
    case files::skip_reason::no_tag_here:
      return s.form == files::slot_form::kustomization ? "its tag comes from the images that it matches"
                                                       : "its tag comes from elsewhere";
    case files::skip_reason::built:
      return "it is built, not pulled";
    case files::skip_reason::skip_label:
      return "the object is labelled pinhook.dev/pin: skip";
    case files::skip_reason::skip_comment:
      return "a comment says pinhook: skip";
    case files::skip_reason::pattern:
      return "a policy compares images with it";
    case files::skip_reason::replaced:
    case files::skip_reason::split:
    case files::skip_reason::number_tag:
    case files::skip_reason::overridden:
    case files::skip_reason::invalid:
      break;
  }
  return s.remedy.empty() ? s.problem : fmt::format("{}; {}", s.problem, s.remedy);
}

// The reference whose digest decides; none when no look-up is needed.
std::optional<registry::reference> deciding_reference(const files::slot& s, pin_task task) {
  if (s.reason != files::skip_reason::none || s.is_refused() || task == pin_task::unpin) return std::nullopt;
  if (!s.is_pinned()) return s.tag ? s.tag : s.ref;
  return task == pin_task::update ? s.tag : std::nullopt;
}

slot_result unpinned(std::size_t index, const files::slot& s) {
  using kind = slot_result::kind;
  if (!s.is_pinned()) return {.slot = index, .outcome = kind::current};
  if (s.tag) return {.slot = index, .outcome = kind::changed, .after = s.tag->written()};
  return {.slot = index, .outcome = kind::left, .message = "its tag is not written beside it"};
}

std::optional<slot_result> renamed_slot(std::size_t index, const pin_choice& choice, const registry::digest& own,
                                        const digest_map& known) {
  const auto [begin, end] = choice.renamed.equal_range(index);
  for (const auto& [i, one] : std::ranges::subrange(begin, end)) {
    auto out = renamed_result(one, own, known);
    if (!out) continue;
    out->slot = index;
    return out;
  }
  return std::nullopt;
}

slot_result refused_registry(std::size_t index, const files::slot& s, std::string why) {
  using kind = slot_result::kind;
  if (s.is_guess) return {.slot = index, .outcome = kind::left, .message = fmt::format("{}; {}", why, guess_note)};
  return {.slot = index, .outcome = kind::refused, .message = std::move(why), .code = error_code::denied};
}

slot_result decide(std::size_t index, const files::slot& s, const pin_choice& choice, const slot_order& order,
                   const digest_map& known) {
  using kind = slot_result::kind;
  if (s.reason != files::skip_reason::none) return {.slot = index, .outcome = kind::left, .message = reason_of(s)};
  if (choice.task == pin_task::unpin) return unpinned(index, s);
  if (!order.never.empty())
    return {.slot = index,
            .outcome = kind::left,
            .message = fmt::format("rule {} says pin: never", order.never),
            .rule = order.never};
  if (s.is_refused() && (choice.task == pin_task::update || !s.is_pinned()))
    return {.slot = index, .outcome = kind::left, .message = reason_of(s)};
  const auto ref = deciding_reference(s, choice.task);
  if (!ref) {
    if (choice.task == pin_task::pin) return {.slot = index, .outcome = kind::current};
    return {
        .slot = index, .outcome = kind::left, .message = "its tag is not written beside it, so it cannot be updated"};
  }
  if (auto why = registry_refusal(choice.orders, s, index, choice.renamed); !why.empty())
    return refused_registry(index, s, std::move(why));
  if (s.is_pinned() && choice.waiting.contains(ref->canonical())) return {.slot = index, .outcome = kind::current};
  const auto found = known.find(ref->canonical());
  if (found == known.end())
    return {.slot = index, .outcome = kind::failed, .message = "it was never looked up", .code = error_code::internal};
  const auto& answer = found->second;
  if (!answer && is_unknown_guess(s, answer.error()))
    return {.slot = index, .outcome = kind::left, .message = fmt::format("{}; {}", answer.error().message, guess_note)};
  if (!answer)
    return {.slot = index, .outcome = kind::failed, .message = answer.error().message, .code = answer.error().code};
  if (s.is_pinned() && *s.ref->digest() == *answer) return {.slot = index, .outcome = kind::current};
  if (auto other = renamed_slot(index, choice, *answer, known)) return *std::move(other);
  const auto format = s.format.value_or(order.format.value_or(choice.format));
  return {.slot = index,
          .outcome = kind::changed,
          .after = pin::write_pin(ref->written_name(), ref->effective_tag(), *answer, format)};
}

// The outcome for a digest that would be written, as the operator's rules about signatures have it.
void judge_signatures(const files::slot& s, const pin_choice& choice, const digest_map& known, slot_result& of) {
  const bool is_judged = of.outcome == slot_result::kind::changed && choice.task != pin_task::unpin;
  if (!is_judged || !demands_signatures(choice.orders.set)) return;
  const auto ref = deciding_reference(s, choice.task);
  auto found = judge_proofs_of(choice.orders.set, choice.orders.effects_of(s), *ref,
                               *known.find(ref->canonical())->second, choice.proofs);
  of.warnings = std::move(found.warnings);
  of.is_unchecked = found.is_unchecked;
  if (found.refusal.empty() && !found.failure) return;
  of.outcome = found.refusal.empty() ? slot_result::kind::failed : slot_result::kind::refused;
  of.after.clear();
  of.message = found.refusal.empty() ? std::move(found.failure->message) : std::move(found.refusal);
  of.code = found.refusal.empty() && found.failure ? found.failure->code : error_code::denied;
}

// The first of the slots at one place that gets no digest, or another one than the first that does.
const slot_result* obstacle_of(std::span<slot_result* const> shared, const pin_choice& choice,
                               std::span<const files::slot> slots, const digest_map& known) {
  using kind = slot_result::kind;
  const auto digest_of = [&](const slot_result& r) {
    return *known.find(deciding_reference(slots[r.slot], choice.task)->canonical())->second;
  };
  for (const kind outcome : {kind::refused, kind::failed, kind::left, kind::current})
    for (const slot_result* one : shared)
      if (one->outcome == outcome) return one;
  for (const slot_result* one : shared)
    if (choice.task != pin_task::unpin && digest_of(*one) != digest_of(*shared.front())) return one;
  return nullptr;
}

// Slots at one place share their bytes, through a merge key: what one of them may not have, none gets.
void share_refusals(std::span<const files::slot> slots, const pin_choice& choice, const digest_map& known,
                    std::vector<slot_result>& results) {
  std::map<std::pair<std::size_t, std::size_t>, std::vector<slot_result*>> places;
  for (slot_result& r : results) places[{slots[r.slot].line, slots[r.slot].column}].push_back(&r);
  for (const auto& [place, shared] : places) {
    if (shared.size() == 1) continue;
    const slot_result* by = obstacle_of(shared, choice, slots, known);
    if (by == nullptr) continue;
    const bool is_error = by->outcome == slot_result::kind::refused || by->outcome == slot_result::kind::failed;
    for (slot_result* r : shared) {
      if (r->outcome != slot_result::kind::changed) continue;
      const files::slot& s = slots[by->slot == r->slot ? shared.front()->slot : by->slot];
      r->after.clear();
      r->outcome = is_error ? by->outcome : slot_result::kind::left;
      r->message = is_error ? by->message
                            : fmt::format(
                                  "{}, {}, has the same text, through a merge key, and does not get the same "
                                  "digest; write what differs in each",
                                  s.name, quoted_name(s.written));
      r->code = by->code;
    }
  }
}

// The format that the entries of kustomizations need to match the image; the format of `order` when any will do.
std::optional<pin::pin_format> matched_format(const files::slot& s, const pin_choice& choice, const slot_order& order) {
  const auto ref = deciding_reference(s, choice.task);
  if (!ref) return order.format;
  const auto wanted = order.format.value_or(choice.format);
  const auto needed =
      files::format_for_all(choice.entries, {s.written, ref->written_name(), ref->effective_tag()}, wanted);
  return needed == wanted ? order.format : std::optional(needed);
}

// A program that reads comments of lines, and the part that it changes.
using line_reader = std::pair<std::string_view, files::marker_change>;

std::string note_of(const line_reader& by, std::size_t count) {
  const auto& [program, changes] = by;
  const std::string_view advice = changes == files::marker_change::tag
                                      ? "; it changes the tag and leaves the digest: run pinhook pin --update after it"
                                  : changes == files::marker_change::value
                                      ? "; its next value has no digest: run pinhook pin after it"
                                      : "";
  return fmt::format("{} written with tag and digest: {} reads the comment there, which must contain nothing else{}",
                     count == 1 ? "1 image is" : fmt::format("{} images are", count), program, advice);
}

// Completes the results of the changed slots from the rewritten file.
void take_outcome(const std::vector<files::slot>& after, const std::vector<files::change>& changes,
                  pin::pin_format format, pinned_file& out) {
  std::map<line_reader, std::size_t> marked;
  for (const files::change& one : changes) {
    const files::slot& s = after[one.slot];
    if (!s.tag) ++out.lost_tags;
    const bool is_both = s.ref && !s.ref->tag().empty();
    if (s.marker != nullptr && is_both && s.form != files::slot_form::values && s.form != files::slot_form::artefact &&
        one.format.value_or(format) == pin::pin_format::digest)
      ++marked[{s.marker->program, s.marker->changes}];
    if (s.form == files::slot_form::scalar) out.results[one.slot].after = s.written;
  }
  for (const auto& [by, count] : marked) out.notes.push_back(note_of(by, count));
}

}  // namespace

std::span<const files::slot> with_problems(std::span<const files::slot> slots, const renamed_images& renamed,
                                           std::vector<files::slot>& into) {
  for (const auto& [index, one] : renamed) {
    if (one.problem.empty() || index >= slots.size() || slots[index].reason != files::skip_reason::none) continue;
    if (into.empty()) into.assign(slots.begin(), slots.end());
    if (!into[index].problem.empty() || (one.is_replaced && into[index].is_pinned())) continue;
    into[index].problem = one.problem;
    if (one.is_replaced) {
      into[index].reason = files::skip_reason::replaced;
      continue;
    }
    into[index].remedy = one.remedy.empty() ? std::string(files::dot_remedy) : one.remedy;
  }
  return into.empty() ? slots : std::span<const files::slot>(into);
}

std::optional<slot_result> renamed_result(const renamed_image& one, const registry::digest& own,
                                          const digest_map& known) {
  using kind = slot_result::kind;
  if (one.is_replaced || !one.problem.empty()) return std::nullopt;
  const std::string change = fmt::format("{} changes it to {}", one.by, quoted_name(one.text));
  if (!one.ref)
    return slot_result{.outcome = kind::left,
                       .message = fmt::format("{}, which is not a valid image reference", change)};
  const auto found = known.find(one.ref->canonical());
  if (found == known.end()) return std::nullopt;
  const std::string remedy = one.remedy.empty() ? fmt::format("pin it there: pinhook pin -i {}", one.by) : one.remedy;
  if (!found->second && one.is_guess)
    return slot_result{.outcome = kind::left,
                       .message = fmt::format("{}: {}; {}", change, found->second.error().message, remedy)};
  if (!found->second)
    return slot_result{.outcome = kind::failed,
                       .message = fmt::format("{}: {}", change, found->second.error().message),
                       .code = found->second.error().code};
  if (*found->second == own) return std::nullopt;
  return slot_result{.outcome = kind::left, .message = fmt::format("{}, which has another digest; {}", change, remedy)};
}

bool is_unknown_image(const error& answer) {
  // Some registries answer 401 or 403 where there is no repository of that name.
  using enum error_code;
  return answer.code == not_found || answer.code == unauthorized || answer.code == denied;
}

bool is_unknown_guess(const files::slot& s, const error& answer) { return s.is_guess && is_unknown_image(answer); }

bool pinned_file::has(slot_result::kind outcome) const {
  return std::ranges::any_of(results, [&](const slot_result& r) { return r.outcome == outcome; });
}

std::string pinned_file::lost_tags_note() const {
  if (lost_tags == 0) return {};
  const bool is_one = lost_tags == 1;
  return fmt::format("{} not shown: {}; the format tag-and-digest keeps {}",
                     is_one ? "the tag of 1 image is" : fmt::format("the tags of {} images are", lost_tags),
                     looks_like_json(text) ? "JSON has no comments" : "no comment can stand there",
                     is_one ? "it" : "them");
}

std::vector<registry::reference> wanted(const files::image_file& file, const pin_choice& choice) {
  std::vector<registry::reference> out;
  if (choice.task == pin_task::unpin) return out;
  std::set<std::string, std::less<>> seen;
  std::vector<files::slot> judged;
  const auto slots = with_problems(file.slots(), choice.renamed, judged);
  const auto orders = choice.orders.orders_of(slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!orders[i].never.empty()) continue;
    auto ref = deciding_reference(slots[i], choice.task);
    if (!ref || !registry_refusal(choice.orders, slots[i], i, choice.renamed).empty()) continue;
    const auto [begin, end] = choice.renamed.equal_range(i);
    for (const auto& [index, one] : std::ranges::subrange(begin, end))
      if (one.ref && seen.insert(one.ref->canonical()).second) out.push_back(*one.ref);
    if (seen.insert(ref->canonical()).second) out.push_back(std::move(*ref));
  }
  return out;
}

void add_questions(const files::image_file& file, const pin_choice& choice, const digest_map& known,
                   rules::proof_requests& to) {
  if (choice.task == pin_task::unpin || !demands_signatures(choice.orders.set)) return;
  std::vector<files::slot> judged;
  const auto slots = with_problems(file.slots(), choice.renamed, judged);
  const auto orders = choice.orders.orders_of(slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (decide(i, slots[i], choice, orders[i], known).outcome != slot_result::kind::changed) continue;
    const auto ref = deciding_reference(slots[i], choice.task);
    add_questions(choice.orders.set, choice.orders.effects_of(slots[i]), *ref, *known.find(ref->canonical())->second,
                  to);
  }
}

result<pinned_file> pinned(const files::image_file& file, const pin_choice& choice, const digest_map& known) {
  pinned_file out;
  std::vector<files::change> changes;
  std::vector<files::slot> judged;
  const auto slots = with_problems(file.slots(), choice.renamed, judged);
  auto orders = choice.orders.orders_of(slots);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!choice.entries.empty()) orders[i].format = matched_format(slots[i], choice, orders[i]);
    auto one = decide(i, slots[i], choice, orders[i], known);
    judge_signatures(slots[i], choice, known, one);
    out.results.push_back(std::move(one));
  }
  share_refusals(slots, choice, known, out.results);
  for (const slot_result& one : out.results) {
    if (one.outcome != slot_result::kind::changed) continue;
    const files::slot& s = slots[one.slot];
    if (choice.task != pin_task::unpin && !s.doubt.empty()) out.doubts.insert(s.doubt);
    const auto ref = deciding_reference(s, choice.task);
    changes.push_back(
        {one.slot, ref ? std::optional(*known.find(ref->canonical())->second) : std::nullopt, orders[one.slot].format});
  }
  if (changes.empty()) {
    out.text = file.text();
    return out;
  }
  const auto after = file.rewritten(changes, choice.format);
  if (!after) return fail(after.error());
  out.text = after->text();
  if (choice.task != pin_task::unpin) take_outcome(after->slots(), changes, choice.format, out);
  return out;
}

}  // namespace pinhook::pipeline
