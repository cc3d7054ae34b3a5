#include <pinhook/rules/rule_set.hpp>

#include <pinhook/rules/rule_index.hpp>
#include <pinhook/rules/unreachable_rules.hpp>

#include <fmt/core.h>

#include <atomic>
#include <map>
#include <optional>
#include <utility>

namespace pinhook::rules {
namespace {

std::unexpected<rule_problem> problem_at(const rule& r, std::string message) {
  return std::unexpected(rule_problem{r.line, r.column, std::move(message)});
}

/// " (line 3)" where it is known.
std::string line_of(const rule& r) { return r.line == 0 ? "" : fmt::format(" (line {})", r.line); }

/// A preset's rules with the preset's condition and place; of any other rule itself.
std::vector<rule> expand(const rule& written) {
  if (written.preset.empty()) return {written};
  std::vector<rule> out = rules_of_preset(written.preset);
  for (rule& one : out) {
    one.about = written.about;
    one.line = written.line;
    one.column = written.column;
  }
  return out;
}

std::optional<requirement> demanded_twice(const rule& r) {
  unsigned seen = 0;
  for (const demand& d : r.demands) {
    if ((seen & effect_of(d.requirement)) != 0) return d.requirement;
    seen |= effect_of(d.requirement);
  }
  return std::nullopt;
}

std::unexpected<rule_problem> problem_of(const unreachable_rule& found, std::span<const rule> rules,
                                         const rule& written) {
  const rule& before = rules[found.by];
  const std::string which = written.preset.empty()
                                ? fmt::format("rule {}: its `{}` can never apply", quoted(written.name), found.effect)
                                : fmt::format("preset {}: no part of it can ever apply", quoted(written.preset));
  return problem_at(written,
                    fmt::format("{}: rule {} before it{} matches every image that it matches; move it up, or remove it",
                                which, quoted(before.name), line_of(before)));
}

void decide(std::uint32_t rule, effect_bits decided, effects& out) {
  if ((decided & pin_effect) != 0) out.pin = rule;
  if ((decided & format_effect) != 0) out.format = rule;
  if ((decided & pull_policy_effect) != 0) out.pull_policy = rule;
  if ((decided & cooldown_effect) != 0) out.cooldown = rule;
  for (std::size_t i = 0; i < requirement_count; ++i)
    if ((decided & effect_of(static_cast<requirement>(i))) != 0) out.demands[i] = rule;
}

}  // namespace

struct rule_set::parts {
  std::vector<rule> written, rules;
  // Of each rule:
  std::vector<matcher> matchers;
  std::vector<effect_bits> effects;
  std::vector<std::uint32_t> comes_from;
  rule_index index;
  effect_bits all_effects = 0;
  // What every image gets, where no condition has a say.
  std::optional<rules::effects> of_all;
  // Differs between all sets of the process.
  std::uint64_t id = next_id();

  static std::uint64_t next_id() {
    static std::atomic<std::uint64_t> made{0};
    return ++made;
  }

  void add(std::vector<rule> more, std::size_t number_of_written) {
    for (rule& one : more) {
      matchers.emplace_back(one.about);
      effects.push_back(effects_in(one));
      all_effects |= effects.back();
      comes_from.push_back(static_cast<std::uint32_t>(number_of_written));
      rules.push_back(std::move(one));
    }
  }

