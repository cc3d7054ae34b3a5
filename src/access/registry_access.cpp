#include <pinhook/access/registry_access.hpp>

#include <pinhook/base/file.hpp>
#include <pinhook/base/log.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/base/side_thread.hpp>
#include <pinhook/cloud/azure_credentials.hpp>
#include <pinhook/cloud/ecr_credentials.hpp>
#include <pinhook/cloud/google_credentials.hpp>
#include <pinhook/kube/find_cluster.hpp>
#include <pinhook/kube/pull_secrets.hpp>
#include <pinhook/registry/access_rules.hpp>
#include <pinhook/registry/config_chain.hpp>
#include <pinhook/registry/ordered_credentials.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::access {
namespace {

// The interval at which the files are checked: the kubelet takes up to a minute to write a changed Secret anyway.
constexpr std::chrono::seconds files_poll{5};

http::curl_client_options registries_options(const config::settings& s, const http::proxy_settings& proxy) {
  http::curl_client_options out;
  out.transfer.stall_time = stall_time(s);
  out.proxy = proxy;
  out.networks = s.networks;
  // Enough for all requests that can go to one registry: on plain HTTP a connection each; with TLS as streams of a
  // connection, and for HTTP/1.1 the default number of connections, since handshakes cost more than the wait they save.
  auto& most = out.connections;
  most.streams_per_connection = std::max(most.streams_per_connection, s.resolver.host_concurrency);
  out.plain_connections_per_host = std::max(most.connections_per_host, s.resolver.host_concurrency);
  // More than the requests to registries (resolve::gate_options::requests), since those to token servers are added.
  constexpr std::size_t to_token_servers = 64;
  most.connections = std::max(most.connections, out.plain_connections_per_host + to_token_servers);
  return out;
}

http::curl_client_options unguarded(const http::proxy_settings& proxy) {
  http::curl_client_options out;
  out.proxy = proxy;
  out.guards_addresses = false;
  return out;
}

registry::client_options client_options(const config::settings& s) {
  registry::client_options out;
  out.hosts = s.registries;
  out.asks_loopback = s.for_command;
  out.token_limit = std::max(out.token_limit, s.resolver.lookup_limit);
  out.allow = s.allowed_registries;
  out.deny = s.denied_registries;
  out.verify_by_get = s.verify_by_get;
  out.user_agent = "pinhook/" PINHOOK_VERSION;
  return out;
}

registry::route_options route_options(const config::settings& s, std::shared_ptr<const registry::node_conf> conf,
                                      const std::optional<registries_yaml>& yaml) {
  registry::route_options out;
  out.conf = std::move(conf);
  if (yaml) out.rules = std::make_shared<const registry::mirror_rules>(yaml->rules);
  out.mirrors = s.mirrors.hosts;
  out.complete = s.mirrors.complete;
  out.directories = s.mirrors.certs_dirs;
  return out;
}

// Where callers are verified they are API servers, which send reviews of labelled namespaces alone; a command's caller
// is the person who typed it.
kube::label_check label_check_of(const config::settings& s) {
  if (s.for_command) return kube::label_check::never;
  switch (s.callers.labelled_namespaces) {
    case config::switch_state::on:
      return kube::label_check::always;
    case config::switch_state::off:
      return kube::label_check::never;
    default:
      return s.callers.are_verified() ? kube::label_check::never : kube::label_check::where_allowed;
  }
}

// Outside a cloud there is no metadata service, and public images should not wait for it again and again.
constexpr std::chrono::seconds hold_no_cloud{20};

void report_reload(const result<bool>& changed, std::string_view files) {
  if (!changed)
    log::error(fmt::format("{} changed and cannot be used; the old ones stay", files),
               {{"why", changed.error().message}});
  else if (*changed)
    log::info(fmt::format("changed {} are in use", files));
}

}  // namespace

std::chrono::seconds stall_time(const config::settings& s) {
  constexpr int parts = 3;
  const auto whole = std::chrono::ceil<std::chrono::seconds>(s.resolver.lookup_limit);
  const std::chrono::seconds least = http::transfer_options{}.stall_time;
  return std::max(least, s.for_command ? whole : whole / parts);
}

registry_access::registry_access(asio::io_context& control, const config::settings& s, node_files nodes,
                                 const clock& time, registry::observer* watch)
    : control_(control),
      time_(time),
      reads_short_names_(s.mirrors.short_names),
      proxy_(http::proxy_from_environment()),
      registries_(control, registries_options(s, proxy_)),
      cluster_(control, unguarded(proxy_)),
      metadata_(control, unguarded({})),
      client_(registry::make_client(registries_, client_options(s), time, watch)),
      nodes_(std::move(nodes)),
      routes_(std::make_shared<registry::route_table>(route_options(s, nodes_.conf, nodes_.yaml), time)),
      files_timer_(control.get_executor()) {}

