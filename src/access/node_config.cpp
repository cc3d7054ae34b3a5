#include <pinhook/access/node_config.hpp>

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace pinhook::access {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view certs_dir = "containerd/certs.d";
constexpr std::array<std::string_view, 2> conf_files{"containers/registries.conf", "containers/registries.conf.d"};
constexpr std::array<std::string_view, 2> yaml_files{"rancher/k3s/registries.yaml", "rancher/rke2/registries.yaml"};

// What there is of a directory, in the order of the names.
template <class Names>
std::vector<std::string> existing(const fs::path& below, const Names& names) {
  std::vector<std::string> out;
  for (const std::string_view name : names) {
    std::error_code bad;
    if (const fs::path path = below / name; fs::exists(path, bad)) out.push_back(path.string());
  }
  return out;
}

}  // namespace

result<void> use_node_config(const std::string& directory, config::settings& s) {
  std::error_code bad;
  const fs::path inner = fs::path(directory) / "etc";
  const fs::path etc = fs::is_directory(inner, bad) ? inner : fs::path(directory);
  config::settings::mirror_settings found;
  found.default_endpoint = s.mirrors.default_endpoint;
  found.short_names = s.mirrors.short_names;
  found.certs_dirs = existing(etc, std::array{certs_dir});
  found.registries_conf = existing(etc, conf_files);
  const auto yaml = existing(etc, yaml_files);
  if (!yaml.empty()) found.registries_yaml = yaml.front();
  if (found.certs_dirs.empty() && found.registries_conf.empty() && yaml.empty())
    return fail(error_code::invalid_input,
                fmt::format("--node-config: {} has none of a node's files: {}, {}, {}", etc.string(), certs_dir,
                            fmt::join(conf_files, ", "), fmt::join(yaml_files, ", ")));
  s.mirrors = std::move(found);
  return {};
}

}  // namespace pinhook::access
