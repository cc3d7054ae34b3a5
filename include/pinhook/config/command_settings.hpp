// The settings of commands that a person runs on files.
//
// Any thread; reads files.
#pragma once

#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>

#include <string>

namespace pinhook::config {

/// Settings of a command that a person runs (pin, check, resolve, …): as `settings_for`, and where the configuration
/// does not set them, Docker's own config.json ($HOME/.docker/config.json) is read, credential helpers run, the
/// Kubernetes API is not asked, clouds are asked for their identities as by the webhook, and many requests go to one
/// registry at once. `for_command` is set.
[[nodiscard]] result<settings> settings_for_files(const std::string& config_file, const environment& all);

}  // namespace pinhook::config
