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
#include <pinhook/registry/web_url.hpp>
#include <pinhook/resolve/begun_rest.hpp>
#include <pinhook/resolve/lookup_run.hpp>

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

bool has_asked(const access_report& out, std::size_t from) {
  return std::any_of(out.attempts->begin() + static_cast<std::ptrdiff_t>(from), out.attempts->end(),
                     [](const auto& one) { return one.was_asked; });
}

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
      hosts_(s.registries),
      rules_(
          registry::access_rules::make(s.allowed_registries, s.denied_registries).value_or(registry::access_rules())),
      networks_(s.networks),
      asks_loopback_(s.for_command),
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
  if (!nodes_.conf || !reads_short_names_) return nullptr;
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

awaitable<access_report> registry_access::report(registry::reference ref, registry::tenant tenant, bool tries,
                                                 deadline d) {
  access_report out;
  if (const auto meaning_of = this->meaning_of()) {
    const auto meant = meaning_of(ref);
    if (!meant) {
      out.troubles.push_back(meant.error().message);
      if (tries) out.attempts.emplace();
      co_return out;
    }
    if (meant->canonical() != ref.canonical()) out.meaning = meant->canonical();
    ref = *meant;
  }
  const source credentials = co_await tenants_->credentials_of(std::move(tenant), d);
  out.credentials = credentials->matches(ref);
  for (const auto& trouble : credentials->troubles()) out.troubles.push_back(trouble.message);
  registry::reference asked = ref;
  auto found = co_await routes_->routes_for(std::move(asked), d);
  if (!found) {
    out.troubles.push_back(found.error().message);
    if (tries) out.attempts.emplace();
    co_return out;
  }
  if ((*found)->trouble) out.troubles.push_back((*found)->trouble->message);
  if (tries) out.attempts.emplace();
  for (const auto& by : (*found)->in_order) {
    if (!by->answers(ref)) continue;
    out.hosts.push_back(host_of(*by, **found, ref));
    if (is_for_commands_alone(*by, ref))
      out.troubles.push_back(
          fmt::format("the webhook asks a registry on this machine only when the configuration lists it: registries: "
                      "{{\"{}\": {{}}}}",
                      ref.registry()));
    if (!tries) continue;
    if (by->is_upstream)
      co_await try_registry(out, by, ref, credentials, d);
    else
      co_await try_mirror(out, by, ref, d);
  }
  registry::reference named = ref;
  co_await add_places_of_digest(out, std::move(named), d);
  co_return out;
}

awaitable<void> registry_access::add_places_of_digest(access_report& to, registry::reference ref, deadline d) {
  if (ref.is_pinned()) co_return;
  const auto pinned =
      registry::reference::parse(fmt::format("{}@{}", ref.written_name(), registry::digest::of("").to_string()));
  if (!pinned) co_return;
  registry::reference asked = *pinned;
  const auto found = co_await routes_->routes_for(std::move(asked), d);
  std::vector<access_report::host> places;
  if (!found) {
    to.troubles.push_back(fmt::format("by digest: {}", found.error().message));
  } else {
    for (const auto& by : (*found)->in_order)
      if (by->answers(*pinned)) places.push_back(host_of(*by, **found, *pinned));
  }
  if (places != to.hosts) to.pulled_from = std::move(places);
}

std::string registry_access::url_of(const registry::route& by, const registry::reference& ref) const {
  if (by.base) return by.base->text();
  const registry::reference& named = by.named ? *by.named : ref;
  const auto known = hosts_.find(named.registry());
  const bool is_plain = registry::speaks_plain_http(known == hosts_.end() ? nullptr : &known->second, &by, named);
  return fmt::format("{}://{}", is_plain ? "http" : "https", named.wire_host());
}

access_report::host registry_access::host_of(const registry::route& by, const registry::routes& of,
                                             const registry::reference& ref) const {
  access_report::host out{url_of(by, ref), !by.is_source, {}, {}};
  if (by.named && by.named->repository() != ref.repository()) out.repository = by.named->repository();
  // A registry that no entry names is asked by its name alone.
  if (by.is_named) out.from = of.source;
  const auto to = http::parse_endpoint(out.url);
  if (!to) return out;
  out.refusal = refusal_of(by, ref, *to);
  if (const auto proxy = http::proxy_for(*to, proxy_); !proxy.empty())
    if (const auto place = http::parse_proxy(proxy)) out.proxy = place->name;
  return out;
}

// The reason that is known before the host's name is resolved.
std::string registry_access::refusal_of(const registry::route& by, const registry::reference& ref,
                                        const http::endpoint& to) const {
  if (const auto denied = by.is_upstream ? rules_.refusal(ref) : rules_.refusal_of_host(by.host))
    return denied->message;
  const bool reaches_loopback = asks_loopback_ || is_named(by, ref);
  return http::host_fault(to.host, {.loopback = reaches_loopback, .private_networks = true}, networks_)
      .value_or(std::string());
}

bool registry_access::is_named(const registry::route& by, const registry::reference& ref) const {
  return by.is_named || hosts_.contains(ref.registry());
}

bool registry_access::is_for_commands_alone(const registry::route& by, const registry::reference& ref) const {
  return asks_loopback_ && !is_named(by, ref) && registry::is_loopback_name(registry::host_of(ref.wire_host()));
}

awaitable<void> registry_access::try_mirror(access_report& out, std::shared_ptr<const registry::route> by,
                                            registry::reference ref, deadline d) {
  const auto as = resolve::reference_at(*by, ref);
  const std::size_t before = out.attempts->size();
  if (as) co_await try_source(out, by, ref, own_, *as, d);
  if (!has_asked(out, before)) co_await try_credential(out, by, ref, registry::credential(), d);
}

awaitable<void> registry_access::try_registry(access_report& out, std::shared_ptr<const registry::route> by,
                                              registry::reference ref, source credentials, deadline d) {
  const std::size_t before = out.attempts->size();
  std::vector<source> parts(credentials->parts().begin(), credentials->parts().end());
  if (parts.empty()) parts.push_back(credentials);
  for (const source& part : parts) co_await try_source(out, by, ref, part, ref, d);
  if (!has_asked(out, before)) co_await try_credential(out, by, ref, registry::credential(), d);
}

awaitable<void> registry_access::try_source(access_report& out, std::shared_ptr<const registry::route> by,
                                            registry::reference ref, source from, registry::reference target,
                                            deadline d) {
  const auto names = from->matches(target);
  auto some = co_await from->credentials_for(std::move(target), d);
  if (!some) {
    out.attempts->push_back(
        {by->host, names.empty() ? "credentials" : names.front().source, fail(std::move(some.error())), false});
    co_return;
  }
  for (registry::credential& one : *some) {
    registry::credential credential = std::move(one);
    co_await try_credential(out, by, ref, std::move(credential), d);
  }
}

awaitable<void> registry_access::try_credential(access_report& out, std::shared_ptr<const registry::route> by,
                                                registry::reference ref, registry::credential credential, deadline d) {
  const std::string name = credential.source;
  const resolve::errand on{ref.repository(), credential.identity, {}};
  auto answer = co_await client_->resolve_by(by, std::move(ref), std::move(credential), d);
  result<std::string> text = fail(error_code::internal, "");
  if (answer) {
    text = answer->digest.to_string();
  } else {
    if (const auto rest = resolve::describe_begun_rest(on, answer.error()); !rest.empty())
      answer.error().message += "; " + rest;
    text = fail(std::move(answer.error()));
  }
  out.attempts->push_back({by->host, name, std::move(text), true});
}

}  // namespace pinhook::access
