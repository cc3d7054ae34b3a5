// Credentials from the kubelet's credential provider plugins: the programs of a node, run as the kubelet runs them.
//
//   auto plugins = credential_plugins::open("/etc/kubernetes/credential-providers.yaml", "/opt/plugins",
//                                           machine_processes(), &kubernetes, io.get_executor(), machine_clock());
//   std::shared_ptr<registry::credential_source> source = (*plugins)->for_tenant({.ns = "shop"});
//   if (auto changed = (*plugins)->reload_if_changed(); !changed) log::warning(changed.error().message);
//
// All plugins whose `matchImages` match an image run for it, in the order of the file; their logins are merged as by
// the kubelet's keyring. A plugin that fails is skipped when another gave credentials. Source:
// kubernetes/pkg/credentialprovider/plugin/plugin.go.
//
// Thread rule: `for_tenant`, `reload_if_changed`, and a source's `identity_for` and `matches` from any thread; the
// rest, the destructor included, on the executor's one thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/file_stamp.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/shared_value.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/kube/plugin_answers.hpp>
#include <pinhook/kube/plugin_config.hpp>
#include <pinhook/kube/plugin_tokens.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/tenant_credentials.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::kube {

struct credential_plugins_options {
  /// A plugin that runs longer is killed. This is the kubelet's limit; a plugin continues when no caller waits any
  /// more.
  std::chrono::nanoseconds run_for = std::chrono::minutes(1);
  /// Plugins that run at the same time; limited, since any user can name images.
  std::size_t max_running = 16;
  /// The number of answers that are held.
  std::size_t max_held = 1000;
  /// The time for which a failure is the answer for the same image, without another run.
  std::chrono::nanoseconds hold_failure = std::chrono::seconds(5);
  /// The time for which a ServiceAccount is used again. Longer: fewer requests; shorter: a changed annotation is used
  /// sooner.
  std::chrono::nanoseconds hold_accounts = std::chrono::seconds(30);
};

class credential_plugins : public std::enable_shared_from_this<credential_plugins> {
 public:
  /// Reads `config_path`, a file or a directory. As with the kubelet, every program must exist. `kubernetes` null:
  /// plugins that need tokens of service accounts fail. The arguments must outlive the coroutines on `on`. Errors:
  /// invalid_input, not_found, denied, unavailable; the message names the file or the program.
  [[nodiscard]] static result<std::shared_ptr<credential_plugins>> open(std::string config_path, std::string bin_dir,
                                                                        process_runner& processes, api* kubernetes,
                                                                        asio::any_io_executor on, const clock& time,
                                                                        credential_plugins_options options = {});

  /// The plugins as a source for one tenant. Answers of a plugin without `tokenAttributes` are shared by all tenants.
  [[nodiscard]] std::shared_ptr<registry::credential_source> for_tenant(const registry::tenant& tenant);

  /// Reads the files again when they have changed since the last read. True: there is a new configuration, and answers
  /// of plugins with an unchanged entry stay. Errors as `parse_plugin_files`: everything stays as it was, and the same
  /// state of the files is not reported again. Reads the disk: call it every few seconds, not per request.
  [[nodiscard]] result<bool> reload_if_changed();

  /// Kills the running plugins; none runs afterwards.
  void cancel();

 private:
  class tenant_source;
  struct common;
  struct loaded {
    plugin_provider provider;
    std::string identity;
  };
  using loaded_ptr = std::shared_ptr<const loaded>;
  using config = std::vector<loaded_ptr>;
  using answer = plugin_answers::answer;
  using flights = fetch_cache<answer>;

  credential_plugins(std::string config_path, std::shared_ptr<common> shared, api* kubernetes,
                     const asio::any_io_executor& on);

  /// The state of the configuration's files: name, device, inode, size and time of each.
  static std::vector<std::pair<std::string, file_stamp>> stamps_of(const std::string& config_path);
  static config load(std::vector<plugin_provider> providers);

  /// The plugins that run for `ref` and the tenant, in their order.
  [[nodiscard]] config plugins_for(const registry::tenant& tenant, const registry::reference& ref) const;
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::tenant tenant, registry::reference ref,
                                                                       deadline d);
  /// Null: the plugin does not run for this service account.
  awaitable<result<answer>> answer_of(loaded_ptr plugin, account_name account, registry::reference ref, deadline d);
  bool forget(const registry::tenant& tenant, const registry::reference& ref);

  static awaitable<result<flights::fetched>> run(std::shared_ptr<common> shared, loaded_ptr plugin, plugin_token token,
                                                 registry::reference ref, deadline d);

  const std::string config_path_;
  const std::shared_ptr<common> shared_;
  plugin_tokens tokens_;
  flights flights_;

  shared_value<const config> config_;
  std::atomic<std::uint64_t> changes_{0};

  std::mutex reload_mutex_;  // guards stamps_
  /// Of the files of the configuration, by their paths.
  std::vector<std::pair<std::string, file_stamp>> stamps_;
};

}  // namespace pinhook::kube
