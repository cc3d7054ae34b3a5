#include <pinhook/pipeline/rule_report.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/rules/proof.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace pinhook::pipeline {
namespace {

using names = std::vector<std::string>;

// " docker.io, ghcr.io", " by acme or github", " https://slsa.dev/provenance/v1 by acme".
std::string values_of(const rules::demand& d) {
  if (!d.values.empty()) return fmt::format(" {}", fmt::join(d.values, ", "));
  if (!d.verifiers.empty()) return " by " + rules::names_of(d.verifiers);
  names out;
  for (const rules::attestation& one : d.attestations) {
    out.push_back(fmt::format("{} by {}", one.type, rules::names_of(one.by)));
    for (const auto& [pointer, value] : one.fields) out.back() += fmt::format(" with {}: {}", pointer, value);
  }
  return out.empty() ? "" : fmt::format(" {}", fmt::join(out, " and "));
}

// The effects that a rule decides, each with its text.
std::vector<std::pair<std::string, std::string>> effects_of(const rules::rule& r) {
  std::vector<std::pair<std::string, std::string>> out;
  if (r.pin) out.emplace_back("pin", fmt::format("pin: {}", rules::to_string(*r.pin)));
  if (r.format) out.emplace_back("format", fmt::format("format: {}", rules::to_string(*r.format)));
  if (r.pull_policy) out.emplace_back("pullPolicy", fmt::format("pullPolicy: {}", rules::to_string(*r.pull_policy)));
  if (r.cooldown) out.emplace_back("cooldown", fmt::format("cooldown: {}", duration_text(*r.cooldown)));
  for (const rules::demand& d : r.demands)
    out.emplace_back(rules::to_string(d.requirement), fmt::format("require {}{}: {}", rules::to_string(d.requirement),
                                                                  values_of(d), rules::to_string(r.action)));
  return out;
}

names conditions_of(const rules::condition& c) {
  names out;
  const auto add = [&](std::string_view subject, const names& any_of) {
    if (!any_of.empty()) out.push_back(fmt::format("{} {}", subject, fmt::join(any_of, ", ")));
  };
  names types;
  for (const auto t : c.types) types.emplace_back(rules::to_string(t));
  add("namespaces", c.namespaces);
  add("kinds", c.kinds);
  add("containers", c.containers);
  add("types", types);
  return out;
}

bool has_effect(const rules::rule& r, std::string_view effect) {
  const auto all = effects_of(r);
  return std::ranges::any_of(all, [&](const auto& one) { return one.first == effect; });
}

std::string quoted_list(const names& all) {
  std::string out = "[";
  for (const auto& one : all) {
    if (out.size() > 1) out += ',';
    json::append_string(out, one);
  }
  return out + "]";
}

std::string json_of(const rule_match::earlier_rule& e) {
  std::string out = "{\"effect\":";
  json::append_string(out, e.effect);
  out += ",\"rule\":";
  json::append_string(out, e.rule);
  return out + fmt::format(",\"always\":{}}}", e.is_always);
}

using proof_demand = std::pair<const rules::rule*, const rules::demand*>;

// Of the rules that match, in their order.
std::vector<proof_demand> demands_on_proofs(const rules::rule_set& rules, const registry::reference& ref) {
  std::vector<proof_demand> out;
  for (const std::uint32_t at : rules.matching(ref)) {
    const rules::rule& r = rules.rules()[at];
    if (r.action == rules::action::allow) continue;
    for (const rules::demand& d : r.demands)
      if (!rules::questions_of(d).empty()) out.emplace_back(&r, &d);
  }
  return out;
}

}  // namespace

std::vector<rules::proof_question> questions_about(const rules::rule_set& rules, const registry::reference& ref) {
  std::vector<rules::proof_question> out;
  for (const auto& [rule, d] : demands_on_proofs(rules, ref))
    for (auto& q : rules::questions_of(*d))
      if (std::ranges::find(out, q) == out.end()) out.push_back(std::move(q));
  return out;
}

std::vector<rule_verdict> find_rule_verdicts(const rules::rule_set& rules, const registry::reference& ref,
                                             const rules::proofs& answers) {
  std::vector<rule_verdict> out;
  for (const auto& [rule, d] : demands_on_proofs(rules, ref)) {
    const auto found = rules::judge_proofs(*d, answers);
    std::string text = "met";
    if (found.is == rules::judgement::state::broken)
      text = found.lines.empty() ? found.summary : fmt::format("{} ({})", found.summary, fmt::join(found.lines, "; "));
    else if (found.is == rules::judgement::state::unknown)
      text = fmt::format("unknown: {}", found.failure->message);
    out.push_back({rule->name, found.is, std::move(text)});
  }
  return out;
}

std::string to_lines(const std::vector<rule_verdict>& verdicts) {
  std::string out;
  for (const rule_verdict& v : verdicts)
    out += fmt::format("{:<12}{}\n", out.empty() ? "signatures" : "", printable(fmt::format("{}: {}", v.rule, v.text)));
  return out;
}

std::string to_json(const std::vector<rule_verdict>& verdicts) {
  constexpr std::array<std::string_view, 3> results{"met", "broken", "unknown"};
  std::string out = "[";
  for (const rule_verdict& v : verdicts) {
    out += out.size() == 1 ? "{\"rule\":" : ",{\"rule\":";
    json::append_string(out, v.rule);
    out += fmt::format(",\"result\":\"{}\",\"message\":", results[static_cast<std::size_t>(v.is)]);
    json::append_string(out, v.text);
    out += '}';
  }
  return out + "]";
}

std::vector<rule_match> find_rule_matches(const rules::rule_set& rules, const registry::reference& ref) {
  std::vector<rule_match> out;
  const auto all = rules.rules();
  const auto matching = rules.matching(ref);
  for (std::size_t i = 0; i < matching.size(); ++i) {
    const rules::rule& r = all[matching[i]];
    rule_match m;
    m.name = r.name;
    m.conditions = conditions_of(r.about);
    for (const auto& [effect, text] : effects_of(r)) {
      m.effects.push_back(text);
      // The rules before the first that decides the effect everywhere, and that one.
      for (std::size_t before = 0; before < i; ++before) {
        const rules::rule& e = all[matching[before]];
        if (!has_effect(e, effect)) continue;
        const bool is_always = conditions_of(e.about).empty();
        m.instead.push_back({effect, e.name, is_always});
        if (is_always) break;
      }
    }
    out.push_back(std::move(m));
  }
  return out;
}

std::string to_lines(const std::vector<rule_match>& matches) {
  std::string out;
  for (const rule_match& m : matches) {
    std::string text = fmt::format("{}: {}", m.name, fmt::join(m.effects, ", "));
    if (!m.conditions.empty()) text += fmt::format("; in {}", fmt::join(m.conditions, ", in "));
    for (const auto& e : m.instead)
      text += fmt::format("; rule {} decides {} {}", e.rule, e.effect, e.is_always ? "before it" : "where it matches");
    out += fmt::format("{:<12}{}\n", out.empty() ? "rules" : "", printable(text));
  }
  return out;
}

std::string to_json(const std::vector<rule_match>& matches) {
  names out;
  for (const rule_match& m : matches) {
    names instead;
    for (const auto& e : m.instead) instead.push_back(json_of(e));
    std::string name;
    json::append_string(name, m.name);
    out.push_back(fmt::format(R"({{"name":{},"says":{},"conditions":{},"instead":[{}]}})", name, quoted_list(m.effects),
                              quoted_list(m.conditions), fmt::join(instead, ",")));
  }
  return fmt::format("[{}]", fmt::join(out, ","));
}

}  // namespace pinhook::pipeline
