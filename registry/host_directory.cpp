#include <pinhook/registry/host_directory.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/registry/hosts_toml.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace pinhook::registry {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view default_name = "_default";

std::unexpected<error> unreadable(const std::string& path, const std::error_code& reason) {
  return fail(error_code::unavailable, fmt::format("cannot read {}: {}", path, reason.message()));
}

// True for a name that may be part of a path. The grammar of references allows no other, but here it would matter.
bool is_plain(const std::string& registry) {
  return !registry.empty() && registry.front() != '.' && registry.front() != '_' &&
         registry.find('/') == std::string::npos && registry.find('\0') == std::string::npos;
}

result<void> read_certificates(host_directory& to) {
  std::error_code bad;
  std::vector<std::string> names;
  for (fs::directory_iterator at(to.path, bad), end; !bad && at != end; at.increment(bad)) {
    if (names.size() == max_directory_files)
      return fail(error_code::unavailable, fmt::format("{} has more than {} files", to.path, max_directory_files));
    names.push_back(at->path().filename().string());
  }
  if (bad) return unreadable(to.path, bad);
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    const std::string file = to.path + "/" + name;
    if (name.ends_with(".crt")) to.certificates.ca_files.push_back(file);
    if (!name.ends_with(".cert") || !to.certificates.client_certificate_file.empty()) continue;
    to.certificates.client_certificate_file = file;
    const std::string key = name.substr(0, name.size() - std::string_view(".cert").size()) + ".key";
    if (std::binary_search(names.begin(), names.end(), key)) to.certificates.client_key_file = to.path + "/" + key;
  }
  return {};
}

result<host_directory> read_directory(const std::string& path, bool is_own) {
  host_directory out;
  out.path = path;
  out.is_own = is_own;
  auto text = read_file(out.hosts_file(), max_hosts_toml);
  if (text) {
    if (!text->is_empty()) out.text = std::move(*text);
  } else if (text.error().code != error_code::not_found) {
    // This is not an error of the registry: without this file its routes are unknown.
    text.error().code = error_code::unavailable;
    return fail(std::move(text.error()));
  }
  if (auto done = read_certificates(out); !done) return fail(std::move(done.error()));
  return out;
}

}  // namespace

std::vector<std::string> directory_names(const std::string& registry) {
  std::vector<std::string> out;
  const auto colon = registry.rfind(':');
  if (colon != std::string::npos && colon > 0 && !registry.ends_with(']'))
    out.push_back(fmt::format("{}_{}_", registry.substr(0, colon), registry.substr(colon + 1)));
  out.push_back(registry);
  out.emplace_back(default_name);
  return out;
}

result<std::optional<host_directory>> find_host_directory(const std::vector<std::string>& roots,
                                                          const std::string& registry) {
  if (!is_plain(registry)) return std::nullopt;
  for (const auto& root : roots) {
    for (const auto& name : directory_names(registry)) {
      const std::string path = (fs::path(root) / name).string();
      std::error_code bad;
      const auto kind = fs::status(path, bad);
      if (kind.type() == fs::file_type::not_found) continue;
      if (bad) return unreadable(path, bad);
      auto held = read_directory(path, name != default_name);
      if (!held) return fail(std::move(held.error()));
      return std::optional(std::move(*held));
    }
  }
  return std::nullopt;
}

}  // namespace pinhook::registry
