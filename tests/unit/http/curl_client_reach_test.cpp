// The addresses that the HTTP client connects to: the request's reach, the operator's rules, and proxies.
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace pinhook::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::reply;
using testing::run_on;
using testing::scripted_server;

request to(const std::string& url) {
  request r;
  r.url = url;
  r.reach.loopback = true;
  return r;
}

class CurlClientReach : public ::testing::Test {
 protected:
  result<response> send(request r) {
    return run_on(io, client->send(std::move(r), deadline::after(std::chrono::steady_clock::now(), 30s)));
  }

  asio::io_context io{1};
  scripted_server server;
  std::optional<curl_client> client{std::in_place, io};
};

TEST_F(CurlClientReach, GuardsTheAddressItConnectsTo) {
  server.on("GET", "/a", {.body = "a"});
  auto r = to(server.url("/a"));
  r.reach.loopback = false;
  const auto got = send(r);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::denied);
  EXPECT_THAT(got.error().message, AllOf(HasSubstr("127.0.0.1"), HasSubstr("loopback")));

  r.url = "http://localhost:" + std::to_string(server.port()) + "/a";
  EXPECT_EQ(send(r).error().code, error_code::denied) << "a name that resolves to loopback";
  r.url = "http://0x7f.1:" + std::to_string(server.port()) + "/a";
  EXPECT_EQ(send(r).error().code, error_code::denied) << "an odd spelling";
  r.url = "http://[::ffff:127.0.0.1]:" + std::to_string(server.port()) + "/a";
  EXPECT_EQ(send(r).error().code, error_code::denied) << "a mapped address";
  EXPECT_EQ(server.connections(), 0U);
}

// The spelling does not matter: the address that curl would connect to is checked.
TEST_F(CurlClientReach, GuardsEachSpelling) {
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const char* host :
       {"127.0.0.1", "2130706433", "0177.0.0.1", "017700000001", "0x7f.0.0.1", "0x7f000001", "127.1", "127.0.1",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]", "localhost", "one.localhost"}) {
    auto r = to("http://" + std::string(host) + port);
    r.reach.loopback = false;
    const auto got = send(std::move(r));
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().code, error_code::denied) << host << ": " << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr("is not allowed: it is a loopback address")) << host;
    EXPECT_EQ(got.error().mended_by, remedy::other_source) << host;
  }
  for (const char* host :
       {"169.254.169.254", "2852039166", "0251.0376.0251.0376", "025177524776", "0xa9.0xfe.0xa9.0xfe", "0xa9fea9fe",
        "169.254.43518", "169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::169.254.169.254]",
        "[64:ff9b::169.254.169.254]", "[64:ff9b:1::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[2002:a9fe:a9fe::1]"}) {
    const auto got = send(to("http://" + std::string(host) + "/latest/meta-data/"));
    ASSERT_FALSE(got) << host;
    EXPECT_EQ(got.error().code, error_code::denied) << host << ": " << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr("is not allowed: it is a link-local address, which no setting")) << host;
    EXPECT_EQ(got.error().mended_by, remedy::in_message) << host;
  }
  EXPECT_EQ(client->opened_connections(), 0U);
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CurlClientReach, KeepsTheOperatorsRules) {
  server.on("GET", "/a", {.body = "a"});
  curl_client_options o;
  o.networks.deny = {*parse_network("127.0.0.0/8"), *parse_network("10.0.0.0/8")};
  client.emplace(io, o);
  EXPECT_THAT(send(to(server.url("/a"))).error().message,
              HasSubstr("127.0.0.1 is not allowed: networks.deny has 127.0.0.0/8"));
  EXPECT_THAT(send(to("http://10.1.2.3/")).error().message,
              HasSubstr("10.1.2.3 is not allowed: networks.deny has 10.0.0.0/8"));

  o.networks = {};
  o.networks.allow = {*parse_network("127.0.0.0/8")};
  client.emplace(io, o);
  EXPECT_TRUE(send(to(server.url("/a"))));
  EXPECT_THAT(send(to("http://192.0.2.1/")).error().message,
              HasSubstr("192.0.2.1 is not allowed: networks.allow does not have it"));

  o.networks = {.deny = {}, .allow = {}, .private_networks = false};
  client.emplace(io, o);
  EXPECT_TRUE(send(to(server.url("/a"))));
  EXPECT_EQ(send(to("http://10.1.2.3/")).error().code, error_code::denied);
}

TEST_F(CurlClientReach, AsksAnyAddressWhenItGuardsNone) {
  server.on("GET", "/a", {.body = "a"});
  curl_client_options o;
  o.guards_addresses = false;
  o.networks.deny = {*parse_network("127.0.0.0/8")};
  client.emplace(io, o);
  auto r = to(server.url("/a"));
  r.reach = {.loopback = false, .private_networks = false};
  const auto got = send(std::move(r));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "a");
}

TEST_F(CurlClientReach, NeverAsksForMetadata) {
  for (const char* url :
       {"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://0.0.0.0/", "http://[fe80::1]/",
        "http://100.100.100.200/", "http://224.0.0.1/", "http://255.255.255.255/"})
    EXPECT_EQ(send(to(url)).error().code, error_code::denied) << url;
}

TEST_F(CurlClientReach, SharesNoConnectionWithAStricterRequest) {
  server.on("GET", "/a", {.body = "a"});
  ASSERT_TRUE(send(to(server.url("/a"))));
  auto strict = to(server.url("/a"));
  strict.reach.loopback = false;
  EXPECT_EQ(send(strict).error().code, error_code::denied);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(CurlClientReach, AsksTheProxyForOtherHosts) {
  curl_client_options o;
  o.proxy.http = "http://" + server.host();
  client.emplace(io, o);
  server.otherwise([](const auto&) { return reply{.body = "from the proxy"}; });
  const auto r = send(to("http://one.example/a"));
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->body, "from the proxy");
  EXPECT_EQ(server.requests().at(0).target, "http://one.example/a");

  const auto metadata = send(to("http://169.254.169.254/"));
  ASSERT_FALSE(metadata);
  EXPECT_EQ(metadata.error().code, error_code::denied);

  scripted_server direct;
  direct.on("GET", "/a", {.body = "directly"});
  const auto loopback = send(to(direct.url("/a")));
  ASSERT_TRUE(loopback);
  EXPECT_EQ(loopback->body, "directly");
}

}  // namespace
}  // namespace pinhook::http
