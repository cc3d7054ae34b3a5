#include <pinhook/config/setting_types.hpp>

#include <pinhook/pin/path.hpp>
#include <pinhook/pin/pod_paths.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/resolve/help_text.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/server/listener.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinhook::config {
read_result<void> expect_mapping(const yaml::node& n, std::initializer_list<std::string_view> known) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("must be a mapping of {}, not {}", fmt::join(known, ", "), to_string(n.kind)));
  for (const auto& m : n.members)
    if (std::ranges::find(known, m.key) == known.end())
      return std::unexpected(
          value_problem{m.line, m.column,
                        fmt::format("{} is not a valid key; known are: {}", quoted(m.key), fmt::join(known, ", "))});
  return {};
}

read_result<void> expect_list(const yaml::node& n, std::string_view kind) {
  if (n.kind != yaml::node_kind::sequence)
    return no_value(n, fmt::format("must be a {}, not {}", kind, to_string(n.kind)));
  return {};
}

bool is_registry(const std::string& name) {
  const auto parsed = registry::reference::parse(name + "/x");
  return parsed && parsed->registry() == name;
}

value_problem not_a_registry(const yaml::member& m) {
  return {m.line, m.column, not_a_registry(m.value, m.key).message};
}

value_problem not_a_registry(const yaml::node& at, std::string_view text) {
  return {at.line, at.column,
          fmt::format("{} is not a valid registry; write its name as in docker.io or registry.example.com:5000",
                      quoted(text))};
}

read_result<std::string> required_text(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  if (found == nullptr || found->is_null()) return no_value(mapping, fmt::format("{} is missing", key));
  auto text = read_scalar(*found, "text");
  if (text && text->empty()) return no_value(*found, fmt::format("{} is empty", key));
  return text;
}

read_result<std::string> read_scalar(const yaml::node& n, std::string_view wanted) {
  if (n.kind != yaml::node_kind::scalar)
    return no_value(n, fmt::format("must be {}, not {}", wanted, to_string(n.kind)));
  return n.text;
}

