// The objects between a reference and its registry, made from the settings: HTTP clients, credentials in their order,
// mirrors, the registry client. `serve` and `explain` use the same ones.
//
//   auto access = registry_access::open(control, settings, environment(), machine_clock(), &metrics);
//   (*access)->client(); (*access)->tenants(); …
//
// Thread rule: one thread, that of the io_context, except where `tenants` and the sources document another.
#pragma once

#include <pinhook/access/cluster_mirrors.hpp>
#include <pinhook/access/registries_yaml.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/api_client.hpp>
#include <pinhook/kube/credential_plugins.hpp>
#include <pinhook/kube/label_check.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/config_credentials.hpp>
#include <pinhook/registry/node_conf.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/registry/tenant_credentials.hpp>
#include <pinhook/resolve/resolver_options.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::access {

/// The time after which a registry that sends nothing is given up: for a command all of a look-up's limit; for the
/// webhook a third of it, since one that hangs must not hold the few requests to a registry for long. 10 s at least.
[[nodiscard]] std::chrono::seconds stall_time(const config::settings& s);

class registry_access {
 public:
  /// Reads the files that the settings and the environment name. `time` and `watch` (can be null) must outlive it.
  /// `on_namespace`: called for each read of a namespace's label, on the thread of `control`.
  /// Errors name the file or the setting.
  [[nodiscard]] static result<std::unique_ptr<registry_access>> open(
      asio::io_context& control, const config::settings& s, const environment& all, const clock& time,
      registry::observer* watch, std::function<void(kube::label_event)> on_namespace = {});
  ~registry_access();
  registry_access(const registry_access&) = delete;
  registry_access& operator=(const registry_access&) = delete;

  [[nodiscard]] registry::client& client() { return *client_; }
  /// A client that gives the digest of a platform's manifest (client_options::of_platform). Must not outlive this
  /// object.
  [[nodiscard]] std::unique_ptr<registry::client> make_platform_client(const config::settings& s,
                                                                       registry::platform platform);
  [[nodiscard]] const std::shared_ptr<registry::tenant_credentials>& tenants() const { return tenants_; }
  [[nodiscard]] const std::shared_ptr<registry::route_table>& routes() const { return routes_; }
  /// What nodes make of a short name (pin::name_meaning); null where that is Docker Hub's image.
  [[nodiscard]] std::function<result<registry::reference>(const registry::reference&)> meaning_of() const;
  /// The credentials for mirrors: the sources of the process, without those of tenants.
  [[nodiscard]] const std::shared_ptr<registry::credential_source>& own_credentials() const { return own_; }
  /// The options, from the settings, of a resolver on this access. The cache has its defaults.
  [[nodiscard]] resolve::resolver_options resolver_options(const config::settings& s) const;

  /// The connection to the Kubernetes API, also where no pull secrets are read. not_found: there is no cluster; other
  /// errors: as kube::find_cluster.
  [[nodiscard]] result<std::shared_ptr<kube::api_connection>> connect(const config::settings& s,
                                                                      const environment& all);
  /// "in-cluster service account"; empty without a Kubernetes API.
  [[nodiscard]] std::string cluster() const { return connection_ ? connection_->where().origin : std::string(); }

  /// Reads the cluster's mirrors, where the settings say so: for a command, before its look-ups. Errors: as
  /// cluster_mirrors::read.
  awaitable<result<void>> read_cluster_mirrors(deadline d);
  /// As cluster_mirrors::keep; ends at once where the settings do not say so.
  awaitable<void> keep_cluster_mirrors(std::function<void(std::string)> on_wait);
  /// Checks the files of credentials and registries.conf periodically until it is canceled, and loads changed ones.
  /// `on_stall`: as file_watch.
  awaitable<void> watch_files(std::function<void(bool)> on_stall);
  /// Checks them now.
  void hurry() { files_timer_.hurry(); }

 private:
  using source = std::shared_ptr<registry::credential_source>;

  // What the nodes' files say.
  struct node_files {
    std::shared_ptr<registry::node_conf> conf;
    std::optional<registries_yaml> yaml;
  };
  static result<node_files> read_node_files(const config::settings& s);
  registry_access(asio::io_context& control, const config::settings& s, node_files nodes, const clock& time,
                  registry::observer* watch);
  result<void> open_cluster(const config::settings& s, const environment& all);
  result<void> open_cluster_mirrors(const config::settings& s, const environment& all);
  result<void> open_plugins(const config::settings& s);
  result<void> open_configs(const config::settings& s, const environment& all);
  void open_clouds(const config::settings& s, const environment& all);
  void open_tenants(const config::settings& s, std::function<void(kube::label_event)> on_namespace);
  [[nodiscard]] std::vector<source> sources_of(const registry::tenant& tenant) const;

  asio::io_context& control_;
  const clock& time_;
  const bool reads_short_names_;
  const http::proxy_settings proxy_;
  /// For hosts from the names of images: addresses are guarded; uses the proxy.
  http::curl_client registries_;
  /// For the Kubernetes API, which the operator names: not guarded; uses the proxy.
  http::curl_client cluster_;
  /// For a cloud's metadata: not guarded; never uses a proxy.
  http::curl_client metadata_;
  std::unique_ptr<registry::client> client_;
  node_files nodes_;
  std::shared_ptr<registry::route_table> routes_;
  std::shared_ptr<kube::api_connection> connection_;
  std::shared_ptr<kube::api_client> api_;
  /// Null without the cluster's mirrors.
  std::shared_ptr<registry::mirror_grants> grants_;
  std::unique_ptr<cluster_mirrors> cluster_mirrors_;
  std::shared_ptr<kube::credential_plugins> plugins_;
  std::vector<source> clouds_;
  std::vector<std::shared_ptr<registry::config_credentials>> configs_;
  source own_;
  std::shared_ptr<registry::tenant_credentials> tenants_;
  poll_timer files_timer_;
};

}  // namespace pinhook::access
