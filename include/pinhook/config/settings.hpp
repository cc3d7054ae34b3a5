// All settings of an operator, as values with their defaults. Their meaning, range and when to change them are in one
// table (setting_table.hpp); manifests/pinhook.yaml is printed from it.
//
// Plain values: no thread rule.
#pragma once

#include <pinhook/base/log.hpp>
#include <pinhook/files/image_places.hpp>
#include <pinhook/http/address_guard.hpp>
#include <pinhook/kube/pull_secrets_options.hpp>
#include <pinhook/kube/serving_options.hpp>
#include <pinhook/pin/policy.hpp>
#include <pinhook/registry/host_settings.hpp>
#include <pinhook/registry/route.hpp>
#include <pinhook/resolve/resolver_options.hpp>
#include <pinhook/rules/rule_set.hpp>
#include <pinhook/server/limits.hpp>
#include <pinhook/server/listen_address.hpp>
#include <pinhook/signatures/verdict_options.hpp>
#include <pinhook/signatures/verifier_setting.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::config {

/// `automatic`: on where its requirements are met.
enum class switch_state : std::uint8_t { automatic, on, off };

/// The clouds whose registries are asked with the identity that this process has there.
enum class cloud_name : std::uint8_t { aws, google, azure };

struct settings {
  server::listen_address listen{boost::asio::ip::address_v4::any(), 8443};
  server::listen_address admin_listen{boost::asio::ip::address_v4::any(), 9090};
  /// 0: the cores this process may use.
  std::uint32_t threads = 0;
  /// The namespace of pinhook itself, whose objects are never changed. Empty: none.
  std::string own_namespace;

  struct tls_settings {
    /// Paths. Empty, both: the certificate is kept in the cluster.
    std::string cert_file;
    std::string key_file;
    std::chrono::nanoseconds reload_interval = std::chrono::seconds(5);
    /// Names of objects: the Secret that holds it, the configuration whose caBundles are to trust it, the Service that
    /// it is for.
    std::string secret = kube::serving_options{}.secret_name;
    std::string webhook_configuration = kube::serving_options{}.configuration;
    std::string service = "pinhook";
    /// Further DNS names and addresses in it.
    std::vector<std::string> names;
    std::chrono::nanoseconds lifetime = kube::serving_policy{}.lifetime;
    std::chrono::nanoseconds authority_lifetime = kube::serving_policy{}.authority_lifetime;
    std::chrono::nanoseconds settle = kube::serving_policy{}.settle;
    std::chrono::nanoseconds check_interval = kube::serving_options{}.check_interval;
  } tls;

  struct caller_settings {
    /// Path. Empty: callers are not asked for a certificate.
    std::string client_ca;
    /// Globs on the names of a caller's certificate.
    std::vector<std::string> names;
    /// Other callers are refused.
    bool required = true;
    /// Credentials are used for namespaces that have opted in alone; automatic: where callers are not verified.
    switch_state labelled_namespaces = switch_state::automatic;
    /// Look-ups with pull secrets in a minute that one address may cause; 0: any number.
    std::size_t lookups = 6000;

    /// Only callers with a client certificate that counts are answered.
    [[nodiscard]] bool are_verified() const { return !client_ca.empty() && required; }
  } callers;

  pin::policy pin;
  /// On images; they are more specific than `pin`.
  rules::rule_set rules;
  /// Who may sign images, by names. Rules and `pinhook verify` name them.
  std::vector<signatures::verifier_setting> verifiers;
  /// Ends refusals; resolve::fault_of_help finds no fault in it. Empty: none.
  std::string help;

  struct lock_settings {
    /// Path. Empty: nothing is locked.
    std::string file;
    /// An image that the file does not hold cannot be resolved.
    bool required = false;
  } lock;

  struct moves_settings {
    /// Path. Empty: nothing is known of moved tags, and no rule has a cooldown.
    std::string file;
  } moves;

  struct file_settings {
    std::vector<files::custom_paths> paths;
    std::vector<std::string> exclude;
  } files;

  struct deadline_settings {
    std::chrono::nanoseconds limit = std::chrono::seconds(8);
    std::chrono::nanoseconds margin = std::chrono::milliseconds(500);
  } deadline;

  resolve::cache_options cache;
  signatures::verdict_options verdicts;

  struct resolver_settings {
    std::size_t host_concurrency = resolve::gate_options{}.requests_per_host;
    std::chrono::nanoseconds lookup_limit = resolve::flight_options{}.limit;
    std::chrono::nanoseconds source_limit = resolve::resolver_options{}.source_limit;
    resolve::pull_order verify_pull = resolve::pull_order::warn;
  } resolver;

  /// Not a setting of a file: true for commands that a person types. A registry on this machine is asked although
  /// `registries` does not name it, and one that is slow to answer has all the time of a look-up.
  bool for_command = false;

  std::map<std::string, registry::host_settings, std::less<>> registries;
  bool verify_by_get = false;
  /// Globs on registries.
  std::vector<std::string> allowed_registries;
  std::vector<std::string> denied_registries;

  http::address_rules networks;

  struct mirror_settings {
    /// Paths of directories like containerd's certs.d.
    std::vector<std::string> certs_dirs;
    /// Paths of registries.conf and of directories with more of its kind.
    std::vector<std::string> registries_conf;
    /// Those of OpenShift's objects in the cluster.
    bool openshift = false;
    /// Path of a registries.yaml; empty: none.
    std::string registries_yaml;
    /// Of nodes with registries.yaml: a registry with mirrors is asked itself, too.
    bool default_endpoint = true;
    /// Short names mean what registries_conf makes of them.
    bool short_names = true;
    /// Registries whose mirrors have what lies beside images, too; "_default": all.
    std::vector<std::string> complete;
    std::map<std::string, std::vector<registry::mirror_setting>, std::less<>> hosts;
  } mirrors;

  struct pull_secret_settings {
    switch_state mode = switch_state::automatic;
    std::chrono::nanoseconds ttl = kube::pull_secrets_options{}.ttl;
    /// Empty: all.
    std::vector<std::string> namespaces;
  } pull_secrets;
  /// Path. Empty: the service account's files in a cluster, else $KUBECONFIG.
  std::string kubeconfig;

  struct plugin_settings {
    /// Paths, as the kubelet's flags have them. Empty: no plugins.
    std::string config;
    std::string bin_dir;
  } plugins;

  std::vector<cloud_name> clouds{cloud_name::aws, cloud_name::google, cloud_name::azure};
  /// Path of a config.json. Empty: every registry is asked as anonymous.
  std::string docker_config;
  bool credential_helpers = false;

  struct server_limits {
    std::size_t body = server::limits{}.body;
    std::size_t header = server::limits{}.header;
    std::chrono::nanoseconds idle = server::limits{}.idle;
    std::chrono::nanoseconds request = server::limits{}.request;
    std::chrono::nanoseconds handshake = server::limits{}.handshake;
    std::size_t connections = server::limits{}.connections;
  } limits;

  struct shutdown_settings {
    std::chrono::nanoseconds delay = std::chrono::seconds(5);
    std::chrono::nanoseconds limit = std::chrono::seconds(30);
  } shutdown;

  struct log_settings {
    log::level level = log::level::info;
    /// Without a value: text on a terminal, else JSON.
    std::optional<log::format> format;
  } log;
};

}  // namespace pinhook::config
