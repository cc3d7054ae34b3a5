#include <pinhook/rules/unreachable_rules.hpp>

#include <fmt/core.h>

#include <array>
#include <utility>

// A rule that covers another matches everything that the other does, so also one example of it: the index finds the few
// earlier rules that match the example, and only these are compared in full.

namespace pinhook::rules {
namespace {

/// A word that the pattern matches.
std::string example_of(const glob& word) {
  std::string out;
  bool has_star = false;
  for (const char c : word.text()) {
    if (c != '*')
      out += c;
    else if (!std::exchange(has_star, true))
      out += 'a';
  }
  return out;
}

struct digest_size {
  std::string_view algorithm;
  std::size_t size;
};
constexpr std::array<digest_size, 3> digest_sizes{{{"sha256:", 7 + 64}, {"sha384:", 7 + 96}, {"sha512:", 7 + 128}}};

/// Empty where that is not obvious.
std::string example_of_digest(const std::string& pattern) {
  if (pattern == "*") return example_of_digest("sha256:*");
  for (const auto& [algorithm, size] : digest_sizes) {
    if (!pattern.starts_with(algorithm)) continue;
    std::string out = pattern;
    std::erase(out, '*');
    const std::size_t star = pattern.find('*');
    if (star != std::string::npos && out.size() < size) out.insert(star, size - out.size(), 'a');
    return out;
  }
  return {};
}

/// An image that the pattern matches, if one is easy to find.
std::optional<registry::reference> example_of(const reference_pattern& p) {
  std::string text = p.example();
  if (!p.tag().is_empty()) text += ":" + example_of(p.tag());
  if (!p.digest().is_empty()) text += "@" + example_of_digest(p.digest().text());
  auto ref = registry::reference::parse(text);
  if (!ref || !p.matches(*ref)) return std::nullopt;
  return *std::move(ref);
}

/// A subject that a rule matches.
struct example {
  std::optional<registry::reference> ref;
  std::string ns, container, group, kind;
  subject about;

  explicit example(const matcher& m) {
    if (m.images().empty()) {
      auto any = registry::reference::parse("zq.zq/zq");
      if (any) ref = *std::move(any);
    } else {
      ref = example_of(m.images().front());
    }
    if (ref) about.ref = &*ref;
    if (!m.namespaces().empty()) {
      ns = example_of(m.namespaces().front());
      about.ns = ns;
    }
    if (!m.containers().empty()) container = example_of(m.containers().front());
    if (!m.kinds().empty()) {
      kind = example_of(m.kinds().front());
      group = example_of(m.groups().front());
    }
    about.container = container;
    about.kind = kind;
    about.group = group == "core" ? std::string_view() : std::string_view(group);
    about.type = m.a_type();
  }
  example(const example&) = delete;
  example& operator=(const example&) = delete;
};

struct effect_word {
  effect_bits effect;
  std::string_view word;
};
constexpr std::array<effect_word, 4> order_words{{{pin_effect, "pin"},
                                                  {format_effect, "format"},
                                                  {pull_policy_effect, "pullPolicy"},
                                                  {cooldown_effect, "cooldown"}}};

/// The name of the first of these effects.
std::string effect_text(effect_bits some) {
  for (const auto& [effect, word] : order_words)
    if ((some & effect) != 0) return std::string(word);
  for (std::size_t i = 0; i < requirement_count; ++i)
    if (const auto r = static_cast<requirement>(i); (some & effect_of(r)) != 0)
      return fmt::format("require: {}", to_string(r));
  return {};
}

/// Calls `see` with every rule before `rule` that could cover it, until it returns true.
template <class See>
bool see_before(std::uint32_t rule, std::span<const matcher> matchers, const rule_index& index, See see) {
  const example e(matchers[rule]);
  if (e.about.ref != nullptr) {
    rule_index::walk candidates(index, e.about);
    for (const auto* c = candidates.next(); c != nullptr && c->rule < rule; c = candidates.next())
      if (matchers[c->rule].matches(e.about) && see(c->rule)) return true;
    return false;
  }
  for (std::uint32_t i = 0; i < rule; ++i)
    if (see(i)) return true;
  return false;
}

}  // namespace

effect_bits effects_in(const rule& r) noexcept {
  unsigned out = (r.pin ? pin_effect : 0U) | (r.format ? format_effect : 0U) |
                 (r.pull_policy ? pull_policy_effect : 0U) | (r.cooldown ? cooldown_effect : 0U);
  for (const demand& d : r.demands) out |= effect_of(d.requirement);
  return static_cast<effect_bits>(out);
}

std::optional<unreachable_rule> find_unreachable_rule(std::span<const rule> rules, std::span<const matcher> matchers,
                                                      const rule_index& index, std::span<const std::uint32_t> written) {
  std::vector<effect_bits> effects;
  for (const rule& r : rules) effects.push_back(effects_in(r));
  const auto unreachable = [&](std::uint32_t i) {
    std::optional<unreachable_rule> out;
    see_before(i, matchers, index, [&](std::uint32_t by) {
      const auto both = static_cast<effect_bits>(effects[i] & effects[by]);
      if (both != 0 && matchers[by].covers(matchers[i])) out = {i, by, effect_text(both)};
      return out.has_value();
    });
    return out;
  };
  for (std::uint32_t i = 0; i < rules.size();) {
    std::uint32_t next = i;
    std::optional<unreachable_rule> first;
    bool has_all = true;
    for (; next < rules.size() && written[next] == written[i]; ++next) {
      auto found = has_all ? unreachable(next) : std::nullopt;
      has_all = has_all && found.has_value();
      if (!first) first = std::move(found);
    }
    if (has_all) return first;
    i = next;
  }
  return std::nullopt;
}

}  // namespace pinhook::rules
