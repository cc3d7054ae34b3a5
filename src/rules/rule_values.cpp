#include <pinhook/rules/rule_values.hpp>

#include <pinhook/base/duration.hpp>
#include <pinhook/base/nearest_word.hpp>
#include <pinhook/base/text.hpp>
#include <pinhook/pin/kind_table.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/rules/pattern_fault.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>

namespace pinhook::rules {
namespace {

// DNS labels (RFC 1123 §2.1).
constexpr std::size_t max_label_size = 63;
constexpr std::array<std::string_view, 3> pull_policies{"Always", "IfNotPresent", "Never"};

std::unexpected<error> refuse(std::string message) { return fail(error_code::invalid_input, std::move(message)); }

bool is_label_char(char c) { return is_lower(c) || is_digit(c) || c == '-'; }
bool is_only_stars(std::string_view text) { return text.find_first_not_of('*') == std::string_view::npos; }

// "v1", "v1beta1": a version of the API, which is often taken for a group.
bool is_version(std::string_view text) {
  if (text.size() < 2 || text[0] != 'v' || !is_digit(text[1])) return false;
  return std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c); });
}

result<void> check_group(std::string_view group) {
  if (is_version(group))
    return refuse(fmt::format("{} is a version, not a group; the core group is core, as in core/Pod", quoted(group)));
  const bool is_name = std::ranges::all_of(group, [](char c) { return is_label_char(c) || c == '.'; });
  const auto is_edge = [](char c) { return is_lower(c) || is_digit(c); };
  if (group.empty() || !is_name || !is_edge(group.front()) || !is_edge(group.back()))
    return refuse(fmt::format(
        "{} is not a valid API group; write it as in apps, batch, argoproj.io; the core group is core", quoted(group)));
  return {};
}

bool is_slip_of(std::string_view kind, std::string_view known) {
  // Of shorter names another kind may well be one letter away.
  constexpr std::size_t least_with_slips = 8;
  const std::string written = lowered(kind);
  const std::string meant = lowered(known);
  return written == meant || written == meant + "s" ||
         (known.size() >= least_with_slips && edit_distance(written, meant) == 1);
}

std::string_view name_of_group(const pin::known_kind& k) { return k.group.empty() ? "core" : k.group; }

// The known kind that is meant by one with other capitals, in the plural, with a wrong letter, or in another of the
// groups of Kubernetes itself, which have no such kind: they would match no object, in silence. Empty: it may be one
// that is not known here. `group` is empty where none is written.
std::string meant_kind(std::string_view group, std::string_view kind) {
  const auto all = pin::known_kinds();
  const auto is_in_group = [&](const pin::known_kind& k) { return group.empty() || name_of_group(k) == group; };
  if (std::ranges::any_of(all, [&](const pin::known_kind& k) { return is_in_group(k) && k.kind == kind; })) return {};
  const bool is_of_kubernetes =
      std::ranges::any_of(all, [&](const pin::known_kind& k) { return k.is_built_in() && name_of_group(k) == group; });
  for (const bool is_elsewhere : {false, true})
    for (const pin::known_kind& k : all) {
      const bool is_place = is_elsewhere ? is_of_kubernetes && k.is_built_in() : is_in_group(k);
      if (is_place && is_slip_of(kind, k.kind))
        return group.empty() ? std::string(k.kind) : fmt::format("{}/{}", name_of_group(k), k.kind);
    }
  return {};
}

