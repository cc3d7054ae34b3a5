// Credentials from the kubelet's credential provider plugins: the programs that a node has, run as the kubelet runs
// them.
//
//   auto plugins = credential_plugins::open("/etc/kubernetes/credential-providers.yaml", "/opt/plugins",
//                                           machine_processes(), &kubernetes, io.get_executor(), machine_clock());
//   std::shared_ptr<registry::credential_source> source = (*plugins)->for_tenant({.ns = "shop"});
//   if (auto changed = (*plugins)->reload_if_changed(); !changed) log::warning(changed.error().message);
//
// All plugins whose `matchImages` are for an image are asked, in the order of the file; what they give is put together
// as the kubelet's keyring does. A plugin that fails is passed over when another gave credentials. Sources:
// kubernetes/pkg/credentialprovider/plugin/plugin.go; registry.md §4.3.
//
// Thread rule: `for_tenant`, `reload_if_changed`, and a source's `identity_for` and `matches` from any thread; the
// rest, the destructor included, on the executor's one thread.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/fetch_cache.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/kube/account_passes.hpp>
#include <pinhook/kube/api.hpp>
#include <pinhook/kube/plugin_answers.hpp>
#include <pinhook/kube/plugin_config.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/tenant_credentials.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::kube {

struct credential_plugins_options {
  /// A plugin that runs longer is killed. The kubelet's limit; a plugin goes on when nobody waits any more.
  std::chrono::nanoseconds run_for = std::chrono::minutes(1);
  /// Plugins that run at the same time: anyone may name images.
  std::size_t max_running = 16;
  /// Answers that are held.
  std::size_t max_held = 1000;
  /// How long a failure is the answer for the same image, without another run.
  std::chrono::nanoseconds hold_failure = std::chrono::seconds(5);
  /// How long a ServiceAccount is used again. Longer: fewer requests; shorter: a changed annotation counts sooner.
  std::chrono::nanoseconds hold_accounts = std::chrono::seconds(30);
};

class credential_plugins : public std::enable_shared_from_this<credential_plugins> {
 public:
  /// Reads `config_path`, a file or a directory. As with the kubelet, every program must be there. `kubernetes` null:
  /// plugins that want tokens of service accounts fail. What is given must outlive the coroutines on `on`. Errors:
  /// invalid_input, not_found, denied, unavailable; the message names the file or the program.
  [[nodiscard]] static result<std::shared_ptr<credential_plugins>> open(std::string config_path, std::string bin_dir,
                                                                        process_runner& processes, api* kubernetes,
                                                                        asio::any_io_executor on, const clock& time,
                                                                        credential_plugins_options options = {});

  /// The plugins as they are asked for one tenant. What a plugin without `tokenAttributes` answers is everyone's.
  [[nodiscard]] std::shared_ptr<registry::credential_source> for_tenant(const registry::tenant& who);

  /// Reads the files again when they are others than those read last. True: there is a new configuration, and answers
  /// of plugins whose entry is as it was stay. Errors as `parse_plugin_files`: everything stays as it was, and the same
  /// state of the files is not reported again. Touches the disk: call it every few seconds, not per request.
  [[nodiscard]] result<bool> reload_if_changed();

  /// Kills the plugins that run; none is run afterwards.
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

  /// Of which files the configuration is made: name, device, inode, size and time of each.
  static std::vector<std::string> state_of(const std::string& config_path);
  static config load(std::vector<plugin_provider> providers);

  [[nodiscard]] std::shared_ptr<const config> current() const;
  /// Those that are asked for `ref` by a Pod in the namespace, in their order.
  [[nodiscard]] config asked_for(const registry::tenant& who, const registry::reference& ref) const;
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::tenant who, registry::reference ref,
                                                                       deadline d);
  /// Null: the plugin does not run for this service account.
  awaitable<result<answer>> answer_of(loaded_ptr plugin, account_name who, registry::reference ref, deadline d);
  bool forget(const registry::tenant& who, const registry::reference& ref);

  static awaitable<result<flights::fetched>> run(std::shared_ptr<common> shared, loaded_ptr plugin, account_pass pass,
                                                 registry::reference ref, deadline d);

  const std::string config_path_;
  const std::shared_ptr<common> shared_;
  account_passes passes_;
  flights flights_;

  mutable std::mutex config_mutex_;
  std::shared_ptr<const config> config_;

  std::mutex reload_mutex_;  // guards what follows
  std::vector<std::string> seen_;
};

}  // namespace pinhook::kube
