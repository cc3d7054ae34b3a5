#include <pinhook/access/containerd_config.hpp>

#include <pinhook/registry/toml_text.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pinhook::access {
namespace {

// Version 3 of the file, then 2 and 1.
constexpr std::array<std::string_view, 3> cri_plugins{"io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri",
                                                      "cri"};

struct old_member {
  std::string_view name;
  std::string_view instead;
};

// Deprecated since 1.3 and 1.5; containerd 2.4 is to be without them.
constexpr std::array<old_member, 3> old_members{{
    {"mirrors", "write a hosts.toml for each registry below config_path"},
    {"configs", "write certificates into a hosts.toml below config_path, and passwords into pull secrets"},
    {"auths", "use pull secrets"},
}};

const toml::table* table_in(const toml::table& from, std::string_view name) {
  const toml::node* const found = from.get(name);
  return found == nullptr ? nullptr : found->as_table();
}

void read_registry(const toml::table& registry, const std::string& file, containerd_config& to) {
  for (const auto& [name, instead] : old_members)
    if (const toml::node* const found = registry.get(name))
      to.notes.push_back(fmt::format("{}:{}: registry.{} is not read, and containerd 2.4 drops it: {}", file,
                                     found->source().begin.line, name, instead));
  const toml::node* const path = registry.get("config_path");
  if (path == nullptr) return;
  std::string_view rest = path->value<std::string_view>().value_or(std::string_view());
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(':'));
    if (!one.empty()) to.certs_dirs.emplace_back(one);
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
}

}  // namespace

result<containerd_config> parse_containerd_config(std::string_view text, const std::string& file) {
  const auto parsed = registry::parse_toml(text, max_containerd_config, file);
  if (!parsed) return fail(parsed.error());
  containerd_config out;
  const toml::table* const all = table_in(*parsed, "plugins");
  if (all == nullptr) return out;
  for (const std::string_view name : cri_plugins)
    if (const toml::table* const plugin = table_in(*all, name))
      if (const toml::table* const registry = table_in(*plugin, "registry")) read_registry(*registry, file, out);
  return out;
}

}  // namespace pinhook::access
