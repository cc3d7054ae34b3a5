#include <pinhook/config/configuration.hpp>

#include <pinhook/base/nearest_word.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/config/service_variables.hpp>
#include <pinhook/config/serving_policy.hpp>
#include <pinhook/config/setting_table.hpp>
#include <pinhook/config/units.hpp>
#include <pinhook/rules/proof.hpp>

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhook::config {
namespace {

constexpr std::string_view prefix = "PINHOOK_";
constexpr std::string_view ignored_variable = "PINHOOK_IGNORE_UNKNOWN";

bool is_section(std::string_view key) {
  return std::ranges::any_of(setting_table(), [&](const setting& row) {
    return row.key.size() > key.size() && row.key.starts_with(key) && row.key[key.size()] == '.';
  });
}

// Keys that were settings once, and their replacements.
struct former_setting {
  std::string_view key, replacement;
};

constexpr std::array<former_setting, 1> former_settings{
    {{"pin.update_overrides",
      "replaced by rules: write `rules: [{name: own, images: [\"ghcr.io/acme/**\"], pin: refresh}]`, a rule for each "
      "pattern, with pin: keep or pin: refresh"}}};

template <class Name>
const former_setting* find_former(Name name_of, std::string_view name) {
  const auto* const found =
      std::ranges::find_if(former_settings, [&](const former_setting& one) { return name_of(one.key) == name; });
  return found == former_settings.end() ? nullptr : found;
}

// `at` is a node, a member or a problem. A message that begins with a place below the key ("rules[2]: …") names the key
// already.
template <class Place>
std::unexpected<error> refuse(std::string_view file, const Place& at, std::string_view key, std::string_view message) {
  const bool names_key = message.size() > key.size() && message.starts_with(key) &&
                         (message[key.size()] == '[' || message[key.size()] == ':');
  return fail(error_code::invalid_input, fmt::format("{}: line {}, column {}: {}{}{}", file, at.line, at.column,
                                                     names_key ? "" : key, names_key ? "" : ": ", message));
}

result<void> read_section(const yaml::node& n, const std::string& path, std::string_view file, settings& s) {
  for (const auto& m : n.members) {
    const std::string key = path.empty() ? m.key : path + '.' + m.key;
    // A dot in a name would be a second spelling of a nested key.
    const bool is_name = m.key.find('.') == std::string::npos;
    if (const setting* row = find_setting(key); row != nullptr && is_name) {
      if (m.value.is_null() && row->needs_value)
        return refuse(file, m, key, fmt::format("the value is missing; write {}: [] for none", key));
      if (m.value.is_null()) continue;
      if (auto read = row->read(m.value, s); !read) return refuse(file, read.error(), key, read.error().message);
    } else if (is_name && is_section(key)) {
      if (m.value.is_null()) continue;
      if (m.value.kind != yaml::node_kind::mapping)
        return refuse(file, m, key, fmt::format("must be a mapping of settings, not {}", to_string(m.value.kind)));
      if (auto read = read_section(m.value, key, file, s); !read) return read;
    } else if (const auto* former = find_former(std::identity{}, key); former != nullptr && is_name) {
      return refuse(file, m, key, former->replacement);
    } else {
      const auto near = nearest_key(key);
      return refuse(file, m, quoted(key, 100),
                    near.empty()  ? std::string("no such setting; `pinhook serve --print-config` shows all")
                    : near == key ? fmt::format("write it as a mapping: {}: on a line, the rest indented under it",
                                                key.substr(0, key.find('.')))
                                  : fmt::format("no such setting; did you mean {}?", near));
    }
  }
  return {};
}

// PINHOOK_IGNORE_UNKNOWN: names between commas or blanks.
std::vector<std::string_view> ignored_names(const environment& all) {
  constexpr std::string_view between = ", \t\n";
  std::vector<std::string_view> out;
  std::string_view rest = variable(all, ignored_variable);
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(between), rest.size());
    if (end != 0) out.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::unexpected<error> refuse_unknown_variable(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& row : setting_table()) names.push_back(variable_name(row.key).substr(prefix.size()));
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = nearest_word(name.substr(prefix.size()), known);
  return fail(error_code::invalid_input,
              fmt::format("{}: no such setting; {} {} lists variables that are another program's",
                          printable(name.substr(0, 100)),
                          near.empty() ? std::string("`pinhook serve --print-config` shows all.")
                                       : fmt::format("did you mean {}{}?", prefix, near),
                          ignored_variable));
}

}  // namespace

result<void> read_configuration(std::string_view text, std::string_view file, settings& s) {
  auto root = yaml::parse(text);
  if (!root) return fail(error_code::invalid_input, fmt::format("{}: {}", file, root.error().message));
  if (root->is_null()) return {};
  if (root->kind != yaml::node_kind::mapping)
    return fail(error_code::invalid_input, fmt::format("{}: line {}, column {}: must be a mapping of settings, not {}",
                                                       file, root->line, root->column, to_string(root->kind)));
  settings read = s;
  if (auto good = read_section(*root, {}, file, read); !good) return good;
  s = std::move(read);
  return {};
}

