#include <pinhook/access/node_config.hpp>

#include <pinhook/access/containerd_config.hpp>
#include <pinhook/base/file.hpp>

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
constexpr std::string_view containerd_file = "containerd/config.toml";
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

// A node names its directories from its root; here they are in the copy. Those outside /etc were not copied.
result<containerd_config> read_containerd(const fs::path& etc) {
  const std::string file = (etc / containerd_file).string();
  std::error_code bad;
  if (!fs::exists(file, bad)) return containerd_config();
  const auto text = read_file(file, max_containerd_config);
  if (!text) return fail(text.error());
  auto out = parse_containerd_config(text->reveal(), file);
  if (!out) return out;
  std::vector<std::string> copied;
  for (const auto& directory : out->certs_dirs) {
    const auto below = fs::path(directory).lexically_relative("/etc");
    if (!below.empty() && *below.begin() != "..")
      copied.push_back((etc / below).string());
    else
      out->notes.push_back(fmt::format("{}: config_path {} is outside of /etc, so it is not read", file, directory));
  }
  out->certs_dirs = std::move(copied);
  return out;
}

}  // namespace

result<std::vector<std::string>> use_node_config(const std::string& directory, config::settings& s) {
  std::error_code bad;
  const fs::path inner = fs::path(directory) / "etc";
  const fs::path etc = fs::is_directory(inner, bad) ? inner : fs::path(directory);
  config::settings::mirror_settings found;
  found.default_endpoint = s.mirrors.default_endpoint;
  found.short_names = s.mirrors.short_names;
  found.complete = s.mirrors.complete;
  auto containerd = read_containerd(etc);
  if (!containerd) return fail(std::move(containerd.error()).at("--node-config"));
  found.certs_dirs = containerd->certs_dirs.empty() ? existing(etc, std::array{certs_dir}) : containerd->certs_dirs;
  found.registries_conf = existing(etc, conf_files);
  const auto yaml = existing(etc, yaml_files);
  if (!yaml.empty()) found.registries_yaml = yaml.front();
  if (found.certs_dirs.empty() && found.registries_conf.empty() && yaml.empty() && containerd->notes.empty())
    return fail(error_code::invalid_input,
                fmt::format("--node-config: {} has none of a node's files: {}, {}, {}", etc.string(), certs_dir,
                            fmt::join(conf_files, ", "), fmt::join(yaml_files, ", ")));
  s.mirrors = std::move(found);
  return std::move(containerd->notes);
}

}  // namespace pinhook::access
