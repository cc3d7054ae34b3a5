#include <pinhook/registry/config_chain.hpp>

#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::registry {
namespace {

constexpr std::string_view auth_variable = "DOCKER_AUTH_CONFIG";
constexpr std::string_view folder_variable = "DOCKER_CONFIG";
constexpr std::string_view file_variable = "REGISTRY_AUTH_FILE";
constexpr std::string_view runtime_variable = "XDG_RUNTIME_DIR";

std::unexpected<error> unknown_key(std::string_view where, std::string_view key, std::string_view known) {
  return fail(error_code::invalid_input,
              fmt::format("{}: {} is not read from a variable, only \"{}\"", where, quoted(key, 100), known));
}

}  // namespace

std::vector<config_place> config_places(std::string_view configured, const environment& variables) {
  std::vector<config_place> out;
  const auto add_file = [&out](std::string_view name, std::string path, bool must_exist) {
    const auto same = std::ranges::find(out, path, &config_place::path);
    if (same == out.end()) out.push_back({std::string(name), std::move(path), {}, must_exist});
  };

  if (const auto text = variable(variables, auth_variable); !text.empty())
    out.push_back({std::string(auth_variable), {}, secret(std::string(text)), true});

  if (!configured.empty())
    add_file("docker_config", std::string(configured), true);
  else if (const auto folder = variable(variables, folder_variable); !folder.empty())
    add_file(folder_variable, fmt::format("{}/config.json", folder), true);

  if (const auto file = variable(variables, file_variable); !file.empty())
    add_file(file_variable, std::string(file), true);
  else if (const auto folder = variable(variables, runtime_variable); !folder.empty())
    add_file(runtime_variable, fmt::format("{}/containers/auth.json", folder), false);
  return out;
}

result<docker_config> parse_auth_variable(std::string_view text) {
  // docker_config reports text that is not JSON, and values of another type.
  if (const auto root = json::parse(text, {.depth = 32, .size = max_docker_config_size}); root && root->IsObject()) {
    for (const auto& section : root->GetObject()) {
      if (json::text_of(section.name) != "auths")
        return unknown_key(auth_variable, json::text_of(section.name), "auths");
      if (!section.value.IsObject()) continue;
      for (const auto& entry : section.value.GetObject()) {
        if (!entry.value.IsObject()) continue;
        const auto where = fmt::format("{}: auths: {}", auth_variable, quoted(json::text_of(entry.name), 100));
        for (const auto& field : entry.value.GetObject())
          if (json::text_of(field.name) != "auth") return unknown_key(where, json::text_of(field.name), "auth");
      }
    }
  }
  return docker_config::parse(text, auth_variable);
}

result<std::shared_ptr<config_credentials>> open_config(const config_place& place, process_runner* helpers,
                                                        const clock& time, helper_cache_options options) {
  if (place.path.empty()) {
    auto config = parse_auth_variable(place.text.reveal());
    if (!config) return fail(std::move(config.error()));
    return std::make_shared<config_credentials>(*std::move(config), helpers, time, options);
  }
  auto opened = place.must_exist ? config_credentials::open(place.path, helpers, time, options)
                                 : config_credentials::open_if_there(place.path, helpers, time, options);
  if (!opened) return fail(std::move(opened.error()).at(place.name));
  return opened;
}

}  // namespace pinhook::registry
