#include <pinhook/cli/setting_types.hpp>
#include <pinhook/pin/path.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/server/listener.hpp>

#include <algorithm>
#include <initializer_list>

namespace pinhook::cli {
namespace {

read_result<void> want_mapping(const yaml::node& n, std::initializer_list<std::string_view> known) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("want a mapping of {}, not {}", fmt::join(known, ", "), to_string(n.kind)));
  for (const auto& m : n.members)
    if (std::ranges::find(known, m.key) == known.end())
      return std::unexpected(value_problem{
          m.line, fmt::format("{} is no key here; known are: {}", quoted(m.key), fmt::join(known, ", "))});
  return {};
}

read_result<void> want_list(const yaml::node& n, std::string_view what) {
  if (n.kind != yaml::node_kind::sequence)
    return no_value(n, fmt::format("want a {}, not {}", what, to_string(n.kind)));
  return {};
}

// A text that must be there and say something.
read_result<std::string> required_text(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  if (found == nullptr || found->is_null()) return no_value(mapping, fmt::format("{} is missing", key));
  auto text = read_scalar(*found, "text");
  if (text && text->empty()) return no_value(*found, fmt::format("{} is empty", key));
  return text;
}

}  // namespace

read_result<std::string> read_scalar(const yaml::node& n, std::string_view wanted) {
  if (n.kind != yaml::node_kind::scalar) return no_value(n, fmt::format("want {}, not {}", wanted, to_string(n.kind)));
  return n.text;
}

