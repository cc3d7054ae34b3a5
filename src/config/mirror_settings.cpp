#include <pinhook/config/setting_types.hpp>
#include <pinhook/registry/reference.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinhook::config {
namespace {

constexpr std::string_view for_all_registries = "_default";

// As containerd 2 has them; of the last two nothing follows here.
constexpr std::array<std::string_view, 4> capabilities{"pull", "resolve", "push", "referrers"};

read_result<void> read_capabilities(const yaml::node& mapping, registry::mirror_setting& out) {
  const yaml::node* found = mapping.find("capabilities");
  if (found == nullptr || found->is_null()) return {};
  auto words = text_list_type::read(*found);
  if (!words) return std::unexpected(std::move(words.error()));
  for (std::size_t i = 0; i < words->size(); ++i)
    if (const auto& word = (*words)[i]; std::ranges::find(capabilities, word) == capabilities.end())
      return no_value(found->items[i], fmt::format("{} is not a valid capability; known are: {}", quoted(word),
                                                   fmt::join(capabilities, ", ")));
  out.can_pull = std::ranges::find(*words, "pull") != words->end();
  out.can_resolve = std::ranges::find(*words, "resolve") != words->end();
  return {};
}

read_result<void> read_client(const yaml::node& mapping, registry::mirror_setting& out) {
  std::vector<std::string> files;
  if (auto good = read_member(mapping, "client", text_list_type{}, files); !good) return good;
  if (files.size() > 2)
    return no_value(*mapping.find("client"), "must be one file with certificate and key, or two: certificate, key");
  if (!files.empty()) out.client_certificate_file = files[0];
  if (files.size() == 2) out.client_key_file = files[1];
  return {};
}

read_result<void> read_header(const yaml::node& mapping, registry::mirror_setting& out) {
  const yaml::node* found = mapping.find("header");
  if (found == nullptr || found->is_null()) return {};
  if (found->kind != yaml::node_kind::mapping) return no_value(*found, "must be a mapping of header to value");
  for (const auto& m : found->members) {
    auto value = read_scalar(m.value, "text");
    if (!value) return std::unexpected(std::move(value.error()));
    out.headers.push_back({m.key, secret(std::move(*value))});
  }
  return {};
}

read_result<registry::mirror_setting> read_mirror(const yaml::node& n) {
  if (auto good = expect_mapping(
          n, {"url", "capabilities", "ca", "client", "skip_verify", "header", "override_path", "dial_timeout"});
      !good)
    return std::unexpected(std::move(good.error()));
  registry::mirror_setting out;
  auto url = required_text(n, "url");
  if (!url) return std::unexpected(std::move(url.error()));
  out.url = std::move(*url);
  constexpr duration_type timeout{std::chrono::milliseconds(1), std::chrono::minutes(5)};
  std::chrono::nanoseconds dial{0};
  for (const auto& good :
       {read_capabilities(n, out), read_client(n, out), read_header(n, out),
        read_member(n, "ca", text_list_type{}, out.ca_files),
        read_member(n, "skip_verify", bool_type{}, out.skip_verify),
        read_member(n, "override_path", bool_type{}, out.override_path), read_member(n, "dial_timeout", timeout, dial)})
    if (!good) return std::unexpected(good.error());
  if (dial.count() > 0) out.dial_timeout = dial;
  const auto some = registry::reference::parse("docker.io/library/x");
  if (auto route = registry::make_route(out, *some); !route) return no_value(n, route.error().message);
  return out;
}

std::string mirror_text(const registry::mirror_setting& m) {
  std::vector<std::string> parts{"url: " + quoted_yaml(m.url)};
  if (!m.can_pull || !m.can_resolve)
    parts.push_back(fmt::format("capabilities: [{}]", m.can_pull ? "pull" : m.can_resolve ? "resolve" : ""));
  if (!m.ca_files.empty()) parts.push_back("ca: " + text_list_type::write(m.ca_files));
  std::vector<std::string> client;
  for (const auto& file : {m.client_certificate_file, m.client_key_file})
    if (!file.empty()) client.push_back(file);
  if (!client.empty()) parts.push_back("client: " + text_list_type::write(client));
  if (m.skip_verify) parts.emplace_back("skip_verify: true");
  if (m.override_path) parts.emplace_back("override_path: true");
  if (m.dial_timeout) parts.push_back("dial_timeout: " + duration_text(*m.dial_timeout));
  std::vector<std::string> headers;
  for (const auto& h : m.headers)
    headers.push_back(fmt::format("{}: {}", quoted_yaml(h.name), quoted_yaml(fmt::format("{}", h.value))));
  if (!headers.empty()) parts.push_back(fmt::format("header: {{{}}}", fmt::join(headers, ", ")));
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

}  // namespace

read_result<std::vector<std::string>> registry_list_type::read(const yaml::node& n) {
  auto list = text_list_type::read(n);
  if (!list) return list;
  for (std::size_t i = 0; i < list->size(); ++i)
    if (const auto& one = (*list)[i]; one != for_all_registries && !is_registry(one))
      return std::unexpected(not_a_registry(n.items[i], one));
  return list;
}

read_result<mirrors_type::map> mirrors_type::read(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("must be a mapping, not {}", to_string(n.kind)));
  map out;
  for (const auto& m : n.members) {
    if (m.key != for_all_registries && !is_registry(m.key)) return std::unexpected(not_a_registry(m));
    if (m.value.kind != yaml::node_kind::sequence)
      return no_value(m.value, fmt::format("must be a list of mirrors, not {}", to_string(m.value.kind)));
    auto& mirrors = out[m.key];
    for (const auto& item : m.value.items) {
      auto one = read_mirror(item);
      if (!one) return std::unexpected(std::move(one.error()));
      mirrors.push_back(std::move(*one));
    }
  }
  return out;
}

std::string mirrors_type::write(const map& v) {
  std::string out = "{";
  for (const auto& [name, mirrors] : v) {
    std::vector<std::string> texts;
    texts.reserve(mirrors.size());
    for (const auto& one : mirrors) texts.push_back(mirror_text(one));
    out += fmt::format("{}{}: [{}]", out.size() > 1 ? ", " : "", quoted_yaml(name), fmt::join(texts, ", "));
  }
  return out + "}";
}

}  // namespace pinhook::config