  // Called when all rules are there.
  void finish() {
    index = rule_index(matchers);
    rules::effects decided;
    effect_bits open = all_effects;
    for (std::uint32_t i = 0; open != 0; ++i) {
      if (!matchers[i].matches_all()) return;
      decide(i, static_cast<effect_bits>(effects[i] & open), decided);
      open = static_cast<effect_bits>(open & ~effects[i]);
    }
    of_all = decided;
  }
};

rule_set::rule_set() : parts_(std::make_shared<const parts>()) {}

std::expected<rule_set, rule_problem> rule_set::make(std::vector<rule> written) {
  auto made = std::make_shared<parts>();
  std::map<std::string_view, const rule*> names;
  for (const rule& one : written) {
    if (one.preset.empty()) {
      const auto [before, is_new] = names.emplace(one.name, &one);
      if (!is_new)
        return problem_at(one, fmt::format("rule {}: a rule before it{} has this name, too; give each its own",
                                           quoted(one.name), line_of(*before->second)));
    }
    std::vector<rule> expanded = expand(one);
    if (expanded.empty())
      return problem_at(one, fmt::format("preset {} not found; there are recommended and strict", quoted(one.preset)));
    if (made->rules.size() + expanded.size() > max_rules)
      return problem_at(
          one, fmt::format("there are more than {} rules; put images of the same rule into one list", max_rules));
    if (const auto twice = demanded_twice(one))
      return problem_at(one, fmt::format("rule {} requires {} twice; make one of the two, or two rules",
                                         quoted(one.name), to_string(*twice)));
    made->add(std::move(expanded), static_cast<std::size_t>(&one - written.data()));
  }
  made->written = std::move(written);
  made->finish();
  if (const auto found = find_unreachable_rule(made->rules, made->matchers, made->index, made->comes_from))
    return problem_of(*found, made->rules, made->written[made->comes_from[found->rule]]);
  rule_set out;
  out.parts_ = std::move(made);
  return out;
}

rule_set rule_set::followed_by(std::vector<rule> more) const {
  auto made = std::make_shared<parts>(*parts_);
  made->id = parts::next_id();
  made->of_all.reset();
  for (const rule& one : more) made->add(expand(one), made->written.size());
  made->finish();
  rule_set out;
  out.parts_ = std::move(made);
  return out;
}

const effects* rule_set::effects_of_all() const noexcept { return parts_->of_all ? &*parts_->of_all : nullptr; }

effects rule_set::effects_of(const subject& as_written) const {
  if (parts_->of_all) return *parts_->of_all;
  const auto common = in_common_spelling(*as_written.ref);
  subject s = as_written;
  if (common) s.ref = &*common;
  effects out;
  const parts& all = *parts_;
  effect_bits open = all.all_effects;
  rule_index::walk candidates(all.index, s);
  while (open != 0) {
    const rule_index::entry* e = candidates.next();
    if (e == nullptr) break;
    const auto decided = static_cast<effect_bits>(all.effects[e->rule] & open);
    const matcher& m = all.matchers[e->rule];
    if (decided == 0 || !m.matches_place(s)) continue;
    if (e->image == rule_index::entry::every_image ? !m.matches_image(*s.ref) : !m.images()[e->image].matches(*s.ref))
      continue;
    open = static_cast<effect_bits>(open & ~decided);
    decide(e->rule, decided, out);
  }
  return out;
}

pin::slot_order rule_set::order_of(const effects& e) const {
  const auto& all = parts_->rules;
  pin::slot_order out;
  if (e.pin != effects::none) out.pin = all[e.pin].pin;
  if (e.format != effects::none) out.format = all[e.format].format;
  if (e.pull_policy != effects::none) out.pull_policy = all[e.pull_policy].pull_policy.value();
  return out;
}

std::optional<std::chrono::nanoseconds> rule_set::longest_cooldown() const {
  std::optional<std::chrono::nanoseconds> out;
  for (const rule& r : parts_->rules)
    if (r.cooldown && r.cooldown->count() > 0 && (!out || *r.cooldown > *out)) out = r.cooldown;
  return out;
}

std::vector<std::uint32_t> rule_set::matching(const registry::reference& as_written) const {
  const auto common = in_common_spelling(as_written);
  const registry::reference& ref = common ? *common : as_written;
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < parts_->matchers.size(); ++i)
    if (parts_->matchers[i].matches_image(ref)) out.push_back(i);
  return out;
}

std::uint64_t rule_set::id() const { return parts_->id; }
std::span<const rule> rule_set::rules() const { return parts_->rules; }
std::span<const rule> rule_set::written() const { return parts_->written; }

}  // namespace pinhook::rules
