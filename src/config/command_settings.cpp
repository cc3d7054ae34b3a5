#include <pinhook/config/command_settings.hpp>

#include <pinhook/config/configuration_source.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::config {
namespace {

// Requests of a command to one registry at a time: HTTP/2 takes them on a few connections.
constexpr std::size_t host_concurrency = 512;

bool is_there(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored);
}

// The path as Docker finds it; empty when there is none. $DOCKER_CONFIG, where it is set, is the only place.
std::string docker_config(const environment& all) {
  std::string out(variable(all, "DOCKER_CONFIG"));
  if (out.empty() && !variable(all, "HOME").empty()) out = fmt::format("{}/.docker", variable(all, "HOME"));
  if (out.empty()) return {};
  out += "/config.json";
  return is_there(out) ? out : std::string();
}

}  // namespace

result<settings> settings_for_files(const std::string& config_file, const environment& all) {
  settings start;
  start.for_command = true;
  start.resolver.host_concurrency = host_concurrency;
  start.docker_config = docker_config(all);
  start.credential_helpers = true;
  start.log.level = log::level::error;
  // The webhook leaves its own namespace alone; a command has none.
  auto found = settings_for({.file = config_file, .flags = {}, .namespace_file = {}}, all, std::move(start));
  if (!found) return fail(std::move(found.error()));
  settings& s = found->values;
  // Pull secrets are for Pods.
  s.pull_secrets.mode = switch_state::off;
  return std::move(s);
}

}  // namespace pinhook::config