// True when `text`, with its stars replaced, is a registry's canonical name.
bool can_be_registry(const std::string& text) {
  // The replacements of a star: nothing, a name, one with a dot, a port, a name and a port.
  constexpr std::array<std::string_view, 7> fillings{"", "a", "a.a", ".a", "1", "a.a:1", ":1"};
  const auto last = text.rfind('*');
  const auto fill = [](std::string_view with_stars, std::string_view filling) {
    std::string out;
    for (std::size_t i = 0; i < with_stars.size(); ++i) {
      if (with_stars[i] != '*')
        out += with_stars[i];
      else if (i == 0 || with_stars[i - 1] != '*')
        out += filling;
    }
    return out;
  };
  const auto is_registry = [](const std::string& name) {
    const auto parsed = registry::reference::parse(name + "/x");
    return parsed && parsed->registry() == name;
  };
  if (last == std::string::npos) return is_registry(text);
  const auto begin = text.find_last_not_of('*', last) + 1;
  for (const auto others : fillings)
    for (const auto at_last : fillings)
      if (is_registry(fill(std::string_view(text).substr(0, begin), others) + std::string(at_last) +
                      text.substr(last + 1)))
        return true;
  return false;
}

}  // namespace

result<void> check_rule_name(std::string_view name) {
  if (name.empty() || name.size() > max_name_size)
    return refuse(fmt::format("a name has 1 to {} characters, not {}", max_name_size, name.size()));
  if (!std::ranges::all_of(name, is_label_char) || name.front() == '-' || name.back() == '-')
    return refuse(
        fmt::format("{} is not a valid rule name: small letters, digits and - between them", quoted(name, 63)));
  return {};
}

result<void> check_rule_message(std::string_view message) {
  if (message.size() > max_rule_message_size)
    return refuse(fmt::format("a message has {} bytes at most, not {}", max_rule_message_size, message.size()));
  if (std::ranges::any_of(message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return refuse("a message must be one line without control characters: it is part of a warning");
  if (message.find_first_not_of(" .") == std::string_view::npos) return refuse("the message says nothing");
  return {};
}

result<void> check_label_pattern(std::string_view pattern) {
  if (std::ranges::any_of(pattern, is_upper))
    return refuse(fmt::format("{} can match no name: they are in small letters; did you mean {}?", quoted(pattern, 63),
                              quoted(lowered(pattern), 63)));
  if (!std::ranges::all_of(pattern, [](char c) { return is_label_char(c) || c == '*'; }))
    return refuse(fmt::format("{} can match no name: they have small letters, digits and -; * matches any of them",
                              quoted(pattern, 63)));
  if (pattern.starts_with('-') || pattern.ends_with('-'))
    return refuse(fmt::format("{} can match no name: none begins or ends with -", quoted(pattern, 63)));
  const auto letters = pattern.size() - static_cast<std::size_t>(std::ranges::count(pattern, '*'));
  if (letters > max_label_size)
    return refuse(
        fmt::format("{} can match no name: they have {} characters at most", quoted(pattern, 63), max_label_size));
  return {};
}

result<void> check_kind_pattern(std::string_view pattern) {
  const auto slash = pattern.find('/');
  const bool has_group = slash != std::string_view::npos;
  const auto kind = has_group ? pattern.substr(slash + 1) : pattern;
  if (kind.find('/') != std::string_view::npos)
    return refuse(fmt::format("{} is not a valid kind; write group and kind without a version, as in apps/Deployment",
                              quoted(pattern, 100)));
  if (has_group)
    if (auto good = check_group(pattern.substr(0, slash)); !good) return good;
  if (kind == "*") {
    if (has_group) return {};
    return refuse("\"*\" is every kind; leave kinds out");
  }
  const bool is_name = std::ranges::all_of(kind, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); });
  if (kind.empty() || !is_name)
    return refuse(fmt::format("{} is not a valid kind; write it as in Deployment, apps/Deployment, argoproj.io/*",
                              quoted(pattern, 100)));
  if (!is_upper(kind.front()))
    return refuse(
        fmt::format("{} is not a valid kind: they begin with a capital, as in Deployment", quoted(pattern, 100)));
  if (const std::string meant = meant_kind(has_group ? pattern.substr(0, slash) : std::string_view(), kind);
      !meant.empty())
    return refuse(fmt::format("{} can match no object; did you mean {}?", quoted(pattern, 100), meant));
  return {};
}

