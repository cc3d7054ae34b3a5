#include <pinhook/pipeline/rule_cases.hpp>

#include <pinhook/base/nearest_word.hpp>
#include <pinhook/rules/rule_values.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::pipeline {
namespace {

using rules::rule_problem;
using outcome = std::expected<void, rule_problem>;
using text_result = std::expected<std::string_view, rule_problem>;

// A case while it is being read, since the image of a rule_case may be its last key.
struct draft {
  std::optional<registry::reference> image;
  std::optional<std::string> ns, pull_policy;
  std::string group, kind, container;
  pin::container_type type = pin::container_type::container;
  judging_place in = judging_place::admission;
  std::vector<std::string> accepted_by;
  bool resolves = true;
  bool is_moved = false;
  std::optional<rule_expectation> expect;
};

template <class Place>
std::unexpected<rule_problem> blame(const Place& at, std::string message) {
  return std::unexpected(rule_problem{at.line, at.column, std::move(message)});
}

text_result one_text(const yaml::node& n) {
  if (n.kind != yaml::node_kind::scalar) return blame(n, fmt::format("want a text, not {}", to_string(n.kind)));
  if (n.text.empty()) return blame(n, "the value is missing");
  return n.text;
}

outcome read_image(const yaml::node& n, draft& d) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  auto ref = registry::reference::parse(*text);
  if (!ref) return blame(n, ref.error().message);
  d.image = std::move(*ref);
  return {};
}

// A name, not a pattern.
std::expected<std::string, rule_problem> name_in(const yaml::node& n) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (text->find('*') != std::string_view::npos)
    return blame(n, fmt::format("{} is a pattern; name one", quoted(*text)));
  if (auto good = rules::check_label_pattern(*text); !good) return blame(n, good.error().message);
  return std::string(*text);
}

outcome read_namespace(const yaml::node& n, draft& d) {
  auto name = name_in(n);
  if (!name) return std::unexpected(std::move(name.error()));
  d.ns = std::move(*name);
  return {};
}

outcome read_container(const yaml::node& n, draft& d) {
  auto name = name_in(n);
  if (!name) return std::unexpected(std::move(name.error()));
  d.container = std::move(*name);
  return {};
}

struct built_in_kind {
  std::string_view kind, group;
};

constexpr std::array<built_in_kind, 9> built_in_kinds{{{"Pod", ""},
                                                       {"PodTemplate", ""},
                                                       {"ReplicationController", ""},
                                                       {"Deployment", "apps"},
                                                       {"ReplicaSet", "apps"},
                                                       {"StatefulSet", "apps"},
                                                       {"DaemonSet", "apps"},
                                                       {"Job", "batch"},
                                                       {"CronJob", "batch"}}};

outcome read_kind(const yaml::node& n, draft& d) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (text->find('*') != std::string_view::npos)
    return blame(n, fmt::format("{} is a pattern; name one", quoted(*text)));
  if (auto good = rules::check_kind_pattern(*text); !good) return blame(n, good.error().message);
  const auto slash = text->find('/');
  if (slash != std::string_view::npos) {
    const auto group = text->substr(0, slash);
    d.group = group == "core" ? "" : group;
    d.kind = text->substr(slash + 1);
    return {};
  }
  const auto* const known = std::ranges::find(built_in_kinds, *text, &built_in_kind::kind);
  if (known == built_in_kinds.end())
    return blame(n, fmt::format("{} is not a built-in kind; write its group, as in argoproj.io/{}", *text, *text));
  d.group = known->group;
  d.kind = *text;
  return {};
}

outcome read_type(const yaml::node& n, draft& d) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  const auto type = rules::parse_container_type(*text);
  if (!type)
    return blame(
        n,
        fmt::format("{} is not a valid type; there are container, init-container, ephemeral-container, volume, field",
                    quoted(*text, 60)));
  d.type = *type;
  return {};
}

outcome read_pull_policy(const yaml::node& n, draft& d) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (auto good = rules::check_pull_policy_value(*text); !good) return blame(n, good.error().message);
  d.pull_policy = *text;
  return {};
}

outcome read_in(const yaml::node& n, draft& d) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  if (*text != "admission" && *text != "file")
    return blame(n, fmt::format("{} is neither admission nor file", quoted(*text, 60)));
  d.in = *text == "file" ? judging_place::file : judging_place::admission;
  return {};
}

outcome read_yes(const yaml::node& n, bool& into) {
  const bool is_plain = n.kind == yaml::node_kind::scalar && n.style == yaml::scalar_style::plain;
  if (!is_plain || (n.text != "true" && n.text != "false")) return blame(n, "want true or false");
  into = n.text == "true";
  return {};
}
outcome read_resolves(const yaml::node& n, draft& d) { return read_yes(n, d.resolves); }
outcome read_moved(const yaml::node& n, draft& d) { return read_yes(n, d.is_moved); }

outcome read_names(const yaml::node& n, std::vector<std::string>& into) {
  const auto add = [&](const yaml::node& item) -> outcome {
    const auto text = one_text(item);
    if (!text) return std::unexpected(text.error());
    into.emplace_back(*text);
    return {};
  };
  if (n.kind != yaml::node_kind::sequence) return add(n);
  for (const yaml::node& item : n.items)
    if (auto good = add(item); !good) return good;
  std::ranges::sort(into);
  into.erase(std::ranges::unique(into).begin(), into.end());
  return {};
}

outcome read_accepted_by(const yaml::node& n, draft& d) { return read_names(n, d.accepted_by); }

template <auto Parse, class T>
outcome read_word(const yaml::node& n, std::string_view known, std::optional<T>& into) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  into = Parse(*text);
  if (!into)
    return blame(
        n, fmt::format("{} is not one of {}; leave the key out where no rule decides it", quoted(*text, 60), known));
  return {};
}

