// Names of the internet for tests: requests for a name go to a scripted TLS server on loopback, through the real HTTP
// client. The request as the caller made it (URL, reach) is recorded; only where it goes is changed.
//
// Thread rule: the io_context's one thread. A test that includes this links pinhook_http.
#pragma once

#include "support/certificates.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

class named_hosts final : public http::client {
 public:
  explicit named_hosts(asio::io_context& io) : client_(io) {}

  /// The server behind a name ("quay.io", "harbor.corp:8443"); made when it is first asked for.
  scripted_server& at(const std::string& authority) {
    auto& server = servers_[authority];
    if (!server) server = std::make_unique<scripted_server>(leaf_);
    return *server;
  }
  /// Answers of this host are marked as coming from the public internet.
  void make_public(const std::string& authority) { public_.insert(authority); }
  /// Requests to a name that is listed go to this host and port instead.
  std::map<std::string, std::string> elsewhere;
  /// Requests for which this returns true go to a port without a listener.
  std::function<bool(const http::request&)> refuses;

  awaitable<result<http::response>> send(http::request r, deadline d) override {
    log_.push_back({r.url, r.reach});
    constexpr std::string_view scheme = "https://";
    if (!r.url.starts_with(scheme)) co_return fail(error_code::denied, "this internet speaks HTTPS only: " + r.url);
    const auto path = r.url.find('/', scheme.size());
    const std::string name = r.url.substr(scheme.size(), path - scheme.size());
    const auto found = servers_.find(name);
    if (found == servers_.end()) co_return fail(error_code::unavailable, name + ": no such name in this test");
    const auto other = elsewhere.find(name);
    const std::string host = refuses && refuses(r)      ? closed_.host()
                             : other != elsewhere.end() ? other->second
                                                        : found->second->host();
    r.url = std::string(scheme) + host + (path == std::string::npos ? "" : r.url.substr(path));
    r.headers.push_back({"Host", name});
    r.tls = tls_;
    r.reach.loopback = true;
    const bool is_public = public_.contains(name);
    auto got = co_await client_.send(std::move(r), d);
    if (got) got->from_public_network = is_public;
    co_return got;
  }

  struct asked {
    std::string url;
    http::reach reach;
  };
  /// The authority that requests trust.
  [[nodiscard]] const certificate_authority& authority() const { return authority_; }
  /// All requests so far.
  [[nodiscard]] const std::vector<asked>& log() const { return log_; }
  [[nodiscard]] const http::curl_client& client() const { return client_; }

 private:
  temporary_directory directory_;
  certificate_authority authority_;
  key_pair leaf_ = authority_.issue();
  std::shared_ptr<const http::tls_settings> tls_ =
      http::trusting(directory_.write("ca.pem", authority_.certificate()).string());
  refusing_port closed_;
  std::map<std::string, std::unique_ptr<scripted_server>> servers_;
  std::set<std::string> public_;
  std::vector<asked> log_;
  http::curl_client client_;
};

}  // namespace pinhook::testing