std::function<result<registry::reference>(const registry::reference&)> registry_access::meaning_of() const {
  if (!nodes_.conf || !nodes_.conf->has_files() || !reads_short_names_) return nullptr;
  return [conf = nodes_.conf](const registry::reference& ref) { return registry::meaning_of(*conf->current(), ref); };
}

resolve::resolver_options registry_access::resolver_options(const config::settings& s) const {
  resolve::resolver_options out;
  out.gate.requests_per_host = s.resolver.host_concurrency;
  out.flights.limit = s.resolver.lookup_limit;
  out.source_limit = s.resolver.source_limit;
  // A command gives its digests to files, which know no warnings about nodes.
  if (!s.for_command) out.verify_pull = s.resolver.verify_pull;
  out.routes = routes_;
  out.mirror_credentials = own_;
  return out;
}

registry_access::~registry_access() {
  if (plugins_) plugins_->cancel();
}

result<std::unique_ptr<registry_access>> registry_access::open(asio::io_context& control, const config::settings& s,
                                                               const environment& all, const clock& time,
                                                               registry::observer* watch,
                                                               std::function<void(kube::label_event)> on_namespace) {
  if (auto good = registry::access_rules::make(s.allowed_registries, s.denied_registries); !good)
    return fail(std::move(good.error()));
  if (auto good = http::check(http::proxy_from_environment()); !good) return fail(std::move(good.error()));
  auto nodes = read_node_files(s);
  if (!nodes) return fail(std::move(nodes.error()));
  std::unique_ptr<registry_access> out(new registry_access(control, s, std::move(*nodes), time, watch));
  if (auto ok = out->open_cluster(s, all); !ok) return fail(std::move(ok.error()));
  if (auto ok = out->open_cluster_mirrors(s, all); !ok) return fail(std::move(ok.error()));
  if (auto ok = out->open_plugins(s); !ok) return fail(std::move(ok.error()));
  if (auto ok = out->open_configs(s, all); !ok) return fail(std::move(ok.error()));
  out->open_clouds(s, all);
  out->open_tenants(s, std::move(on_namespace));
  const bool has_proxy = !out->proxy_.http.empty() || !out->proxy_.https.empty();
  if (has_proxy && s.allowed_registries.empty())
    log::warning(
        "a proxy resolves the names of registries, so their addresses are not checked: list the allowed registries "
        "under registry.allow");
  return out;
}

result<registry_access::node_files> registry_access::read_node_files(const config::settings& s) {
  node_files out;
  if (!s.mirrors.registries_conf.empty()) {
    auto opened = registry::node_conf::open(s.mirrors.registries_conf);
    if (!opened) return fail(std::move(opened.error()).at("mirrors.registries_conf"));
    out.conf = std::move(*opened);
  } else if (s.mirrors.openshift) {
    out.conf = std::make_shared<registry::node_conf>(registry::registries_conf());
  }
  if (const std::string& file = s.mirrors.registries_yaml; !file.empty()) {
    auto read = read_within<secret>(file, [file] { return read_file(file, max_registries_yaml); });
    if (!read) return fail(std::move(read.error()).at("mirrors.registries_yaml"));
    auto parsed = parse_registries_yaml(read->reveal(), {file, s.mirrors.default_endpoint});
    if (!parsed) return fail(std::move(parsed.error()).at("mirrors.registries_yaml"));
    out.yaml = std::move(*parsed);
  }
  return out;
}

result<void> registry_access::open_cluster(const config::settings& s, const environment& all) {
  if (s.pull_secrets.mode == config::switch_state::off && s.plugins.config.empty()) return {};
  auto found = connect(s, all);
  if (!found) {
    // Outside a cluster there are no pull secrets.
    if (found.error().code == error_code::not_found && s.pull_secrets.mode != config::switch_state::on) return {};
    return fail(std::move(found.error()).at("Kubernetes API"));
  }
  api_ = std::make_shared<kube::api_client>(*std::move(found));
  return {};
}

result<std::shared_ptr<kube::api_connection>> registry_access::connect(const config::settings& s,
                                                                       const environment& all) {
  if (connection_) return connection_;
  auto found = kube::find_cluster(s.kubeconfig, all);
  if (!found) return fail(std::move(found.error()));
  connection_ = std::make_shared<kube::api_connection>(cluster_, std::move(*found), machine_processes(),
                                                       control_.get_executor(), time_);
  return connection_;
}