std::string quoted_yaml(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string help_type::name() { return fmt::format("text or URL, at most {} bytes", resolve::max_help_size); }

read_result<std::string> help_type::read(const yaml::node& n) {
  auto text = read_scalar(n, name());
  if (!text) return text;
  if (const auto fault = resolve::fault_of_help(*text)) return no_value(n, *fault);
  return text;
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

read_result<server::listen_address> address_type::read(const yaml::node& n) {
  auto text = read_scalar(n, name());
  if (!text) return std::unexpected(std::move(text.error()));
  auto value = server::parse_address(*text);
  if (!value) return no_value(n, value.error().message);
  return *value;
}

read_result<std::vector<std::string>> text_list_type::read(const yaml::node& n) {
  if (auto good = expect_list(n, name()); !good) return std::unexpected(std::move(good.error()));
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

read_result<rules::rule_set> rules_type::read(const yaml::node& n) {
  auto set = rules::read_rules(n);
  if (!set) return std::unexpected(value_problem{set.error().line, set.error().column, std::move(set.error().message)});
  return std::move(*set);
}

std::string rules_type::write(const rules::rule_set& v) { return rules::write_rules(v); }

namespace {

// The places of images, under the key `paths` of a mapping.
read_result<std::vector<std::string>> required_paths(const yaml::node& mapping) {
  const auto* paths = mapping.find("paths");
  if (paths == nullptr) return no_value(mapping, "paths is missing");
  auto list = text_list_type::read(*paths);
  if (!list) return list;
  if (list->empty() || list->size() > pin::max_places)
    return no_value(*paths, fmt::format("{} paths; name 1 to {}, e.g. spec.image", list->size(), pin::max_places));
  for (std::size_t i = 0; i < list->size(); ++i)
    if (const auto path = pin::parse_path((*list)[i]); !path) return no_value(paths->items[i], path.error().message);
  return list;
}

}  // namespace

read_result<std::vector<pin::custom_kind>> kinds_type::read(const yaml::node& n) {
  if (auto good = expect_list(n, name()); !good) return std::unexpected(std::move(good.error()));
  std::vector<pin::custom_kind> out;
  for (const auto& item : n.items) {
    if (auto good = expect_mapping(item, {"group", "kind", "paths"}); !good)
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
    auto list = required_paths(item);
    if (!list) return std::unexpected(std::move(list.error()));
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

read_result<std::vector<files::custom_paths>> paths_type::read(const yaml::node& n) {
  if (auto good = expect_list(n, name()); !good) return std::unexpected(std::move(good.error()));
  std::vector<files::custom_paths> out;
  for (const auto& item : n.items) {
    if (auto good = expect_mapping(item, {"files", "paths"}); !good) return std::unexpected(std::move(good.error()));
    auto files = required_text(item, "files");
    if (!files) return std::unexpected(std::move(files.error()));
    auto list = required_paths(item);
    if (!list) return std::unexpected(std::move(list.error()));
    out.push_back({std::move(*files), std::move(*list)});
  }
  return out;
}

std::string paths_type::write(const std::vector<files::custom_paths>& v) {
  std::string out = "[";
  for (const auto& one : v)
    out += fmt::format("{}{{files: {}, paths: {}}}", out.size() > 1 ? ", " : "", quoted_yaml(one.files),
                       text_list_type::write(one.paths));
  return out + "]";
}

read_result<registries_type::map> registries_type::read(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("must be a {}, not {}", name(), to_string(n.kind)));
  map out;
  for (const auto& m : n.members) {
    // The client looks settings up by the canonical name; another spelling would never be found.
    if (!is_registry(m.key)) return std::unexpected(not_a_registry(m));
    registry::host_settings host;
    if (m.value.is_null()) {
      out.emplace(m.key, std::move(host));
      continue;
    }
    if (auto good = expect_mapping(m.value, {"plain_http", "ca_file", "realm_hosts"}); !good)
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

read_result<std::vector<http::network>> networks_type::read(const yaml::node& n) {
  auto texts = text_list_type::read(n);
  if (!texts) return std::unexpected(std::move(texts.error()));
  std::vector<http::network> out;
  for (std::size_t i = 0; i < texts->size(); ++i) {
    auto one = http::parse_network((*texts)[i]);
    if (!one) return no_value(n.items[i], one.error().message);
    out.push_back(*one);
  }
  return out;
}

std::string networks_type::write(const std::vector<http::network>& v) {
  std::vector<std::string> texts;
  for (const auto& one : v) texts.push_back(one.to_string());
  return text_list_type::write(texts);
}

namespace {

constexpr std::array<std::pair<std::string_view, cloud_name>, 3> cloud_names{
    {{"aws", cloud_name::aws}, {"google", cloud_name::google}, {"azure", cloud_name::azure}}};

}  // namespace

read_result<std::vector<cloud_name>> clouds_type::read(const yaml::node& n) {
  auto words = text_list_type::read(n);
  if (!words) return std::unexpected(std::move(words.error()));
  std::vector<cloud_name> out;
  for (std::size_t i = 0; i < words->size(); ++i) {
    const auto found =
        std::ranges::find(cloud_names, std::string_view((*words)[i]), [](const auto& one) { return one.first; });
    if (found == cloud_names.end())
      return no_value(n.items[i],
                      fmt::format("{} is not a valid cloud; known are: aws, google, azure", quoted((*words)[i])));
    out.push_back(found->second);
  }
  return out;
}

std::string clouds_type::write(const std::vector<cloud_name>& v) {
  std::string out = "[";
  for (const cloud_name one : v)
    for (const auto& [name, value] : cloud_names)
      if (value == one) out += fmt::format("{}{}", out.size() > 1 ? ", " : "", name);
  return out + "]";
}

}  // namespace pinhook::config
