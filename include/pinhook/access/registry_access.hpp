// Everything between a reference and its registry, put together from the settings: HTTP clients, credentials in their
// order, mirrors, the registry client. `serve` and `explain` stand on the same one.
//
//   auto access = registry_access::open(control, settings, environment(), machine_clock(), &metrics);
//   (*access)->client(); (*access)->tenants(); …
//
// Thread rule: one thread, that of the io_context, but for what `tenants` and the sources say of themselves.
#pragma once

#include <pinhook/access/access_report.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/file_watch.hpp>
#include <pinhook/config/configuration.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/api_client.hpp>
#include <pinhook/kube/credential_plugins.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/config_credentials.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/registry/tenant_credentials.hpp>
#include <pinhook/resolve/resolver_options.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::access {

class registry_access {
 public:
  /// Reads the files that the settings and the environment name. `time` and `watch` (may be null) must outlive it.
  /// Errors name the file or the setting.
  [[nodiscard]] static result<std::unique_ptr<registry_access>> open(asio::io_context& control,
                                                                     const config::settings& s,
                                                                     const config::variables& all, const clock& time,
                                                                     registry::observer* watch);
  ~registry_access();
  registry_access(const registry_access&) = delete;
  registry_access& operator=(const registry_access&) = delete;

  [[nodiscard]] registry::client& client() { return *client_; }
  /// One like it that gives the digest of a platform's manifest (client_options::of_platform). Not to outlive this.
  [[nodiscard]] std::unique_ptr<registry::client> make_platform_client(const config::settings& s,
                                                                       registry::platform wanted);
  [[nodiscard]] const std::shared_ptr<registry::tenant_credentials>& tenants() const { return tenants_; }
  [[nodiscard]] const std::shared_ptr<registry::route_table>& routes() const { return routes_; }
  /// What mirrors are asked with: the sources of the process, no tenant's.
  [[nodiscard]] const std::shared_ptr<registry::credential_source>& own_credentials() const { return own_; }
  /// What a resolver on this access is configured with, as the settings say. It has the cache's defaults.
  [[nodiscard]] resolve::resolver_options resolver_options(const config::settings& s) const;

  /// How the Kubernetes API is asked, also where no pull secrets are read. not_found: there is no cluster; other
  /// errors: as kube::find_cluster.
  [[nodiscard]] result<std::shared_ptr<kube::api_connection>> connect(const config::settings& s,
                                                                      const config::variables& all);
  /// "in-cluster service account"; empty when there is no Kubernetes API to ask.
  [[nodiscard]] std::string cluster() const { return connection_ ? connection_->where().origin : std::string(); }

  /// Looks at the files of credentials now and then until it is canceled, and takes changed ones into use. `on_stall`:
  /// as file_watch.
  awaitable<void> watch_files(std::function<void(bool)> on_stall);
  /// Looks now.
  void hurry() { files_timer_.hurry(); }

  /// How `ref` would be asked for as `who`, and with `tries` what each host answered to each credential.
  awaitable<access_report> report(registry::reference ref, registry::tenant who, bool tries, deadline d);

 private:
  using source = std::shared_ptr<registry::credential_source>;

  registry_access(asio::io_context& control, const config::settings& s, const clock& time, registry::observer* watch);
  result<void> open_cluster(const config::settings& s, const config::variables& all);
  result<void> open_plugins(const config::settings& s);
  result<void> open_configs(const config::settings& s, const config::variables& all);
  void open_clouds(const config::settings& s, const config::variables& all);
  void open_tenants(const config::settings& s);
  [[nodiscard]] std::vector<source> sources_of(const registry::tenant& who) const;

  [[nodiscard]] std::string url_of(const registry::route& by, const registry::reference& ref) const;
  awaitable<void> try_mirror(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                             deadline d);
  awaitable<void> try_registry(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                               source whose, deadline d);
  awaitable<void> try_source(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                             source from, registry::reference asked_as, deadline d);
  awaitable<void> try_credential(access_report& out, std::shared_ptr<const registry::route> by, registry::reference ref,
                                 registry::credential who, deadline d);

  asio::io_context& control_;
  const clock& time_;
  const std::map<std::string, registry::host_settings, std::less<>> hosts_;
  const http::proxy_settings proxy_;
  /// For what an image's name leads to: guarded, by the proxy.
  http::curl_client registries_;
  /// For the Kubernetes API, which the operator names: not guarded, by the proxy.
  http::curl_client cluster_;
  /// For a cloud's metadata: not guarded, never by a proxy.
  http::curl_client metadata_;
  std::unique_ptr<registry::client> client_;
  std::shared_ptr<registry::route_table> routes_;
  std::shared_ptr<kube::api_connection> connection_;
  std::shared_ptr<kube::api_client> api_;
  std::shared_ptr<kube::credential_plugins> plugins_;
  std::vector<source> clouds_;
  std::vector<std::shared_ptr<registry::config_credentials>> configs_;
  source own_;
  std::shared_ptr<registry::tenant_credentials> tenants_;
  poll_timer files_timer_;
};

}  // namespace pinhook::access
