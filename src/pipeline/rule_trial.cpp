#include <pinhook/base/duration.hpp>
#include <pinhook/pipeline/rule_cases.hpp>
#include <pinhook/rules/judge.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::pipeline {
namespace {

using rules::effects;
using names = std::vector<std::string>;

// The effects of the rules on a case.
struct judged_case {
  rules::effects effects;
  std::vector<rules::finding> findings;
};

bool is_pinned(const rule_case& c, const pin::slot_order& order) {
  if (c.image.is_pinned()) return true;
  return c.in == judging_place::admission && c.resolves && order.pin != pin::pin_order::never;
}

// The policy in effect when the object has been created; none where the place has no policy.
std::optional<std::string_view> policy_of(const rule_case& c, const pin::slot_order& order) {
  if (c.type == pin::container_type::other) return std::nullopt;
  const std::string_view written =
      c.pull_policy ? std::string_view(*c.pull_policy) : rules::default_pull_policy(c.image);
  const bool has_defaults = c.group.empty() || c.group == "apps" || c.group == "batch";
  const bool is_relaxed = order.pull_policy == pin::pull_policy_order::if_not_present && has_defaults &&
                          c.in == judging_place::admission && !c.image.is_pinned() && is_pinned(c, order) &&
                          c.image.effective_tag() == "latest" && written == "Always";
  return is_relaxed ? std::string_view("IfNotPresent") : written;
}

// What the verifiers that the rules name say of the image.
rules::proofs answers_of(const rules::rule_set& rules, const rules::effects& e, const rule_case& c) {
  rules::proofs out;
  for (rules::proof_question& q : rules::questions_of(rules, e)) {
    const bool is_accepted = std::ranges::find(c.accepted_by, q.verifier) != c.accepted_by.end();
    out.emplace(std::move(q), rules::proof{.is_given = is_accepted});
  }
  return out;
}

judged_case judge_case(const rules::rule_set& rules, const rule_case& c) {
  rules::subject s;
  s.ref = &c.image;
  if (c.ns) s.ns = *c.ns;
  s.group = c.group;
  s.kind = c.kind;
  s.container = c.container;
  s.type = c.type;
  judged_case out{rules.effects_of(s), {}};
  const auto order = rules.order_of(out.effects);
  rules::image_state image;
  image.ref = &c.image;
  image.has_digest = is_pinned(c, order);
  image.pull_policy = policy_of(c, order);
  const rules::proofs answers = answers_of(rules, out.effects, c);
  image.proofs = &answers;
  image.is_moved = c.is_moved;
  out.findings = judge(rules, out.effects, image);
  return out;
}

names names_found(const rules::rule_set& rules, const judged_case& judged, rules::action taken) {
  names out;
  for (const auto& f : judged.findings)
    if (f.action == taken) out.push_back(rules.rules()[f.rule].name);
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::string or_nothing(const names& all) {
  return all.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(all, ", "));
}

// The reason why an expected rule has no finding.
std::string explain_missing(const rules::rule_set& rules, const judged_case& judged, const std::string& name) {
  std::string out;
  const auto all = rules.rules();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name != name) continue;
    if (all[i].demands.empty()) return name + " demands nothing";
    for (const rules::demand& d : all[i].demands) {
      const auto decides = judged.effects.demands[static_cast<std::size_t>(d.requirement)];
      if (decides == effects::none) return name + " does not match";
      const auto& one = all[decides];
      if (!out.empty()) out += ", ";
      out += decides == i
                 ? fmt::format("{} decides {}: {}, met or reported by another", name, to_string(d.requirement),
                               to_string(one.action))
                 : fmt::format("rule {} decides {}: {}", one.name, to_string(d.requirement), to_string(one.action));
    }
  }
  return out;
}

void compare(const rules::rule_set& rules, const judged_case& judged, rules::action taken, const names& expected,
             names& into) {
  const names actual = names_found(rules, judged, taken);
  if (actual == expected) return;
  names notes;
  for (const auto& name : expected)
    if (!std::ranges::binary_search(actual, name)) notes.push_back(explain_missing(rules, judged, name));
  for (const auto& f : judged.findings)
    if (const auto& name = rules.rules()[f.rule].name; f.action == taken && !std::ranges::binary_search(expected, name))
      notes.push_back(fmt::format("rule {} demands {}", name, to_string(f.requirement)));
  into.push_back(fmt::format("{}: want {}, is {} ({})", to_string(taken), or_nothing(expected), or_nothing(actual),
                             fmt::join(notes, "; ")));
}

// `decides`: index of the rule that orders `actual`.
template <class T>
std::string word_of(const T& value) {
  return std::string(rules::to_string(value));
}
std::string word_of(std::chrono::nanoseconds length) { return duration_text(length); }

template <class T>
void compare(const rules::rule_set& rules, std::string_view effect, std::uint32_t decides,
             const std::optional<T>& expected, const std::optional<T>& actual, names& into) {
  if (expected == actual) return;
  const auto word = [](const std::optional<T>& v) { return v ? word_of(*v) : std::string("nothing"); };
  into.push_back(
      fmt::format("{}: want {}, is {} ({})", effect, word(expected), word(actual),
                  decides == effects::none ? std::string("no rule says") : "rule " + rules.rules()[decides].name));
}

names differences(const rules::rule_set& rules, const rule_case& c) {
  names out;
  const judged_case judged = judge_case(rules, c);
  const std::array<std::pair<rules::action, const names*>, 3> lists{{{rules::action::deny, &c.expect.deny},
                                                                     {rules::action::warn, &c.expect.warn},
                                                                     {rules::action::audit, &c.expect.audit}}};
  for (const auto& [taken, expected] : lists) compare(rules, judged, taken, *expected, out);
  const auto rule_of = [&](std::uint32_t index) {
    return index == effects::none ? rules::rule() : rules.rules()[index];
  };
  compare(rules, "pin", judged.effects.pin, c.expect.pin, rule_of(judged.effects.pin).pin, out);
  compare(rules, "format", judged.effects.format, c.expect.format, rule_of(judged.effects.format).format, out);
  compare(rules, "pullPolicy", judged.effects.pull_policy, c.expect.pull_policy,
          rule_of(judged.effects.pull_policy).pull_policy, out);
  compare(rules, "cooldown", judged.effects.cooldown, c.expect.cooldown, rule_of(judged.effects.cooldown).cooldown,
          out);
  return out;
}

}  // namespace

rule_case_report try_rules(const rules::rule_set& rules, std::span<const rule_case> cases, std::string_view file) {
  rule_case_report out;
  for (const rule_case& c : cases) {
    const names wrong = differences(rules, c);
    if (wrong.empty()) continue;
    ++out.failed;
    out.out += fmt::format("{}:{}:{}: {}: {}\n", file, c.line, c.column, c.image.written(), fmt::join(wrong, "; "));
  }
  const std::string_view images = cases.size() == 1 ? "image" : "images";
  out.out += out.failed == 0 ? fmt::format("{} {} as expected\n", cases.size(), images)
                             : fmt::format("{} of {} {} not as expected\n", out.failed, cases.size(), images);
  return out;
}

}  // namespace pinhook::pipeline