result<void> registry_access::open_cluster_mirrors(const config::settings& s, const environment& all) {
  if (!s.mirrors.openshift) return {};
  auto found = connect(s, all);
  if (!found) return fail(std::move(found.error()).at("mirrors.openshift: Kubernetes API"));
  grants_ = std::make_shared<registry::mirror_grants>();
  cluster_mirrors_ = std::make_unique<cluster_mirrors>(*std::move(found), nodes_.conf, time_,
                                                       cluster_mirror_options{.grants = grants_});
  return {};
}

awaitable<result<void>> registry_access::read_cluster_mirrors(deadline d) {
  if (!cluster_mirrors_) co_return result<void>();
  auto done = co_await cluster_mirrors_->read(d);
  co_return done;
}

awaitable<void> registry_access::keep_cluster_mirrors(std::function<void(std::string)> on_wait) {
  if (cluster_mirrors_) co_await cluster_mirrors_->keep(std::move(on_wait));
}

result<void> registry_access::open_plugins(const config::settings& s) {
  if (s.plugins.config.empty()) return {};
  auto opened = kube::credential_plugins::open(s.plugins.config, s.plugins.bin_dir, machine_processes(), api_.get(),
                                               control_.get_executor(), time_);
  if (!opened) return fail(std::move(opened.error()).at("credential plugins"));
  plugins_ = std::move(*opened);
  return {};
}

result<void> registry_access::open_configs(const config::settings& s, const environment& all) {
  for (const auto& place : registry::config_places(s.docker_config, all)) {
    auto opened = registry::open_config(place, s.credential_helpers ? &machine_processes() : nullptr, time_);
    if (!opened) return fail(std::move(opened.error()).at("registry credentials"));
    configs_.push_back(std::move(*opened));
  }
  // As on the node, for every Pod; after the files that are for pinhook itself.
  if (nodes_.yaml)
    configs_.push_back(std::make_shared<registry::config_credentials>(nodes_.yaml->credentials, nullptr, time_));
  return {};
}

void registry_access::open_clouds(const config::settings& s, const environment& all) {
  const auto on = control_.get_executor();
  for (const config::cloud_name name : s.clouds) {
    switch (name) {
      case config::cloud_name::aws:
        clouds_.push_back(std::make_shared<cloud::ecr_credentials>(registries_, metadata_, on, time_, all));
        break;
      case config::cloud_name::google: {
        cloud::google_options options;
        options.tokens.hold_failure = hold_no_cloud;
        clouds_.push_back(std::make_shared<cloud::google_credentials>(registries_, metadata_, on, time_, all, options));
        break;
      }
      case config::cloud_name::azure: {
        cloud::azure_options options;
        options.tokens.hold_failure = hold_no_cloud;
        clouds_.push_back(std::make_shared<cloud::azure_credentials>(registries_, metadata_, on, time_, all, options));
        break;
      }
    }
  }
}

void registry_access::open_tenants(const config::settings& s, std::function<void(kube::label_event)> on_namespace) {
  own_ = std::make_shared<registry::ordered_credentials>(sources_of({}));
  kube::pull_secrets_options options;
  options.ttl = s.pull_secrets.ttl;
  options.namespaces = s.pull_secrets.namespaces;
  options.labels = label_check_of(s);
  options.on_namespace = std::move(on_namespace);
  options.grants = grants_;
  std::shared_ptr<kube::api> reads;
  if (s.pull_secrets.mode != config::switch_state::off) reads = api_;
  tenants_ = std::make_shared<kube::pull_secrets>(
      std::move(reads), control_.get_executor(), time_,
      [this](const registry::tenant& tenant) { return sources_of(tenant); }, std::move(options));
}

// Any thread: the vectors never change, and a plugin's source can be made on any.
std::vector<registry_access::source> registry_access::sources_of(const registry::tenant& tenant) const {
  std::vector<source> out;
  if (plugins_) out.push_back(plugins_->for_tenant(tenant));
  out.insert(out.end(), clouds_.begin(), clouds_.end());
  out.insert(out.end(), configs_.begin(), configs_.end());
  return out;
}

std::unique_ptr<registry::client> registry_access::make_platform_client(const config::settings& s,
                                                                        registry::platform platform) {
  registry::client_options options = client_options(s);
  options.of_platform = std::move(platform);
  return registry::make_client(registries_, std::move(options), time_, nullptr);
}

awaitable<void> registry_access::watch_files(std::function<void(bool)> on_stall) {
  for (;;) {
    co_await files_timer_.wait(files_poll);
    std::function<void()> look = [configs = configs_, plugins = plugins_, conf = nodes_.conf] {
      for (const auto& one : configs) report_reload(one->reload_if_changed(), "registry credentials");
      if (plugins) report_reload(plugins->reload_if_changed(), "credential plugins");
      if (conf) report_reload(conf->reload_if_changed(), "registries.conf files");
    };
    co_await run_aside(std::move(look), read_limit, on_stall);
  }
}

}  // namespace pinhook::access
