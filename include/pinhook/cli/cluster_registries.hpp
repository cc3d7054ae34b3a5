// Registries as commands about a cluster ask them: with the credentials of whoever runs the command, and with
// --pull-secrets with those of the cluster's Pods, too.
//
// Blocks; one thread.
#pragma once

#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/cli/arguments.hpp>
#include <pinhook/cli/cluster_session.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/registry/tenant.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {

struct cluster_registries {
  std::unique_ptr<access::registry_digests> digests;
  /// Pull secrets that could not be read, a line each.
  std::vector<std::string> troubles;
};

struct registries_question {
  /// The command, for its progress.
  std::string_view name;
  cluster_session& session;
  const cluster_arguments& options;
  const config::settings& settings;
  const environment& variables;
};

using asking_tenants = std::map<std::string, std::vector<registry::tenant>, std::less<>>;

/// `asking`: as fleet::asking_tenants. Errors name the file or the setting.
[[nodiscard]] result<cluster_registries> open_registries(const registries_question& question, asking_tenants asking);

}  // namespace pinhook::cli
