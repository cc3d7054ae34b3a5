#include <pinhook/rules/rule_set.hpp>

#include <fmt/format.h>

#include <map>
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

}  // namespace

struct rule_set::parts {
  std::vector<rule> written, rules;
  std::vector<matcher> matchers;

  void add(std::vector<rule> more) {
    for (rule& one : more) {
      matchers.emplace_back(one.about);
      rules.push_back(std::move(one));
    }
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
      return problem_at(one,
                        fmt::format("there is no preset {}; there are recommended and strict", quoted(one.preset)));
    if (made->rules.size() + expanded.size() > max_rules)
      return problem_at(
          one, fmt::format("there are more than {} rules; put images of the same rule into one list", max_rules));
    made->add(std::move(expanded));
  }
  made->written = std::move(written);
  rule_set out;
  out.parts_ = std::move(made);
  return out;
}

rule_set rule_set::followed_by(std::vector<rule> more) const {
  auto made = std::make_shared<parts>(*parts_);
  for (const rule& one : more) made->add(expand(one));
  rule_set out;
  out.parts_ = std::move(made);
  return out;
}

effects rule_set::effects_of(const subject& s) const {
  effects out;
  const auto decide = [](std::uint32_t& effect, std::uint32_t index) {
    if (effect == effects::none) effect = index;
  };
  for (std::uint32_t i = 0; i < parts_->rules.size(); ++i) {
    if (!parts_->matchers[i].matches(s)) continue;
    const rule& one = parts_->rules[i];
    if (one.pin) decide(out.pin, i);
    if (one.format) decide(out.format, i);
    if (one.pull_policy) decide(out.pull_policy, i);
    for (const demand& d : one.demands) decide(out.demands[static_cast<std::size_t>(d.what)], i);
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

std::vector<std::uint32_t> rule_set::matching(const registry::reference& ref) const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < parts_->matchers.size(); ++i)
    if (parts_->matchers[i].matches_image(ref)) out.push_back(i);
  return out;
}

std::span<const rule> rule_set::rules() const { return parts_->rules; }
std::span<const rule> rule_set::written() const { return parts_->written; }

}  // namespace pinhook::rules
