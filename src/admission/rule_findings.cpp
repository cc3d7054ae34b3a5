#include <pinhook/admission/rule_findings.hpp>

#include <pinhook/admission/entry_list.hpp>
#include <pinhook/admission/refusal_lines.hpp>
#include <pinhook/admission/slot_words.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/pin/plan.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::admission {
namespace {

using rules::action;
using rules::fix_kind;

// Bytes that are kept for long names behind a warning: enough for a recognizable part of container and image.
constexpr std::size_t least_finding_size = 72;

// It is not known whether the image breaks the rule.
constexpr std::string_view unchecked = "unchecked";

constexpr std::size_t max_kind_size = 63;
constexpr std::size_t max_name_size = 253;

// The action of a finding. An update must never be refused for an image that it does not touch: scaling, or removing a
// finalizer, works whichever images run.
std::string_view taken_for(action a, pin::mode m, bool is_unchanged) {
  const bool is_audit = m == pin::mode::audit;
  if (a == action::deny && !is_unchanged) return is_audit ? "would-deny" : "deny";
  if (a == action::deny || a == action::warn) return is_audit ? "would-warn" : "warn";
  return "audit";
}

// The fix inside a sentence. Whoever applies an object in a cluster has no pinhook to run.
std::string clause_of(const rules::finding& f) {
  if (f.kind == fix_kind::text) return "write " + f.fix;
  if (f.kind == fix_kind::command) return std::string(rules::text_of(f.requirement).fix);
  return f.fix;
}

// The fix as a sentence without a full stop.
std::string sentence_of(const rules::finding& f) {
  std::string out = clause_of(f);
  if (!out.empty() && out.front() >= 'a' && out.front() <= 'z')
    out.front() = static_cast<char>(out.front() - 'a' + 'A');
  return out;
}

}  // namespace

void rule_findings::judge(const judged_slot& judged, const rules::image_state& image) {
  const pin::slot& s = about_.now.found.slots[judged.slot];
  for (const rules::finding& f : rules::judge(rules_, judged.effects, image)) {
    const rules::rule& r = rules_.rules()[f.rule];
    const std::string_view taken = f.failure ? unchecked : taken_for(f.action, mode_, judged.is_unchanged);
    outcomes_.push_back({r.name, taken, std::string(pin::label_of(s)), s.image});
    if (taken == "deny") {
      ++denials_;
      if (sentences_size_ > max_message_size) continue;
      sentences_.push_back({fmt::format("rule {}: {} {}, image {}: {}. {}", r.name, noun_of(s), short_label(s),
                                        short_image(s.image), f.reason, sentence_of(f)),
                            f.lines});
      sentences_size_ += sentences_.back().text.size();
    } else if (f.failure) {
      if (f.action != action::audit) warn_unchecked(f, s);
    } else if (taken != "audit") {
      warn(f, taken, s);
    }
  }
}

// "rule own-builds is unchecked: registry ghcr.io did not answer (container web, image ghcr.io/acme/web:1)"
void rule_findings::warn_unchecked(const rules::finding& f, const pin::slot& s) {
  warnings_.push_back({with_names(fmt::format("rule {} is unchecked: {}", rules_.rules()[f.rule].name, f.reason), s,
                                  s.image, max_warning_size)});
}

// "rule no-latest: the reason; write the tag of the version that is meant (container web, image nginx:latest)"
void rule_findings::warn(const rules::finding& f, std::string_view taken, const pin::slot& s) {
  const std::string rule = "rule " + rules_.rules()[f.rule].name;
  const std::string_view would = taken == "would-deny" ? " would deny" : taken == "would-warn" ? " would warn" : "";
  const std::string reason = fmt::format("{}{}: {}", rule, would, f.reason);
  const std::string fix = clause_of(f);
  const std::string both = reason + "; " + fix;
  const std::size_t names = with_names({}, s, s.image, max_warning_size).size();
  if (both.size() + std::min(names, least_finding_size) <= max_warning_size) {
    warnings_.push_back({with_names(both, s, s.image, max_warning_size)});
    return;
  }
  warnings_.push_back({with_names(reason, s, s.image, max_warning_size)});
  std::string whole = with_names(fmt::format("{}: {}", rule, fix), s, s.image, max_warning_size);
  // A line to copy is useless when it is cut: it is shown without the names instead, or not at all.
  const bool is_copied = f.kind == fix_kind::text;
  if (is_copied && whole.find(fix) == std::string::npos) whole = fix.size() <= max_warning_size ? fix : std::string();
  if (!whole.empty()) warnings_.push_back({std::move(whole), is_copied});
}

std::vector<std::string> rule_findings::denial(std::size_t size) const {
  // The API server's own text names the webhook alone.
  const std::string& name = about_.request.name;
  const std::string kind = cut(printable(about_.request.kind), max_kind_size);
  const std::string object =
      name.empty() ? "this " + kind : fmt::format("{} {}", kind, quoted_name(name, max_name_size));
  return detailed_finding_lines(
      fmt::format("pinhook denies {}: {} finding{}", object, denials_, denials_ == 1 ? "" : "s"), sentences_, denials_,
      size);
}

std::string rule_findings::annotation() const {
  entry_list out;
  for (const rule_outcome& o : outcomes_)
    out.add([&] {
      return fmt::format("{} {}: {}: {}", o.taken, o.rule, cut_middle(printable(o.container), max_label_size), o.image);
    });
  return out.text();
}

}  // namespace pinhook::admission