template <class Into>
struct key_row {
  std::string_view key;
  outcome (*read)(const yaml::node&, Into&);
};

template <class Into, std::size_t N>
outcome read_keys(const yaml::node& n, const std::array<key_row<Into>, N>& keys, Into& into) {
  if (n.kind != yaml::node_kind::mapping) return blame(n, fmt::format("want a mapping, not {}", to_string(n.kind)));
  std::array<std::string_view, N> known;
  std::ranges::transform(keys, known.begin(), &key_row<Into>::key);
  for (const yaml::member& m : n.members) {
    const auto* const row = std::ranges::find(keys, std::string_view(m.key), &key_row<Into>::key);
    if (row == keys.end()) {
      const auto near = nearest_word(m.key, known);
      return blame(m, near.empty() ? fmt::format("{} is not a valid key; there are {}", quoted(m.key, 60),
                                                 fmt::join(known, ", "))
                                   : fmt::format("{} is not a valid key; did you mean {}?", quoted(m.key, 60), near));
    }
    if (m.value.is_null()) return blame(m, fmt::format("{}: the value is missing", m.key));
    if (auto good = row->read(m.value, into); !good) {
      good.error().message = fmt::format("{}: {}", m.key, good.error().message);
      return good;
    }
  }
  return {};
}

outcome read_length(const yaml::node& n, std::optional<std::chrono::nanoseconds>& into) {
  const auto text = one_text(n);
  if (!text) return std::unexpected(text.error());
  const auto length = rules::parse_cooldown(*text);
  if (!length) return blame(n, length.error().message);
  into = *length;
  return {};
}

constexpr std::array<key_row<rule_expectation>, 7> expectation_keys{
    {{"deny", [](const yaml::node& n, rule_expectation& e) { return read_names(n, e.deny); }},
     {"warn", [](const yaml::node& n, rule_expectation& e) { return read_names(n, e.warn); }},
     {"audit", [](const yaml::node& n, rule_expectation& e) { return read_names(n, e.audit); }},
     {"pin",
      [](const yaml::node& n, rule_expectation& e) {
        return read_word<rules::parse_pin_order>(n, "always, never, keep, refresh", e.pin);
      }},
     {"format",
      [](const yaml::node& n, rule_expectation& e) {
        return read_word<rules::parse_pin_format>(n, "digest, tag-and-digest", e.format);
      }},
     {"pullPolicy",
      [](const yaml::node& n, rule_expectation& e) {
        return read_word<rules::parse_pull_policy_order>(n, "if-not-present, as-written", e.pull_policy);
      }},
     {"cooldown", [](const yaml::node& n, rule_expectation& e) { return read_length(n, e.cooldown); }}}};

outcome read_expect(const yaml::node& n, draft& d) {
  d.expect.emplace();
  return read_keys(n, expectation_keys, *d.expect);
}

constexpr std::array<key_row<draft>, 11> case_keys{{{"image", read_image},
                                                    {"namespace", read_namespace},
                                                    {"kind", read_kind},
                                                    {"container", read_container},
                                                    {"type", read_type},
                                                    {"pull-policy", read_pull_policy},
                                                    {"accepted-by", read_accepted_by},
                                                    {"moved", read_moved},
                                                    {"in", read_in},
                                                    {"resolves", read_resolves},
                                                    {"expect", read_expect}}};

std::expected<rule_case, rule_problem> read_case(const yaml::node& n) {
  draft d;
  if (auto good = read_keys(n, case_keys, d); !good) return std::unexpected(std::move(good.error()));
  if (!d.image) return blame(n, "image is missing");
  if (!d.expect) return blame(n, "expect is missing: write expect: {} where no rule says anything");
  if (d.type == pin::container_type::other && d.pull_policy)
    return blame(*n.find("pull-policy"), "pull-policy: a field has none; only containers and volumes do");
  return rule_case{std::move(*d.image),
                   std::move(d.ns),
                   std::move(d.group),
                   std::move(d.kind),
                   std::move(d.container),
                   d.type,
                   std::move(d.pull_policy),
                   d.in,
                   std::move(d.accepted_by),
                   d.is_moved,
                   d.resolves,
                   std::move(*d.expect),
                   n.line,
                   n.column};
}

}  // namespace

std::expected<std::vector<rule_case>, rule_problem> read_rule_cases(const yaml::node& list) {
  if (list.kind != yaml::node_kind::sequence) return blame(list, "want a list of {image: …, expect: {…}}");
  if (list.items.empty()) return blame(list, "the list is empty, so nothing is tested");
  std::vector<rule_case> out;
  out.reserve(list.items.size());
  for (const yaml::node& item : list.items) {
    auto one = read_case(item);
    if (!one) return std::unexpected(std::move(one.error()));
    out.push_back(std::move(*one));
  }
  return out;
}

std::optional<rule_problem> find_unknown_rule(const rules::rule_set& rules, std::span<const rule_case> cases) {
  std::vector<std::string_view> known;
  for (const rules::rule& r : rules.rules()) known.push_back(r.name);
  std::ranges::sort(known);
  for (const rule_case& one : cases)
    for (const auto* names : {&one.expect.deny, &one.expect.warn, &one.expect.audit})
      for (const std::string& name : *names) {
        if (std::ranges::binary_search(known, std::string_view(name))) continue;
        const auto near = nearest_word(name, known);
        return rule_problem{one.line, one.column,
                            fmt::format("expect: there is no rule {}{}", quoted(name, 80),
                                        near.empty() ? "" : fmt::format("; did you mean {}?", near))};
      }
  return std::nullopt;
}

}  // namespace pinhook::pipeline