result<void> check_registry_value(std::string_view value) {
  if (const auto scheme = value.find("://"); scheme != std::string_view::npos)
    return refuse(
        fmt::format("{} is not a valid registry; write {}", quoted(value, 100), quoted(value.substr(scheme + 3), 100)));
  if (value.find('/') != std::string_view::npos) {
    const auto pattern = reference_pattern::parse(value);
    if (!pattern) return fail(pattern.error());
    if (!pattern->tag().is_empty() || !pattern->digest().is_empty())
      return refuse(fmt::format("{} has a tag or digest; write registry and repository alone", quoted(value, 100)));
    return {};
  }
  if (value.size() > max_pattern_size)
    return refuse(fmt::format("a registry has {} characters at most, not {}", max_pattern_size, value.size()));
  if (const auto common = common_registry(value); common != value)
    return refuse(fmt::format("{} is compared by its common spelling; write {}", quoted(value, 100), common));
  if (can_be_registry(std::string(value))) return {};
  if (value == "index.docker.io" || value == "registry-1.docker.io" || value == "docker.com" || value == "dockerhub")
    return refuse(fmt::format("{} is not the registry of any image; Docker Hub's is docker.io", quoted(value)));
  return refuse(
      fmt::format("{} cannot be a registry; write it as in docker.io, *.example.com, localhost:5000, or with a "
                  "path as in ghcr.io/acme/**",
                  quoted(value, 100)));
}

result<void> check_pull_policy_value(std::string_view value) {
  if (std::ranges::find(pull_policies, value) != pull_policies.end()) return {};
  for (const auto known : pull_policies)
    if (lowered(known) == lowered(value))
      return refuse(fmt::format("{} is not a valid pull policy; did you mean {}?", quoted(value, 60), known));
  const auto near = nearest_word(value, pull_policies);
  if (!near.empty())
    return refuse(fmt::format("{} is not a valid pull policy; did you mean {}?", quoted(value, 60), near));
  return refuse(
      fmt::format("{} is not a valid pull policy; there are Always, IfNotPresent and Never", quoted(value, 60)));
}

result<void> check_unmoved_value(std::string_view value) {
  if (value == "version-tags") return {};
  return refuse(
      fmt::format("{} is not a kind of tags; there is version-tags: 1.4.2, v1.4.2-alpine", quoted(value, 60)));
}

result<std::chrono::nanoseconds> parse_cooldown(std::string_view text) {
  auto length = parse_duration(text);
  if (!length)
    return fail(error_code::invalid_input, fmt::format("{} is not a duration; write 72h or 30m", quoted(text, 60)));
  if (*length > max_cooldown)
    return fail(error_code::invalid_input,
                fmt::format("{} is too long; at most {} (a year)", quoted(text, 60), duration_text(max_cooldown)));
  return length;
}

result<void> check_pointer(std::string_view pointer) {
  if (!pointer.starts_with('/'))
    return refuse(
        fmt::format("{} is not a JSON pointer: they begin with /, as in /predicate/builder/id", quoted(pointer, 100)));
  for (auto at = pointer.find('~'); at != std::string_view::npos; at = pointer.find('~', at + 1))
    if (at + 1 == pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1'))
      return refuse(
          fmt::format("{} is not a JSON pointer: ~ is written ~0, and / inside a name ~1", quoted(pointer, 100)));
  return {};
}

result<void> check_demand(const demand& d) {
  if (d.requirement == requirement::registry)
    for (const std::string& one : d.values)
      if (is_only_stars(one) || one == "**/*" || one == "**/**")
        return refuse(fmt::format("{} allows every registry, so nothing is demanded", quoted(one)));
  const auto is_allowed = [&](std::string_view policy) {
    return std::ranges::find(d.values, policy) != d.values.end();
  };
  if (d.requirement == requirement::pull_policy && std::ranges::all_of(pull_policies, is_allowed))
    return refuse("every pull policy is allowed, so nothing is demanded");
  return {};
}

}  // namespace pinhook::rules
