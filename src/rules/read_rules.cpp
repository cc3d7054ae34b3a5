#include <pinhook/rules/read_rules.hpp>

#include <pinhook/base/error.hpp>
#include <pinhook/base/nearest_word.hpp>
#include <pinhook/rules/read_demands.hpp>
#include <pinhook/rules/rule_nodes.hpp>
#include <pinhook/rules/rule_values.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::rules {
namespace {

using outcome = read_outcome;
using text_list = std::vector<std::string>;

// A word of a table.
template <class T, class Parse>
outcome read_word(const yaml::node& n, std::string_view kind, known_words known, Parse parse, T& into) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  const auto value = parse(*text);
  if (!value) return blame(n, unknown_word(kind, *text, known));
  into = *value;
  return {};
}

constexpr std::array<std::string_view, 6> own_names{"invalid", "no-tag", "latest", "unpinned", "drift", "unknown-tag"};
constexpr std::array<std::string_view, 2> preset_words{"recommended", "strict"};
constexpr std::array<std::string_view, 4> pin_words{"always", "never", "keep", "refresh"};
constexpr std::array<std::string_view, 2> format_words{"digest", "tag-and-digest"};
constexpr std::array<std::string_view, 2> pull_policy_words{"if-not-present", "as-written"};
constexpr std::array<std::string_view, 4> action_words{"deny", "warn", "audit", "allow"};
constexpr std::array<std::string_view, 5> type_words{"container", "init-container", "ephemeral-container", "volume",
                                                     "field"};
outcome read_name(const yaml::node& n, rule& r) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (auto good = check_rule_name(*text); !good) return blame(n, std::move(good.error().message));
  if (std::ranges::find(own_names, *text) != own_names.end())
    return blame(n, fmt::format("{} is the name of a rule of `pinhook check` itself; take another", *text));
  r.name = *text;
  return {};
}

outcome read_preset(const yaml::node& n, rule& r) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (rules_of_preset(*text).empty()) return blame(n, unknown_word("preset", *text, preset_words));
  r.preset = *text;
  return {};
}

outcome read_images(const yaml::node& n, rule& r) {
  return each_text(n, [&](std::string_view text) -> result<void> {
    auto pattern = reference_pattern::parse(text);
    if (!pattern) return fail(std::move(pattern.error()));
    r.about.images.push_back(std::move(*pattern));
    return {};
  });
}

outcome read_namespaces(const yaml::node& n, rule& r) { return read_texts<check_label_pattern>(n, r.about.namespaces); }
outcome read_containers(const yaml::node& n, rule& r) { return read_texts<check_label_pattern>(n, r.about.containers); }
outcome read_kinds(const yaml::node& n, rule& r) { return read_texts<check_kind_pattern>(n, r.about.kinds); }

outcome read_types(const yaml::node& n, rule& r) {
  return each_text(n, [&](std::string_view text) -> result<void> {
    const auto type = parse_container_type(text);
    if (!type) return fail(error_code::invalid_input, unknown_word("type", text, type_words));
    r.about.types.push_back(*type);
    return {};
  });
}

outcome read_pin(const yaml::node& n, rule& r) { return read_word(n, "order", pin_words, parse_pin_order, r.pin); }
outcome read_format(const yaml::node& n, rule& r) {
  return read_word(n, "format", format_words, parse_pin_format, r.format);
}
outcome read_pull_policy(const yaml::node& n, rule& r) {
  return read_word(n, "order", pull_policy_words, parse_pull_policy_order, r.pull_policy);
}
outcome read_cooldown(const yaml::node& n, rule& r) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  const auto length = parse_cooldown(*text);
  if (!length) return blame(n, length.error().message);
  r.cooldown = *length;
  return {};
}
outcome read_action(const yaml::node& n, rule& r) {
  return read_word(n, "action", action_words, parse_action, r.action);
}

