// Registries that are named by an IPv6 address.
#include "support/certificates.hpp"
#include "support/forward_proxy.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Ipv6 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_ipv6_loopback()) GTEST_SKIP() << "this machine has no IPv6 loopback address";
  }
  result<http::response> get(const std::string& url, http::tls_settings tls) {
    http::request r;
    r.url = url;
    r.reach.loopback = true;
    r.tls = std::make_shared<const http::tls_settings>(std::move(tls));
    return run_on(io, client.send(std::move(r), deadline::after(std::chrono::steady_clock::now(), 30s)));
  }
  http::tls_settings ours() {
    http::tls_settings s;
    s.authorities.push_back({.file = {}, .text = secret(authority.certificate())});
    return s;
  }
  static std::string host(const ipv6_relay& relay) { return "[::1]:" + std::to_string(relay.port()); }

  asio::io_context io{1};
  certificate_authority authority;
  http::curl_client client{io};
};

TEST_F(Ipv6, LiteralsWorkWithTls) {
  scripted_server server(authority.issue());
  const ipv6_relay relay(server.port());
  server.on("GET", "/v2/", {.body = "a"});
  const auto got = get("https://" + host(relay) + "/v2/", ours());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "a");
  EXPECT_EQ(server.requests().at(0).header("Host"), host(relay));
}

TEST_F(Ipv6, LiteralsWorkWithoutTls) {
  scripted_server server;
  const ipv6_relay relay(server.port());
  server.on("GET", "/v2/", {.body = "a"});
  const auto got = get("http://" + host(relay) + "/v2/", {});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "a");
}

TEST_F(Ipv6, CertificatesMustBeForTheAddress) {
  scripted_server server(authority.issue({.names = {"localhost", "127.0.0.1", "::2"}}));
  const ipv6_relay relay(server.port());
  const auto got = get("https://" + host(relay) + "/v2/", ours());
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, StartsWith(host(relay)));
  EXPECT_THAT(got.error().message, HasSubstr("other names"));
}

TEST_F(Ipv6, ServersAreKnownByAnotherName) {
  scripted_server server(authority.issue({.names = {"registry.example"}}));
  const ipv6_relay relay(server.port());
  server.on("GET", "/v2/", {.body = "a"});
  auto tls = ours();
  tls.server_name = "registry.example";
  const auto got = get("https://" + host(relay) + "/v2/", tls);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(server.requests().at(0).header("Host"), host(relay));
}

}  // namespace
}  // namespace pinhook::testing
