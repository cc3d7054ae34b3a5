// Which requests go through an HTTP proxy, by the rules that Go programs beside us in a cluster follow
// (golang.org/x/net/http/httpproxy), so that one setting means the same to all of them.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/http/endpoint.hpp>

#include <string>

namespace pinhook::http {

struct proxy_settings {
  /// The proxy for http and for https URLs: "http://proxy.corp:3128". Empty: none.
  std::string http;
  std::string https;
  /// Hosts asked directly, separated by commas: "corp.example" (it and everything below), ".corp.example" (only what is
  /// below), "10.0.0.0/8", "192.0.2.1", each but the network with an optional ":port"; "*" for all.
  std::string no_proxy;
};

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or their lower-case spellings.
[[nodiscard]] proxy_settings proxy_from_environment();

/// The proxy to use for `to`; empty: none. Loopback hosts are always asked directly.
[[nodiscard]] std::string proxy_for(const endpoint& to, const proxy_settings& s);

/// A proxy's setting, read.
struct proxy_place {
  bool is_https = false;
  /// "proxy.example:3128": for messages.
  std::string name;
  /// With scheme, user and password, and port: what curl is given.
  secret url;
};

/// Without a scheme it is http; without a port the scheme's own, 80 or 443, as in Go. invalid_input: no URL, or another
/// scheme; the message does not repeat the setting, which may hold a password.
[[nodiscard]] result<proxy_place> parse_proxy(const std::string& setting);

}  // namespace pinhook::http
