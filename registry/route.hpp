// The ways to a registry's manifests: mirrors, and the registry itself with what an operator said about it.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/registry/web_url.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::registry {

/// Routes of one registry; further ones are not asked. Each may cost a share of the deadline.
inline constexpr std::size_t max_routes = 16;

/// A header sent with every request of a route. Its value may be a token.
struct route_header {
  std::string name;
  secret value;
  friend bool operator==(const route_header&, const route_header&) = default;
};

/// One host as an operator describes it: a `[host]` table of hosts.toml, its root fields, or an entry of our own
/// configuration.
struct mirror_setting {
  /// "https://mirror.corp:5000/hub"; without a scheme HTTPS. Empty: the registry itself.
  std::string url;
  /// Manifests and layers by digest.
  bool can_pull = true;
  /// Tags. Without it the host never answers one.
  bool can_resolve = true;
  /// The URL's path is the API's root as it stands; else "/v2" is appended unless it ends so.
  bool override_path = false;
  /// PEM files with authorities trusted beside the system's.
  std::vector<std::string> ca_files;
  /// Our certificate; the key may stand in the same file.
  std::string client_certificate_file;
  std::string client_key_file;
  /// Believe any certificate.
  bool skip_verify = false;
  std::vector<route_header> headers;
  /// How long connecting may take.
  std::optional<std::chrono::nanoseconds> dial_timeout;
};

/// A setting made ready for asking.
struct route {
  /// The registry that the reference names: it sees the credentials for it. False: a mirror, which never does.
  bool is_upstream = true;
  /// "https://mirror.corp:5000/v2"; without a value where the registry's name says.
  std::optional<web_url> base;
  bool can_pull = true;
  bool can_resolve = true;
  /// An operator wrote this host: it may be on loopback. False: it came with the reference.
  bool is_named = false;
  /// The registry a mirror is to answer for: what its requests carry as "ns". Empty for the registry itself.
  std::string ns;
  std::vector<route_header> headers;
  /// Null: what the configuration says of the registry (host_settings::ca_file).
  std::shared_ptr<const http::tls_settings> tls;
  /// What of it holds for a token realm on another host: the authorities, never our certificate or `skip_verify`.
  std::shared_ptr<const http::tls_settings> tls_elsewhere;
  std::optional<std::chrono::nanoseconds> dial_timeout;
  /// For people and for what is counted by host: "mirror.corp:5000"; of the registry itself its canonical name.
  std::string host;

  /// True when it may answer what `ref` asks.
  [[nodiscard]] bool answers(const reference& ref) const { return ref.is_pinned() ? can_pull : can_resolve; }
};

/// In the order in which they are asked.
struct routes {
  std::vector<std::shared_ptr<const route>> in_order;
  /// Where this was read: a file, "the configuration"; empty when nothing is said about the registry.
  std::string source;
  /// What could not be read there, when the registry is asked nevertheless.
  std::optional<error> trouble;
};

/// invalid_input: a URL that is none, or header fields that no request may carry.
[[nodiscard]] result<route> make_route(const mirror_setting& said, const reference& ref);

/// The routes that `settings` make, of which the registry itself comes last unless it is among them (`upstream` then
/// says what holds for it). Errors: those of make_route.
[[nodiscard]] result<routes> make_routes(const std::vector<mirror_setting>& settings, const mirror_setting& upstream,
                                         const reference& ref);

}  // namespace pinhook::registry
