// A forward proxy on loopback, as companies have them: CONNECT for https, absolute URLs for http.
//
//   forward_proxy proxy;
//   proxy.route("registry.example:443", server.host());   // its own idea of names, instead of DNS
//   options.proxy.https = proxy.url();
//
// It runs in a thread of its own; every public function may be called from any thread.
#pragma once

#include "support/certificates.hpp"
#include "support/scripted_server.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::testing {

struct forward_proxy_options {
  /// The certificate for TLS; null: no TLS.
  const key_pair* tls = nullptr;
  /// When set, requests without "Proxy-Authorization: Basic" of these get 407.
  std::string user;
  std::string password;
};

class forward_proxy {
 public:
  explicit forward_proxy(forward_proxy_options o = {});
  ~forward_proxy();
  forward_proxy(const forward_proxy&) = delete;
  forward_proxy& operator=(const forward_proxy&) = delete;

  /// Where a host goes ("registry.example:443" → "127.0.0.1:4711"). Others get 502.
  void route(std::string authority, std::string to);
  /// Answers everything with this status; 0: no more.
  void refuse(int status);
  /// Answers nothing from now on.
  void hang();

  [[nodiscard]] std::uint16_t port() const;
  /// "127.0.0.1:port"
  [[nodiscard]] std::string host() const;
  /// "http://127.0.0.1:port" or https; with `user_info` ("me:secret") in front of the host.
  [[nodiscard]] std::string url(const std::string& user_info = "") const;

  /// The requests to the proxy itself: CONNECT with the authority as target, or a method with a whole URL.
  [[nodiscard]] std::vector<recorded_request> requests() const;
  [[nodiscard]] std::size_t connections() const;
  /// Waits until there were `count` requests; false when that takes half a minute.
  [[nodiscard]] bool wait_for_requests(std::size_t count) const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Whether this machine has ::1.
[[nodiscard]] bool has_ipv6_loopback();

/// A port of ::1 that carries every connection to one of 127.0.0.1.
class ipv6_relay {
 public:
  explicit ipv6_relay(std::uint16_t to);
  ~ipv6_relay();
  ipv6_relay(const ipv6_relay&) = delete;
  ipv6_relay& operator=(const ipv6_relay&) = delete;
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::testing
