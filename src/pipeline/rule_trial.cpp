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

// What rules say of a case.
struct said {
  effects of;
  std::vector<rules::finding> findings;
};

bool is_pinned(const rule_case& c, const pin::slot_order& order) {
  if (c.image.is_pinned()) return true;
  return c.in == judging_place::admission && c.resolves && order.pin != pin::pin_order::never;
}

// The policy in effect when the object was created; none where none can be written.
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

said ask(const rules::rule_set& rules, const rule_case& c) {
  rules::subject s;
  s.ref = &c.image;
  if (c.ns) s.ns = *c.ns;
  s.group = c.group;
  s.kind = c.kind;
  s.container = c.container;
  s.type = c.type;
  said out{rules.effects_of(s), {}};
  const auto order = rules.order_of(out.of);
  rules::image_state image;
  image.ref = &c.image;
  image.has_digest = is_pinned(c, order);
  image.pull_policy = policy_of(c, order);
  out.findings = judge(rules, out.of, image);
  return out;
}

names found(const rules::rule_set& rules, const said& what, rules::action taken) {
  names out;
  for (const auto& f : what.findings)
    if (f.action == taken) out.push_back(rules.rules()[f.rule].name);
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::string or_nothing(const names& all) {
  return all.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(all, ", "));
}

// Why a rule that is expected to find something does not.
std::string why_not(const rules::rule_set& rules, const said& what, const std::string& name) {
  std::string out;
  const auto all = rules.rules();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name != name) continue;
    if (all[i].demands.empty()) return name + " demands nothing";
    for (const rules::demand& d : all[i].demands) {
      const auto decides = what.of.demands[static_cast<std::size_t>(d.requirement)];
      if (decides == effects::none) return name + " does not match";
      const auto& one = all[decides];
      if (!out.empty()) out += ", ";
      out += decides == i
                 ? fmt::format("{} decides {}: {}, met or told by another", name, to_string(d.requirement),
                               to_string(one.action))
                 : fmt::format("rule {} decides {}: {}", one.name, to_string(d.requirement), to_string(one.action));
    }
  }
  return out;
}

void compare(const rules::rule_set& rules, const said& what, rules::action taken, const names& wanted, names& into) {
  const names is = found(rules, what, taken);
  if (is == wanted) return;
  names notes;
  for (const auto& name : wanted)
    if (!std::ranges::binary_search(is, name)) notes.push_back(why_not(rules, what, name));
  for (const auto& f : what.findings)
    if (const auto& name = rules.rules()[f.rule].name; f.action == taken && !std::ranges::binary_search(wanted, name))
      notes.push_back(fmt::format("rule {} demands {}", name, to_string(f.requirement)));
  into.push_back(fmt::format("{}: want {}, is {} ({})", to_string(taken), or_nothing(wanted), or_nothing(is),
                             fmt::join(notes, "; ")));
}

// `decides`: index of the rule that orders `is`.
template <class T>
void compare(const rules::rule_set& rules, std::string_view effect, std::uint32_t decides,
             const std::optional<T>& wanted, const std::optional<T>& is, names& into) {
  if (wanted == is) return;
  const auto word = [](const std::optional<T>& v) { return v ? rules::to_string(*v) : std::string_view("nothing"); };
  into.push_back(
      fmt::format("{}: want {}, is {} ({})", effect, word(wanted), word(is),
                  decides == effects::none ? std::string("no rule says") : "rule " + rules.rules()[decides].name));
}

names differences(const rules::rule_set& rules, const rule_case& c) {
  names out;
  const said what = ask(rules, c);
  const std::array<std::pair<rules::action, const names*>, 3> lists{{{rules::action::deny, &c.expect.deny},
                                                                     {rules::action::warn, &c.expect.warn},
                                                                     {rules::action::audit, &c.expect.audit}}};
  for (const auto& [taken, wanted] : lists) compare(rules, what, taken, *wanted, out);
  const auto rule_of = [&](std::uint32_t index) {
    return index == effects::none ? rules::rule() : rules.rules()[index];
  };
  compare(rules, "pin", what.of.pin, c.expect.pin, rule_of(what.of.pin).pin, out);
  compare(rules, "format", what.of.format, c.expect.format, rule_of(what.of.format).format, out);
  compare(rules, "pullPolicy", what.of.pull_policy, c.expect.pull_policy, rule_of(what.of.pull_policy).pull_policy,
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