outcome read_message(const yaml::node& n, rule& r) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (auto good = check_rule_message(*text); !good) return blame(n, std::move(good.error().message));
  r.message = *text;
  return {};
}

struct key_row {
  std::string_view key;
  /// It is a condition, so a preset may have it.
  bool is_condition;
  outcome (*read)(const yaml::node&, rule&);
};

constexpr std::array<key_row, 14> rule_keys{{{"name", false, read_name},
                                             {"preset", false, read_preset},
                                             {"images", true, read_images},
                                             {"namespaces", true, read_namespaces},
                                             {"kinds", true, read_kinds},
                                             {"containers", true, read_containers},
                                             {"types", true, read_types},
                                             {"pin", false, read_pin},
                                             {"format", false, read_format},
                                             {"pullPolicy", false, read_pull_policy},
                                             {"cooldown", false, read_cooldown},
                                             {"require", false, read_demands},
                                             {"action", false, read_action},
                                             {"message", false, read_message}}};

std::string no_such_key(std::string_view key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> slips{{{"pull-policy", "pullPolicy"},
                                                                                {"pull_policy", "pullPolicy"},
                                                                                {"imagePullPolicy", "pullPolicy"},
                                                                                {"repo", "images"}}};
  std::array<std::string_view, rule_keys.size()> known;
  std::ranges::transform(rule_keys, known.begin(), &key_row::key);
  std::string_view near = nearest_word(key, known);
  for (const auto& [slip, meant] : slips)
    if (slip == key) near = meant;
  if (!near.empty()) return fmt::format("{} is not a key of a rule; did you mean {}?", quoted(key, 60), near);
  return fmt::format("{} is not a key of a rule; there are {}", quoted(key, 60), fmt::join(known, ", "));
}

outcome read_keys(const yaml::node& n, rule& r) {
  for (const yaml::member& m : n.members) {
    const auto* const row = std::ranges::find(rule_keys, std::string_view(m.key), &key_row::key);
    if (row == rule_keys.end()) return blame(m, no_such_key(m.key));
    // A null value has no place of its own.
    if (m.value.is_null())
      return blame(m, fmt::format("{}: the value is missing; write one, or leave the key out", m.key));
    if (auto good = row->read(m.value, r); !good) return within(m.key, std::move(good.error()));
  }
  return {};
}

const yaml::member* member_of(const yaml::node& n, std::string_view key) {
  const auto found = std::ranges::find(n.members, key, &yaml::member::key);
  return found == n.members.end() ? nullptr : &*found;
}

outcome check_preset_alone(const yaml::node& n, const rule& r) {
  for (const yaml::member& m : n.members) {
    if (m.key == "preset" || std::ranges::find(rule_keys, std::string_view(m.key), &key_row::key)->is_condition)
      continue;
    return blame(m,
                 fmt::format("{} cannot be combined with preset: {}, which brings its own; images, namespaces, kinds, "
                             "containers and types can",
                             m.key, r.preset));
  }
  return {};
}

// Pinning removes tags: a Pod of a pinned Deployment, or the same request sent again, would no longer meet it.
outcome check_patterns_fit_demands(const yaml::node& n, const rule& r) {
  const auto outlives = std::ranges::find_if(r.demands, [](const demand& d) { return outlives_tags(d.requirement); });
  const auto pattern = std::ranges::find_if(
      r.about.images, [](const reference_pattern& p) { return !p.tag().is_empty() || !p.digest().is_empty(); });
  if (outlives == r.demands.end() || pattern == r.about.images.end()) return {};
  return blame(member_of(n, "images")->value,
               fmt::format("{} looks at the {}, which pinning changes, so {} would be demanded before and not after; "
                           "name images without it here",
                           quoted(pattern->text(), 100), pattern->tag().is_empty() ? "digest" : "tag",
                           to_string(outlives->requirement)));
}