std::string quoted_yaml(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

read_result<bool> bool_type::read(const yaml::node& n) {
  auto text = read_scalar(n, name());
  if (!text) return std::unexpected(std::move(text.error()));
  if (n.style == yaml::scalar_style::plain && (*text == "true" || *text == "false")) return *text == "true";
  return no_value(n, fmt::format("{} is not {}", quoted(*text), name()));
}

read_result<std::size_t> size_type::read(const yaml::node& n) const {
  auto text = read_scalar(n, name());
  if (!text) return std::unexpected(std::move(text.error()));
  const auto value = parse_size(*text);
  if (!value) return no_value(n, value.error().message);
  if (*value < least || *value > most) return no_value(n, fmt::format("{} is out of range: {}", quoted(*text), name()));
  return static_cast<std::size_t>(*value);
}

read_result<std::chrono::nanoseconds> duration_type::read(const yaml::node& n) const {
  auto text = read_scalar(n, name());
  if (!text) return std::unexpected(std::move(text.error()));
  const auto value = parse_duration(*text);
  if (!value) return no_value(n, value.error().message);
  if (*value < least || *value > most) return no_value(n, fmt::format("{} is out of range: {}", quoted(*text), name()));
  return *value;
}

read_result<address> address_type::read(const yaml::node& n) {
  auto text = read_scalar(n, name());
  if (!text) return std::unexpected(std::move(text.error()));
  auto value = server::parse_address(*text);
  if (!value) return no_value(n, value.error().message);
  return *value;
}

read_result<std::vector<std::string>> text_list_type::read(const yaml::node& n) {
  if (auto good = want_list(n, name()); !good) return std::unexpected(std::move(good.error()));
  std::vector<std::string> out;
  for (const auto& item : n.items) {
    auto text = read_scalar(item, "text");
    if (!text) return std::unexpected(std::move(text.error()));
    if (text->empty()) return no_value(item, "an empty text in the list");
    out.push_back(std::move(*text));
  }
  return out;
}

std::string text_list_type::write(const std::vector<std::string>& v) {
  std::string out = "[";
  for (const auto& text : v) out += (out.size() > 1 ? ", " : "") + quoted_yaml(text);
  return out + "]";
}

const word_type<pin::update_rule>& update_rule_type() {
  static const word_type<pin::update_rule> type{
      {{"keep", pin::update_rule::keep}, {"refresh", pin::update_rule::refresh}}};
  return type;
}

read_result<std::vector<pin::update_override>> update_overrides_type::read(const yaml::node& n) {
  if (auto good = want_list(n, name()); !good) return std::unexpected(std::move(good.error()));
  std::vector<pin::update_override> out;
  for (const auto& item : n.items) {
    if (auto good = want_mapping(item, {"pattern", "rule"}); !good) return std::unexpected(std::move(good.error()));
    auto pattern = required_text(item, "pattern");
    if (!pattern) return std::unexpected(std::move(pattern.error()));
    auto rule_text = required_text(item, "rule");
    if (!rule_text) return std::unexpected(std::move(rule_text.error()));
    auto rule = update_rule_type().read(*item.find("rule"));
    if (!rule) return std::unexpected(std::move(rule.error()));
    out.push_back({std::move(*pattern), *rule});
  }
  return out;
}

std::string update_overrides_type::write(const std::vector<pin::update_override>& v) {
  std::string out = "[";
  for (const auto& one : v)
    out += fmt::format("{}{{pattern: {}, rule: {}}}", out.size() > 1 ? ", " : "", quoted_yaml(one.pattern),
                       update_rule_type().write(one.rule));
  return out + "]";
}

read_result<std::vector<pin::custom_kind>> kinds_type::read(const yaml::node& n) {
  if (auto good = want_list(n, name()); !good) return std::unexpected(std::move(good.error()));
  std::vector<pin::custom_kind> out;
  for (const auto& item : n.items) {
    if (auto good = want_mapping(item, {"group", "kind", "paths"}); !good)
      return std::unexpected(std::move(good.error()));
    pin::custom_kind one;
    if (const auto* group = item.find("group"); group != nullptr && !group->is_null()) {
      auto text = read_scalar(*group, "text");
      if (!text) return std::unexpected(std::move(text.error()));
      one.group = std::move(*text);
    }
    auto kind = required_text(item, "kind");
    if (!kind) return std::unexpected(std::move(kind.error()));
    one.kind = std::move(*kind);
    const auto* paths = item.find("paths");
    if (paths == nullptr) return no_value(item, "paths is missing");
    auto list = text_list_type::read(*paths);
    if (!list) return std::unexpected(std::move(list.error()));
    if (list->empty() || list->size() > pin::max_places)
      return no_value(*paths, fmt::format("{} paths; name 1 to {}, e.g. spec.image", list->size(), pin::max_places));
    for (std::size_t i = 0; i < list->size(); ++i)
      if (const auto path = pin::parse_path((*list)[i]); !path) return no_value(paths->items[i], path.error().message);
    one.paths = std::move(*list);
    out.push_back(std::move(one));
  }
  return out;
}

std::string kinds_type::write(const std::vector<pin::custom_kind>& v) {
  std::string out = "[";
  for (const auto& one : v)
    out += fmt::format("{}{{group: {}, kind: {}, paths: {}}}", out.size() > 1 ? ", " : "", quoted_yaml(one.group),
                       quoted_yaml(one.kind), text_list_type::write(one.paths));
  return out + "]";
}

read_result<registries_type::map> registries_type::read(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("want a {}, not {}", name(), to_string(n.kind)));
  map out;
  for (const auto& m : n.members) {
    // The client looks settings up by the canonical name; another spelling would never be found.
    const auto parsed = registry::reference::parse(m.key + "/x");
    if (!parsed || parsed->registry() != m.key)
      return std::unexpected(value_problem{
          m.line, fmt::format("{} is no registry; write its name as in docker.io or registry.example.com:5000",
                              quoted(m.key))});
    registry::host_settings host;
    if (m.value.is_null()) {
      out.emplace(m.key, std::move(host));
      continue;
    }
    if (auto good = want_mapping(m.value, {"plain_http", "ca_file", "realm_hosts"}); !good)
      return std::unexpected(std::move(good.error()));
    if (const auto* plain = m.value.find("plain_http"); plain != nullptr && !plain->is_null()) {
      auto value = bool_type::read(*plain);
      if (!value) return std::unexpected(std::move(value.error()));
      host.plain_http = *value;
    }
    if (const auto* file = m.value.find("ca_file"); file != nullptr && !file->is_null()) {
      auto value = text_type::read(*file);
      if (!value) return std::unexpected(std::move(value.error()));
      host.ca_file = std::move(*value);
    }
    if (const auto* hosts = m.value.find("realm_hosts"); hosts != nullptr && !hosts->is_null()) {
      auto value = text_list_type::read(*hosts);
      if (!value) return std::unexpected(std::move(value.error()));
      host.realm_hosts = std::move(*value);
    }
    out.emplace(m.key, std::move(host));
  }
  return out;
}

std::string registries_type::write(const map& v) {
  std::string out = "{";
  for (const auto& [name, host] : v) {
    std::vector<std::string> parts;
    if (host.plain_http) parts.push_back(fmt::format("plain_http: {}", *host.plain_http));
    if (!host.ca_file.empty()) parts.push_back("ca_file: " + quoted_yaml(host.ca_file));
    if (!host.realm_hosts.empty()) parts.push_back("realm_hosts: " + text_list_type::write(host.realm_hosts));
    out += fmt::format("{}{}: {{{}}}", out.size() > 1 ? ", " : "", quoted_yaml(name), fmt::join(parts, ", "));
  }
  return out + "}";
}

}  // namespace pinhook::cli
