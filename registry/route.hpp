// The routes to a registry's manifests: mirrors, and the registry itself with its operator's settings.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/registries_conf.hpp>
#include <pinhook/registry/web_url.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Routes of one registry; further ones are not used. Each may cost a share of the deadline.
inline constexpr std::size_t max_routes = 16;

/// A header sent with every request of a route. Its value may be a token.
struct route_header {
  std::string name;
  secret value;
  friend bool operator==(const route_header&, const route_header&) = default;
};

/// One host as an operator describes it: a `[host]` table of hosts.toml, its root fields, or an entry of pinhook's
/// configuration.
struct mirror_setting {
  /// "https://mirror.corp:5000/hub"; HTTPS when there is no scheme. Empty: the registry itself.
  std::string url;
  /// True when the host serves manifests and layers by digest.
  bool can_pull = true;
  /// True when the host resolves tags; else it is never asked for one.
  bool can_resolve = true;
  /// True: the URL's path is the API's root as written; else "/v2" is appended unless it ends so.
  bool override_path = false;
  /// PEM files with authorities trusted beside the system's.
  std::vector<std::string> ca_files;
  /// The client certificate; the key may be in the same file.
  std::string client_certificate_file;
  std::string client_key_file;
  /// True: accept any certificate.
  bool skip_verify = false;
  std::vector<route_header> headers;
  /// The time limit for connecting.
  std::optional<std::chrono::nanoseconds> dial_timeout;
  /// The repository's name at the host, for the one in the reference; null: the same.
  std::function<std::string(const std::string&)> rewrite;
};

/// A setting prepared for requests.
struct route {
  /// True for the registry that the reference names: it gets its credentials. False: another host, which never does.
  bool is_upstream = true;
  /// True for the place that comes after the mirrors: the registry itself, or where registries.conf has moved it to.
  bool is_source = true;
  /// The image's own name at this place, where that is another one than the reference's; its registry is the host.
  std::optional<reference> named;
  /// True: where the host does not speak HTTPS, it is asked by plain HTTP.
  bool may_be_plain = false;
  /// "https://mirror.corp:5000/v2"; no value: the host that the registry's name gives.
  std::optional<web_url> base;
  bool can_pull = true;
  bool can_resolve = true;
  /// True: an operator wrote this host, so it may be on loopback. False: it came with the reference.
  bool is_named = false;
  /// The registry that a mirror answers for, the "ns" parameter of its requests. Empty for the registry itself.
  std::string ns;
  std::vector<route_header> headers;
  /// Null: the configuration of the registry counts (host_settings::ca_file).
  std::shared_ptr<const http::tls_settings> tls;
  /// The part of it for a token realm on another host: the authorities, never the client certificate or `skip_verify`.
  std::shared_ptr<const http::tls_settings> tls_elsewhere;
  std::optional<std::chrono::nanoseconds> dial_timeout;
  /// mirror_setting::rewrite; for_reference has applied it.
  std::function<std::string(const std::string&)> rewrite;
  /// The object of a cluster that has it; empty: routes::source.
  std::string object;
  /// The host in messages and metrics: "mirror.corp:5000"; for the registry itself its canonical name.
  std::string host;
  /// True when it may answer a request for `ref`.
  [[nodiscard]] bool answers(const reference& ref) const { return ref.is_pinned() ? can_pull : can_resolve; }
};

/// The routes in the order in which they are tried.
struct routes {
  std::vector<std::shared_ptr<const route>> in_order;
  /// The source of the settings: a file, "the configuration"; empty when the registry has none.
  std::string source;
  /// The error of the settings when the registry is asked nevertheless.
  std::optional<error> trouble;
};

/// invalid_input: an invalid URL, or header fields that a request must not carry.
[[nodiscard]] result<route> make_route(const mirror_setting& setting, const reference& ref);

/// The routes of `settings`. The registry itself comes last, with the setting `upstream`, unless it is among them.
/// Errors: those of make_route.
[[nodiscard]] result<routes> make_routes(const std::vector<mirror_setting>& settings, const mirror_setting& upstream,
                                         const reference& ref);

/// The routes of a registry with the name that each has for the image. invalid_input: a rewritten name is not valid.
[[nodiscard]] result<std::shared_ptr<const routes>> for_reference(std::shared_ptr<const routes> all,
                                                                  const reference& ref);

/// The routes of `places`, for their reference alone; those that are blocked are left out and named in `trouble`.
/// denied: all are.
[[nodiscard]] result<routes> make_routes(const node_places& places, const reference& ref);

}  // namespace pinhook::registry