std::string variable_name(std::string_view key) {
  std::string out(prefix);
  for (const char c : key) out += c == '.' || c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

result<void> apply_environment(const environment& all, settings& s) {
  const auto ignored = ignored_names(all);
  for (const auto& [name, text] : all) {
    if (!name.starts_with(prefix) || name == "PINHOOK_CONFIG" || name == ignored_variable) continue;
    const auto row =
        std::ranges::find_if(setting_table(), [&](const setting& one) { return variable_name(one.key) == name; });
    if (row != setting_table().end()) {
      if (auto good = apply_text(name, row->key, text, s); !good) return fail(std::move(good.error()));
    } else if (is_service_variable(name, text) || std::ranges::find(ignored, name) != ignored.end()) {
      continue;
    } else if (const auto* former = find_former(variable_name, name)) {
      return fail(error_code::invalid_input, fmt::format("{}: {}", name, former->replacement));
    } else {
      return refuse_unknown_variable(name);
    }
  }
  return {};
}

result<void> apply_text(std::string_view origin, std::string_view key, std::string_view text, settings& s) {
  const setting* row = find_setting(key);
  if (row == nullptr) return fail(error_code::internal, fmt::format("no setting {}", key));
  yaml::node node;
  node.text = std::string(text);
  if (row->is_structured) {
    auto parsed = yaml::parse(text);
    if (!parsed) return fail(error_code::invalid_input, fmt::format("{}: {}", origin, parsed.error().message));
    if (parsed->is_null()) return {};
    node = std::move(*parsed);
  }
  if (auto read = row->read(node, s); !read) {
    const auto& why = read.error();
    const std::string place = row->is_structured ? fmt::format("line {}, column {}: ", why.line, why.column) : "";
    return fail(error_code::invalid_input, fmt::format("{}: {}{}", origin, place, why.message));
  }
  return {};
}

namespace {

// Why a rule cannot ask that question of that verifier; empty: it can.
std::string_view fault_of_question(const signatures::verifier_setting& by, const rules::proof_question& q) {
  if (!q.type.empty() && !std::holds_alternative<signatures::cosign_setting>(by.by))
    return "is not one of cosign's, and only these read attestations";
  return {};
}

std::unexpected<error> refuse_rule(const rules::rule_problem& why) {
  const std::string place = why.line == 0 ? std::string() : fmt::format("line {}: ", why.line);
  return fail(error_code::invalid_input, fmt::format("{}rules: {}", place, why.message));
}

// Without a file of moved tags, a cooldown would never apply at admission. Commands do not read it, and one of them
// writes it: they take the webhook's configuration also where its Deployment has the path in a variable.
result<void> check_cooldowns(const settings& s) {
  if (s.for_command || !s.moves.file.empty()) return {};
  for (const rules::rule& r : s.rules.rules())
    if (r.cooldown && r.cooldown->count() > 0)
      return refuse_rule({r.line, r.column,
                          fmt::format("rule {}: cooldown needs the setting moves.file, a file that `pinhook report "
                                      "--moves-file` writes; set it, or remove the cooldown",
                                      quoted(r.name))});
  return {};
}

// Rules name verifiers that there are, and that can answer them.
result<void> check_verifiers(const settings& s) {
  std::vector<std::string_view> all;
  for (const signatures::verifier_setting& one : s.verifiers) all.emplace_back(one.name);
  if (const auto unknown = rules::find_unknown_verifier(s.rules, all)) return refuse_rule(*unknown);
  for (const rules::rule& r : s.rules.rules())
    for (const rules::demand& d : r.demands)
      for (const rules::proof_question& q : rules::questions_of(d)) {
        const auto by = std::ranges::find(s.verifiers, q.verifier, &signatures::verifier_setting::name);
        const std::string_view fault = by == s.verifiers.end() ? std::string_view() : fault_of_question(*by, q);
        if (!fault.empty())
          return refuse_rule(
              {r.line, r.column, fmt::format("rule {}: verifier {} {}", quoted(r.name), by->name, fault)});
      }
  return {};
}

}  // namespace

result<void> check_together(const settings& s) {
  if (s.tls.cert_file.empty() != s.tls.key_file.empty())
    return fail(error_code::invalid_input, fmt::format("tls.{} is set without tls.{}; both are needed",
                                                       s.tls.key_file.empty() ? "cert_file" : "key_file",
                                                       s.tls.key_file.empty() ? "key_file" : "cert_file"));
  if (s.callers.client_ca.empty() != s.callers.names.empty())
    return fail(error_code::invalid_input,
                s.callers.names.empty()
                    ? "callers.client_ca is set without callers.names; name the API servers' client certificate, or "
                      "[\"*\"] for every certificate of these authorities"
                    : "callers.names is set without callers.client_ca, which has the authorities of these names");
  // The namespace may be known only later.
  if (auto good = serving_policy_of(s, s.own_namespace.empty() ? "pinhook" : s.own_namespace); !good)
    return fail(std::move(good.error()));
  if (s.lock.required && s.lock.file.empty())
    return fail(error_code::invalid_input, "lock.required is set without lock.file: nothing could be resolved");
  if (auto good = check_verifiers(s); !good) return good;
  if (auto good = check_cooldowns(s); !good) return good;
  if (s.listen.port != 0 && s.listen == s.admin_listen)
    return fail(error_code::invalid_input,
                fmt::format("listen and admin.listen are both {}; give one another port", s.listen.to_string()));
  return {};
}

std::string render(const settings& s, detail level) {
  std::string out;
  std::string_view section;
  for (const auto& row : setting_table()) {
    const auto dot = row.key.find('.');
    const auto name = row.key.substr(dot + 1);
    const auto own = dot == std::string_view::npos ? std::string_view{} : row.key.substr(0, dot);
    const std::string_view indent = own.empty() ? "" : "  ";
    if (level == detail::documented && (!own.empty() ? own != section : true)) out += out.empty() ? "" : "\n";
    if (!own.empty() && own != section) out += fmt::format("{}:\n", own);
    section = own;
    if (level == detail::documented)
      out += fmt::format("{0}# {1}\n{0}# {2}\n{0}# Type: {3}. Variable: {4}.\n", indent, row.help, row.when, row.type,
                         variable_name(row.key));
    out += fmt::format("{}{}: {}\n", indent, name, row.write(s));
  }
  return out;
}

}  // namespace pinhook::config
