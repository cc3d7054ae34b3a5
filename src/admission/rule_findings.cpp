#include <pinhook/admission/rule_findings.hpp>

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

// Bytes that are kept for the names behind a warning.
constexpr std::size_t least_finding_size = 48;

// Room for "; and 1000 more".
constexpr std::size_t rest_size = 32;

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

// The fix as a sentence without a full stop.
std::string sentence_of(const rules::finding& f) {
  if (f.kind == fix_kind::text) return "Write " + f.fix;
  if (f.kind == fix_kind::command) return "Run " + f.fix;
  std::string out = f.fix;
  if (!out.empty() && out.front() >= 'a' && out.front() <= 'z')
    out.front() = static_cast<char>(out.front() - 'a' + 'A');
  return out;
}

// The fix inside a sentence.
std::string clause_of(const rules::finding& f) {
  if (f.kind == fix_kind::text) return "write " + f.fix;
  if (f.kind == fix_kind::command) return "run " + f.fix;
  return f.fix;
}

// "one; two; and 3 more" in `size` bytes: `next` gives the text of an index below `count`.
template <class Next>
std::string join_within(std::size_t size, std::size_t shown, std::size_t count, Next next) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string one = i < shown ? next(i) : std::string();
    if (i >= shown || out.size() + 2 + one.size() + (i + 1 == count ? 0 : rest_size) > size) {
      // The first is always shown, cut if necessary.
      if (i == 0 && i < shown) {
        out = cut_words(one, size > rest_size ? size - rest_size : 0);
        if (count > 1) out += fmt::format("; and {} more", count - 1);
      } else {
        out += fmt::format("{}and {} more", out.empty() ? "" : "; ", count - i);
      }
      break;
    }
    if (i != 0) out += "; ";
    out += one;
  }
  return out;
}

}  // namespace

void rule_findings::judge(const judged_slot& judged, const rules::image_state& image) {
  const pin::slot& s = about_.now.found.slots[judged.slot];
  for (const rules::finding& f : rules::judge(rules_, judged.effects, image)) {
    const rules::rule& r = rules_.rules()[f.rule];
    const std::string_view taken = taken_for(f.action, mode_, judged.is_unchanged);
    outcomes_.push_back({r.name, taken, std::string(pin::label_of(s)), s.image});
    if (taken == "deny") {
      ++denials_;
      if (sentences_size_ > max_message_size) continue;
      sentences_.push_back(fmt::format("rule {}: {} {}, image {}: {}. {}", r.name, noun_of(s), short_label(s),
                                       short_image(s.image), f.reason, sentence_of(f)));
      sentences_size_ += sentences_.back().size();
    } else if (taken != "audit") {
      warn(f, taken, s);
    }
  }
}

// "rule no-latest: the reason; run pinhook resolve nginx:latest (container web, image nginx:latest)"
void rule_findings::warn(const rules::finding& f, std::string_view taken, const pin::slot& s) {
  const std::string rule = "rule " + rules_.rules()[f.rule].name;
  const std::string_view would = taken == "would-deny" ? " would deny" : taken == "would-warn" ? " would warn" : "";
  const std::string reason = fmt::format("{}{}: {}", rule, would, f.reason);
  const std::string fix = clause_of(f);
  const std::string both = reason + "; " + fix;
  if (both.size() + least_finding_size <= max_warning_size) {
    warnings_.push_back({with_names(both, s, s.image, max_warning_size)});
    return;
  }
  warnings_.push_back({with_names(reason, s, s.image, max_warning_size)});
  std::string whole = with_names(fmt::format("{}: {}", rule, fix), s, s.image, max_warning_size);
  // A line to copy is useless when it is cut: it is shown without the names instead, or not at all.
  const bool is_copied = f.kind == fix_kind::text || f.kind == fix_kind::command;
  if (is_copied && whole.find(fix) == std::string::npos) whole = fix.size() <= max_warning_size ? fix : std::string();
  if (!whole.empty()) warnings_.push_back({std::move(whole), is_copied});
}

std::string rule_findings::denial(std::size_t size) const {
  // The API server's own text names the webhook alone.
  const std::string& name = about_.request.name;
  const std::string kind = cut(printable(about_.request.kind), max_kind_size);
  const std::string object =
      name.empty() ? "this " + kind : fmt::format("{} {}", kind, quoted_name(name, max_name_size));
  std::string out = fmt::format("pinhook denies {}: {} finding{}: ", object, denials_, denials_ == 1 ? "" : "s");
  out += join_within(size - std::min(size, out.size()), sentences_.size(), denials_,
                     [&](std::size_t i) { return sentences_[i]; });
  return out;
}

std::string rule_findings::annotation() const {
  return join_within(max_message_size, outcomes_.size(), outcomes_.size(), [&](std::size_t i) {
    const rule_outcome& o = outcomes_[i];
    return fmt::format("{} {}: {}: {}", o.taken, o.rule, cut_middle(printable(o.container), max_label_size), o.image);
  });
}

}  // namespace pinhook::admission