// Checks which keys go together, beyond those that each allows by itself.
outcome check_together(const yaml::node& n, const rule& r) {
  if (!r.preset.empty()) return check_preset_alone(n, r);
  const yaml::member* const require = member_of(n, "require");
  const yaml::member* const action = member_of(n, "action");
  const yaml::member* const message = member_of(n, "message");
  const yaml::member* const format = member_of(n, "format");
  const yaml::member* const pull_policy = member_of(n, "pullPolicy");
  if (require != nullptr && action == nullptr)
    return blame(*require, "require without action: say deny, warn, audit or allow");
  if (require == nullptr && action != nullptr) return blame(*action, "action without require: add the requirements");
  if (require == nullptr && message != nullptr)
    return blame(*message, "message without require: it would never be shown");
  const bool is_never = r.pin == pin::pin_order::never;
  if (is_never && format != nullptr)
    return blame(*format, "format with pin: never: an image that is never pinned has no format");
  if (is_never && pull_policy != nullptr)
    return blame(*pull_policy, "pullPolicy beside pin: never: it changes where an image is pinned, and nowhere else");
  if (const yaml::member* const cooldown = member_of(n, "cooldown"); is_never && cooldown != nullptr)
    return blame(*cooldown, "cooldown beside pin: never: it chooses the digest of a pin, and there is none");
  if (!r.pin && !r.format && !r.pull_policy && !r.cooldown && r.demands.empty())
    return blame(n, "it neither orders nor demands anything; give it pin, format, pullPolicy, cooldown or require");
  return check_patterns_fit_demands(n, r);
}

// "rules[2] (sidecars)"; the name when it is a valid one.
std::string place_of(std::size_t index, const yaml::node& n) {
  for (const std::string_view key : {"name", "preset"})
    if (const yaml::node* const name = n.find(key); name != nullptr && name->kind == yaml::node_kind::scalar)
      if (check_rule_name(name->text)) return fmt::format("rules[{}] ({})", index, name->text);
  return fmt::format("rules[{}]", index);
}

// Findings and metrics are labelled by names, so a rule without one is called by its place, counted from 1.
std::expected<rule, rule_problem> read_rule(std::size_t index, const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return blame(n, fmt::format("want a rule, a mapping of {{name: …, images: …, pin: …}}, not {}", to_string(n.kind)));
  rule out;
  out.line = n.line;
  out.column = n.column;
  auto good = read_keys(n, out);
  if (good) good = check_together(n, out);
  if (!good) return std::unexpected(std::move(good.error()));
  if (out.name.empty() && out.preset.empty()) out.name = fmt::format("rule-{}", index + 1);
  return out;
}

// A problem of the whole set, reported as one of the rule at that place.
rule_problem in_its_rule(rule_problem p, const yaml::node& list) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const yaml::node& n = list.items[i];
    if (n.line != p.line || n.column != p.column) continue;
    const yaml::node* const name = n.find("name");
    const std::string prefix = name == nullptr ? "" : fmt::format("rule {}: ", quoted(name->text));
    if (!prefix.empty() && p.message.starts_with(prefix)) p.message.erase(0, prefix.size());
    if (p.message.starts_with("rules[")) return p;
    p.message = fmt::format("{}: {}", place_of(i, n), p.message);
    return p;
  }
  return p;
}

}  // namespace

std::expected<rule_set, rule_problem> read_rules(const yaml::node& list) {
  if (list.kind != yaml::node_kind::sequence)
    return blame(list, fmt::format("rules: want a list of rules, not {}", to_string(list.kind)));
  std::vector<rule> all;
  all.reserve(list.items.size());
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    auto one = read_rule(i, list.items[i]);
    if (!one) return within(place_of(i, list.items[i]), std::move(one.error()));
    all.push_back(std::move(*one));
  }
  auto made = rule_set::make(std::move(all));
  if (!made) return std::unexpected(in_its_rule(std::move(made.error()), list));
  return made;
}

}  // namespace pinhook::rules
