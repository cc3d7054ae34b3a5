#include <pinhook/access/registries_yaml.hpp>

#include <pinhook/access/name_rewrite.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/config/setting_types.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/web_url.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/core.h>

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace pinhook::access {
namespace {

using config::bool_type;
using config::no_value;
using config::read_result;
using config::text_type;
using registry::mirror_setting;

constexpr std::string_view all_others = "*";
constexpr std::string_view docker_hub = "docker.io";
constexpr std::string_view docker_hub_wire = "registry-1.docker.io";

// The member of a mapping; null when there is none or it has no value.
const yaml::node* value_of(const yaml::node& mapping, std::string_view key) {
  const yaml::node* found = mapping.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

template <class Type, class T>
read_result<void> read_value(const yaml::node& mapping, std::string_view key, Type type, T& into) {
  const yaml::node* found = value_of(mapping, key);
  if (found == nullptr) return {};
  auto value = type.read(*found);
  if (!value) return std::unexpected(std::move(value.error()));
  into = std::move(*value);
  return {};
}

read_result<void> expect_section(const yaml::node& n) {
  if (n.kind != yaml::node_kind::mapping)
    return no_value(n, fmt::format("must be a mapping, not {}", to_string(n.kind)));
  return {};
}

// What `configs` has for a host.
struct host_config {
  mirror_setting tls;
  std::vector<std::pair<std::string, std::string>> auth;
};

read_result<host_config> read_host_config(const yaml::node& n) {
  host_config out;
  if (auto good = expect_section(n); !good) return std::unexpected(good.error());
  if (const auto* tls = value_of(n, "tls")) {
    if (auto good = expect_section(*tls); !good) return std::unexpected(good.error());
    std::string ca;
    for (const auto& good : {read_value(*tls, "ca_file", text_type{}, ca),
                             read_value(*tls, "cert_file", text_type{}, out.tls.client_certificate_file),
                             read_value(*tls, "key_file", text_type{}, out.tls.client_key_file),
                             read_value(*tls, "insecure_skip_verify", bool_type{}, out.tls.skip_verify)})
      if (!good) return std::unexpected(good.error());
    if (!ca.empty()) out.tls.ca_files.push_back(std::move(ca));
  }
  if (const auto* auth = value_of(n, "auth")) {
    if (auto good = expect_section(*auth); !good) return std::unexpected(good.error());
    // The names in this file and in a config.json.
    constexpr std::array<std::pair<const char*, const char*>, 4> names{
        {{"username", "username"}, {"password", "password"}, {"auth", "auth"}, {"identity_token", "identitytoken"}}};
    for (const auto& [here, there] : names) {
      std::string text;
      if (auto good = read_value(*auth, here, text_type{}, text); !good) return std::unexpected(good.error());
      if (!text.empty()) out.auth.emplace_back(there, std::move(text));
    }
  }
  return out;
}

struct endpoint {
  std::string registry;  // the key of its entry in `configs`
  mirror_setting setting;
};

// HTTPS where no scheme is written, but on a loopback name with an unusual port. A path is the API's root as written.
std::optional<endpoint> read_endpoint(const std::string& text) {
  std::string url = text;
  if (url.find("://") == std::string::npos) {
    const std::string_view authority = std::string_view(text).substr(0, text.find('/'));
    const auto host = registry::host_of(authority);
    const bool has_port = host.size() < authority.size() && !authority.ends_with(":443");
    url = fmt::format("{}://{}", has_port && registry::is_loopback_name(host) ? "http" : "https", text);
  }
  const auto at = registry::web_url::parse(url);
  if (!at || at->has_query()) return std::nullopt;
  endpoint out;
  out.registry = at->where().authority();
  if (out.registry == docker_hub_wire) out.registry = docker_hub;
  const bool is_hub = out.registry == docker_hub;
  const std::string_view path = at->path();
  out.setting.override_path = !path.empty() && path != "/" && path != "/v2";
  out.setting.url =
      fmt::format("{}://{}{}", at->where().scheme, is_hub ? std::string(docker_hub_wire) : out.registry, path);
  return out;
}

void take_tls(const host_config& from, mirror_setting& to) {
  to.ca_files = from.tls.ca_files;
  to.client_certificate_file = from.tls.client_certificate_file;
  to.client_key_file = from.tls.client_key_file;
  to.skip_verify = from.tls.skip_verify;
}

class yaml_reader {
 public:
  explicit yaml_reader(const registries_yaml_options& options) : options_(options) {}

  read_result<registry::mirror_rules> read(const yaml::node& root) {
    if (root.is_null()) return std::move(out_);
    if (auto good = expect_section(root); !good) return std::unexpected(good.error());
    if (const auto* configs = value_of(root, "configs"))
      if (auto good = read_configs(*configs); !good) return std::unexpected(good.error());
    if (const auto* mirrors = value_of(root, "mirrors"))
      if (auto good = read_mirrors(*mirrors); !good) return std::unexpected(good.error());
    drop_what_says_nothing();
    return std::move(out_);
  }

  // As the text of a config.json.
  [[nodiscard]] std::string auths() const {
    json::writer out;
    out.open_object();
    out.key("auths");
    out.open_object();
    for (const auto& [host, config] : configs_) {
      if (config.auth.empty()) continue;
      out.key(host);
      out.open_object();
      for (const auto& [name, text] : config.auth) out.member(name, text);
      out.close_object();
    }
    out.close_object();
    out.close_object();
    return std::move(out).text();
  }

 private:
  read_result<void> read_configs(const yaml::node& n) {
    if (auto good = expect_section(n); !good) return good;
    for (const auto& m : n.members) {
      if (m.value.is_null()) continue;
      auto one = read_host_config(m.value);
      if (!one) return std::unexpected(std::move(one.error()));
      // A registry without mirrors is asked with the same certificates.
      take_tls(*one, (m.key == all_others ? out_.others.emplace() : out_.by_registry[m.key]).upstream);
      configs_.emplace(m.key, std::move(*one));
    }
    return {};
  }

  read_result<void> read_mirrors(const yaml::node& n) {
    if (auto good = expect_section(n); !good) return good;
    for (const auto& m : n.members) {
      if (m.key != all_others && !config::is_registry(m.key)) return std::unexpected(config::not_a_registry(m));
      auto& to = m.key == all_others ? out_.others.emplace() : out_.by_registry[m.key];
      // k3s takes the default endpoint from a registry that has no entry in `configs`, and from no other.
      if (!options_.asks_default_endpoint && (m.key == all_others || !configs_.contains(m.key)))
        to.upstream.can_pull = to.upstream.can_resolve = false;
      if (m.value.is_null()) continue;
      if (auto good = expect_section(m.value); !good) return good;
      if (auto good = read_mirror(m.value, to); !good) return good;
    }
    return {};
  }

  // Docker Hub's may be under either of its names.
  [[nodiscard]] const host_config* config_for(const std::string& registry) const {
    if (registry == docker_hub)
      if (const auto wire = configs_.find(std::string(docker_hub_wire)); wire != configs_.end()) return &wire->second;
    const auto found = configs_.find(registry);
    return found == configs_.end() ? nullptr : &found->second;
  }

  // k3s writes no hosts.toml for them, so containerd goes by that of all others.
  void drop_what_says_nothing() {
    std::erase_if(out_.by_registry,
                  [&](const auto& one) { return one.second.mirrors.empty() && !configs_.contains(one.first); });
    if (out_.others && out_.others->mirrors.empty() && !configs_.contains(std::string(all_others))) out_.others.reset();
  }

  read_result<void> read_mirror(const yaml::node& n, registry::registry_rules& to) {
    std::function<std::string(const std::string&)> rewrite;
    if (const auto* rules = value_of(n, "rewrite")) {
      if (auto good = expect_section(*rules); !good) return good;
      std::vector<std::pair<std::string, std::string>> all;
      for (const auto& m : rules->members) {
        auto text = text_type::read(m.value);
        if (!text) return std::unexpected(std::move(text.error()));
        all.emplace_back(m.key, std::move(*text));
      }
      auto made = make_name_rewrite(all);
      if (!made) return no_value(*rules, made.error().message);
      rewrite = std::move(*made);
    }
    const auto* endpoints = value_of(n, "endpoint");
    if (endpoints == nullptr) endpoints = value_of(n, "endpoints");
    if (endpoints == nullptr) return {};
    if (auto good = config::expect_list(*endpoints, "list of endpoints"); !good) return good;
    for (const auto& item : endpoints->items) {
      auto text = text_type::read(item);
      if (!text) return std::unexpected(std::move(text.error()));
      auto made = read_endpoint(*text);
      if (!made)
        return no_value(item,
                        fmt::format("{} is not an endpoint such as https://mirror.example.com:5000", quoted(*text)));
      if (const auto* known = config_for(made->registry)) take_tls(*known, made->setting);
      made->setting.rewrite = rewrite;
      to.mirrors.push_back(std::move(made->setting));
    }
    return {};
  }

  const registries_yaml_options& options_;
  std::map<std::string, host_config> configs_;
  registry::mirror_rules out_;
};

}  // namespace

result<registries_yaml> parse_registries_yaml(std::string_view text, const registries_yaml_options& options) {
  yaml::parse_limits limits;
  limits.size = max_registries_yaml;
  const auto root = yaml::parse(text, limits);
  if (!root) return fail(error_code::invalid_input, fmt::format("{}: {}", options.file, root.error().message));
  yaml_reader reader(options);
  auto rules = reader.read(*root);
  if (!rules)
    return fail(error_code::invalid_input, fmt::format("{}: line {}, column {}: {}", options.file, rules.error().line,
                                                       rules.error().column, rules.error().message));
  rules->file = options.file;
  auto credentials = registry::docker_config::parse(reader.auths(), options.file);
  if (!credentials) return fail(std::move(credentials.error()));
  return registries_yaml{std::move(*rules), std::move(*credentials)};
}

}  // namespace pinhook::access
