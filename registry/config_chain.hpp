// The files with registry credentials in their order: those that Docker and the containers tools read.
//   1. DOCKER_AUTH_CONFIG           the text itself: {"auths": {"ghcr.io": {"auth": "…"}}}, and nothing else
//   2. the configured file, else $DOCKER_CONFIG/config.json
//   3. $REGISTRY_AUTH_FILE, else $XDG_RUNTIME_DIR/containers/auth.json if it is there
//
//   for (const auto& place : config_places(settings.docker_config, variables)) {
//     auto source = open_config(place, &machine_processes(), machine_clock());
//
// Sources: docker/cli cli/config/configfile (DOCKER_AUTH_CONFIG); containers-auth.json(5). The
// functions are pure but for `open_config`; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/registry/config_credentials.hpp>
#include <pinhook/registry/docker_config.hpp>
#include <pinhook/registry/helper_cache.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

struct config_place {
  /// The variable or setting that names it, for messages: "DOCKER_AUTH_CONFIG", "docker_config", "REGISTRY_AUTH_FILE".
  std::string name;
  /// Empty: `text` is the configuration.
  std::string path;
  secret text;
  /// False: the file is a default place and may be missing.
  bool must_exist = true;
};

/// `configured`: the path in the settings; empty: none. Empty variables count as absent. A file that two of them name
/// is listed once, at its first place.
[[nodiscard]] std::vector<config_place> config_places(std::string_view configured, const environment& variables);

/// Reads the value of DOCKER_AUTH_CONFIG as strictly as Docker does: `auths` alone, and `auth` alone in each entry.
/// invalid_input: the message names the key, and nothing of its content.
[[nodiscard]] result<docker_config> parse_auth_variable(std::string_view text);

/// Errors as config_credentials::open, with the place's name.
[[nodiscard]] result<std::shared_ptr<config_credentials>> open_config(const config_place& place,
                                                                      process_runner* helpers, const clock& time,
                                                                      helper_cache_options options = {});

}  // namespace pinhook::registry
