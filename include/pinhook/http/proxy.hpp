// Decides which requests go through an HTTP proxy, by the rules of Go programs (golang.org/x/net/http/httpproxy), so
// that one setting means the same to all programs in a cluster.
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
  /// Hosts reached directly, separated by commas: "corp.example" (it and all names below), ".corp.example" (only the
  /// names below), "10.0.0.0/8", "192.0.2.1", each but the network with an optional ":port"; "*" for all.
  std::string no_proxy;
};

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or their lower-case spellings.
[[nodiscard]] proxy_settings proxy_from_environment();

/// The proxy to use for `to`; empty: none. Loopback hosts are always reached directly.
[[nodiscard]] std::string proxy_for(const endpoint& to, const proxy_settings& s);

/// A parsed proxy setting.
struct proxy_place {
  bool is_https = false;
  /// "proxy.example:3128": for messages.
  std::string name;
  /// With scheme, user and password, and port, as curl needs it.
  secret url;
};

/// Without a scheme it is http; without a port the scheme's own, 80 or 443, as in Go. invalid_input: not a URL,
/// another scheme, or a host with letters outside of ASCII; the message does not repeat the setting, which may hold a
/// password.
[[nodiscard]] result<proxy_place> parse_proxy(const std::string& setting);

/// Checks the settings at the start, before a request needs them. invalid_input: one that `parse_proxy` refuses; the
/// message names its variable.
[[nodiscard]] result<void> check(const proxy_settings& s);

}  // namespace pinhook::http
