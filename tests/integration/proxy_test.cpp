// The real HTTP client through a forward proxy: the requests through it and past it, the credentials that each side
// sees, and the messages of failures.
#include "support/certificates.hpp"
#include "support/forward_proxy.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ForwardProxy : public ::testing::Test {
 protected:
  ForwardProxy() {
    for (scripted_server* one : {&secure, &plain}) one->on("GET", "/a", {.body = "a"});
    proxy.route("registry.example:443", secure.host());
    proxy.route("registry.example:8443", secure.host());
    proxy.route("registry.example:80", plain.host());
    use(proxy.url());
  }

  void use(const std::string& url, const std::string& no_proxy = "") {
    http::curl_client_options o;
    o.proxy = {url, url, no_proxy};
    client.emplace(io, o);
  }
  http::request to(const std::string& url) {
    http::request r;
    r.url = url;
    auto tls = std::make_shared<http::tls_settings>();
    tls->authorities.push_back({.file = {}, .text = secret(authority.certificate())});
    r.tls = std::move(tls);
    return r;
  }
  result<http::response> send(http::request r) {
    return run_on(io, client->send(std::move(r), deadline::after(std::chrono::steady_clock::now(), 30s)));
  }
  error failure(http::request r) {
    const auto got = send(std::move(r));
    EXPECT_FALSE(got);
    return got ? error{} : got.error();
  }

  asio::io_context io{1};
  certificate_authority authority;
  scripted_server secure{authority.issue({.names = {"registry.example"}})};
  scripted_server plain;
  forward_proxy proxy;
  std::optional<http::curl_client> client;
};

// --- The two forms ---

TEST_F(ForwardProxy, CarriesHttpsThroughATunnel) {
  auto r = to("https://registry.example/a?b=c");
  r.authorization = secret("Bearer for-the-registry");
  const auto got = send(std::move(r));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "a");
  EXPECT_FALSE(got->from_public_network);
  ASSERT_EQ(proxy.requests().size(), 1U);
  const auto tunnel = proxy.requests()[0];
  EXPECT_EQ(tunnel.method, "CONNECT");
  EXPECT_EQ(tunnel.target, "registry.example:443");
  EXPECT_FALSE(tunnel.has_header("Authorization")) << "the registry's credentials stay in the tunnel";
  const auto seen = secure.requests().at(0);
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.header("Host"), "registry.example");
  EXPECT_EQ(seen.header("Authorization"), "Bearer for-the-registry");
}

TEST_F(ForwardProxy, KeepsItsTunnels) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(send(to("https://registry.example/a")));
  EXPECT_EQ(proxy.requests().size(), 1U);
  EXPECT_EQ(secure.requests().size(), 3U);
  ASSERT_TRUE(send(to("https://registry.example:8443/a")));
  EXPECT_EQ(proxy.requests().size(), 2U);
}

TEST_F(ForwardProxy, SendsWholeUrlsForHttp) {
  const auto got = send(to("http://registry.example/a?b=c"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->body, "a");
  EXPECT_EQ(proxy.requests().at(0).method, "GET");
  EXPECT_EQ(proxy.requests().at(0).target, "http://registry.example/a?b=c");
  EXPECT_EQ(plain.requests().at(0).header("Host"), "registry.example");
}

TEST_F(ForwardProxy, VerifiesTheServerBehindIt) {
  proxy.route("other.example:443", secure.host());
  EXPECT_THAT(failure(to("https://other.example/a")).message,
              AllOf(StartsWith("other.example:443"), HasSubstr("other names")));
  auto r = to("https://registry.example/a");
  r.tls.reset();
  EXPECT_THAT(failure(std::move(r)).message, HasSubstr("not trusted"));
}

TEST_F(ForwardProxy, KnowsTheServerByAnotherName) {
  proxy.route("192.0.2.7:6443", secure.host());
  auto r = to("https://192.0.2.7:6443/a");
  auto tls = *r.tls;
  tls.server_name = "registry.example";
  r.tls = std::make_shared<const http::tls_settings>(tls);
  const auto got = send(std::move(r));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(proxy.requests().at(0).target, "192.0.2.7:6443");
  EXPECT_EQ(secure.requests().at(0).header("Host"), "192.0.2.7:6443");
}

// --- Credentials ---

TEST_F(ForwardProxy, GetsTheUserOfItsUrlAndNobodyElseDoes) {
  forward_proxy closed({.tls = nullptr, .user = "me", .password = "p@ss:word"});
  closed.route("registry.example:443", secure.host());
  closed.route("registry.example:80", plain.host());
  use(closed.url("me:p%40ss%3Aword"));
  for (const char* url : {"https://registry.example/a", "http://registry.example/a"}) {
    const auto got = send(to(url));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "a");
  }
  for (const auto& one : closed.requests()) EXPECT_TRUE(one.has_header("Proxy-Authorization")) << one.method;
  for (const scripted_server* one : {&secure, &plain}) {
    EXPECT_FALSE(one->requests().at(0).has_header("Proxy-Authorization"));
    EXPECT_FALSE(one->requests().at(0).has_header("Authorization"));
  }
}

TEST_F(ForwardProxy, SaysThatItWantsAnotherUser) {
  forward_proxy closed({.tls = nullptr, .user = "me", .password = "secret"});
  for (const std::string& user : {std::string(), std::string("me:wrong")}) {
    use(closed.url(user));
    for (const char* url : {"https://registry.example/a", "http://registry.example/a"}) {
      const auto e = failure(to(url));
      EXPECT_EQ(e.code, error_code::denied) << url;
      EXPECT_THAT(e.message, AllOf(StartsWith("registry.example"), HasSubstr("the proxy " + closed.host()),
                                   HasSubstr("407"), Not(HasSubstr("wrong"))));
    }
  }
  EXPECT_EQ(secure.connections() + plain.connections(), 0U);
}

// --- Past it ---

TEST_F(ForwardProxy, IsPassedByForLoopbackAndForWhatNoProxyNames) {
  scripted_server near(authority.issue({.names = {"one.corp.localhost", "127.0.0.1"}}));
  near.on("GET", "/a", {.body = "directly"});
  const std::string port = std::to_string(near.port());
  const std::string url = "https://one.corp.localhost:" + port + "/a";
  proxy.route("one.corp.localhost:" + port, secure.host());
  struct row {
    std::string no_proxy;
    bool is_direct;
  };
  for (const auto& [no_proxy, is_direct] : {
           row{"", false},
           row{"*", true},
           row{"one.corp.localhost", true},
           row{"corp.localhost", true},
           row{".corp.localhost", true},
           row{"*.corp.localhost", true},
           row{".one.corp.localhost", false},
           row{"other.example, CORP.localhost:" + port, true},
           row{"corp.localhost:1", false},
           row{"10.0.0.0/8,127.0.0.0/8", false},
       }) {
    use(proxy.url(), no_proxy);
    const auto before = proxy.requests().size();
    auto r = to(url);
    r.reach.loopback = true;
    const auto got = send(std::move(r));
    EXPECT_EQ(proxy.requests().size() - before, is_direct ? 0U : 1U) << no_proxy;
    if (is_direct) {
      ASSERT_TRUE(got) << no_proxy << ": " << got.error().message;
      EXPECT_EQ(got->body, "directly");
    }
  }
  use(proxy.url());
  const auto before = proxy.requests().size();
  auto r = to(near.url("/a"));
  r.reach.loopback = true;
  EXPECT_TRUE(send(std::move(r)));
  EXPECT_EQ(proxy.requests().size(), before) << "an address of loopback";
}

TEST_F(ForwardProxy, IsAskedForAddressesOutsideTheNetworksOfNoProxy) {
  proxy.route("192.0.2.7:443", secure.host());
  use(proxy.url(), "192.0.3.0/24,192.0.2.8,192.0.2.7:80");
  auto r = to("https://192.0.2.7/a");
  auto tls = *r.tls;
  tls.server_name = "registry.example";
  r.tls = std::make_shared<const http::tls_settings>(tls);
  const auto got = send(std::move(r));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(proxy.requests().size(), 1U);
}

// --- Hosts that are not allowed ---

TEST_F(ForwardProxy, IsNotAskedForMetadataNorForDeniedAddresses) {
  for (const char* url :
       {"http://169.254.169.254/", "https://169.254.169.254/", "http://2852039166/", "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://169.254.169.254./", "http://metadata/",
        "http://metadata.google.internal/computeMetadata/v1/", "https://METADATA.google.internal./",
        "http://instance-data/", "http://one.localhost/", "http://0.0.0.0/", "https://[fe80::1]/"}) {
    const auto e = failure(to(url));
    EXPECT_EQ(e.code, error_code::denied) << url << ": " << e.message;
    EXPECT_THAT(e.message, HasSubstr("is not allowed: it is ")) << url;
  }
  auto deep = to("https://10.1.2.3/");
  deep.reach.private_networks = false;
  EXPECT_EQ(failure(std::move(deep)).code, error_code::denied);

  http::curl_client_options o;
  o.proxy = {proxy.url(), proxy.url(), ""};
  o.networks.deny = {*http::parse_network("192.0.2.0/24")};
  client.emplace(io, o);
  EXPECT_THAT(failure(to("https://192.0.2.7/")).message, HasSubstr("192.0.2.7 is not allowed: networks.deny has"));
  EXPECT_EQ(proxy.connections(), 0U);
}

TEST_F(ForwardProxy, MayStandWhereRegistriesMayNot) {
  http::curl_client_options o;
  o.proxy = {proxy.url(), proxy.url(), ""};
  o.networks.deny = {*http::parse_network("127.0.0.0/8")};
  o.networks.private_networks = false;
  client.emplace(io, o);
  auto r = to("https://registry.example/a");
  r.reach = {.loopback = false, .private_networks = false};
  EXPECT_TRUE(send(std::move(r)));
}

// --- When it does not work ---

TEST_F(ForwardProxy, IsNamedWhenItIsDown) {
  const refusing_port closed;
  use("http://me:hidden@" + closed.host());
  for (const char* url : {"https://registry.example/a", "http://registry.example/a"}) {
    const auto e = failure(to(url));
    EXPECT_EQ(e.code, error_code::unavailable);
    EXPECT_THAT(e.message, AllOf(StartsWith("registry.example"), HasSubstr("the proxy " + closed.host()),
                                 HasSubstr("refused"), Not(HasSubstr("hidden"))));
  }
}

TEST_F(ForwardProxy, IsNamedWhenItRefuses) {
  struct row {
    int status;
    error_code code;
  };
  for (const auto& [status, code] :
       {row{403, error_code::denied}, row{407, error_code::denied}, row{405, error_code::denied},
        row{502, error_code::unavailable}, row{503, error_code::unavailable}, row{302, error_code::unavailable}}) {
    proxy.refuse(status);
    const auto e = failure(to("https://registry.example/a"));
    EXPECT_EQ(e.code, code) << status << ": " << e.message;
    EXPECT_THAT(e.message, AllOf(StartsWith("registry.example:443"), HasSubstr("the proxy " + proxy.host()),
                                 HasSubstr("HTTP " + std::to_string(status))));
  }
  proxy.refuse(0);
  EXPECT_TRUE(send(to("https://registry.example/a"))) << "works again";
}

TEST_F(ForwardProxy, GivesItsOwnAnswersToHttpAsTheyAre) {
  proxy.refuse(502);
  const auto got = send(to("http://registry.example/a"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 502);
}

TEST_F(ForwardProxy, DoesNotMakeAServersStatusItsOwn) {
  secure.on("GET", "/a", {.status = 407});
  const auto got = send(to("https://registry.example/a"));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 407) << "out of the tunnel: the registry's own";
}

TEST_F(ForwardProxy, IsNamedWhenItHangs) {
  proxy.hang();
  asio::cancellation_signal signal;
  std::optional<result<http::response>> got;
  auto work = [](http::curl_client& c, http::request r, std::optional<result<http::response>>& out) -> awaitable<void> {
    out.emplace(co_await c.send(std::move(r), deadline::never()));
  };
  asio::co_spawn(io, work(*client, to("https://registry.example/a"), got),
                 asio::bind_cancellation_slot(signal.slot(), [](const std::exception_ptr&) {}));
  while (proxy.requests().empty()) io.run_one_for(1ms);
  signal.emit(asio::cancellation_type::terminal);
  while (!got && io.run_one() != 0) {
  }
  ASSERT_TRUE(got);
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code, error_code::canceled);
  EXPECT_THAT(got->error().message, AllOf(HasSubstr("the proxy " + proxy.host()), HasSubstr("waiting for the proxy")));
  EXPECT_EQ(client->transfers(), 0U);
}

TEST_F(ForwardProxy, ThatIsNoUrlIsSaid) {
  use("socks5://me:hidden@127.0.0.1:1");
  const auto e = failure(to("https://registry.example/a"));
  EXPECT_EQ(e.code, error_code::invalid_input);
  EXPECT_THAT(e.message, AllOf(HasSubstr("socks5"), Not(HasSubstr("hidden"))));
}

// --- A proxy that speaks TLS ---

class SecureForwardProxy : public ForwardProxy {
 protected:
  SecureForwardProxy() {
    closed.route("registry.example:443", secure.host());
    closed.route("registry.example:80", plain.host());
    use(closed.url());
  }
  void trust(const certificate_authority& trusted) {
    ::setenv("SSL_CERT_FILE", directory.write("system.pem", trusted.certificate()).c_str(), 1);
  }
  void TearDown() override { ::unsetenv("SSL_CERT_FILE"); }

  temporary_directory directory;
  certificate_authority proxies{"the proxies' authority"};
  key_pair leaf = proxies.issue();
  forward_proxy closed{{.tls = &leaf, .user = {}, .password = {}}};
};

TEST_F(SecureForwardProxy, IsTrustedByTheSystemsAuthorities) {
  trust(proxies);
  for (const char* url : {"https://registry.example/a", "http://registry.example/a"}) {
    const auto got = send(to(url));
    ASSERT_TRUE(got) << url << ": " << got.error().message;
    EXPECT_EQ(got->body, "a");
  }
  EXPECT_EQ(closed.requests().size(), 2U);
}

TEST_F(SecureForwardProxy, IsNotTrustedByTheRegistrysAuthoritiesNorTheOtherWay) {
  const certificate_authority unknown("unknown");
  trust(unknown);
  use(closed.url());
  auto r = to("https://registry.example/a");
  auto tls = *r.tls;
  tls.authorities.push_back({.file = {}, .text = secret(proxies.certificate())});
  r.tls = std::make_shared<const http::tls_settings>(tls);
  EXPECT_THAT(failure(std::move(r)).message, AllOf(HasSubstr("the proxy " + closed.host()), HasSubstr("not trusted")));
  EXPECT_EQ(closed.requests().size(), 0U);

  trust(proxies);
  use(closed.url());
  r = to("https://registry.example/a");
  tls = {};
  tls.system_authorities = false;
  r.tls = std::make_shared<const http::tls_settings>(tls);
  EXPECT_THAT(failure(std::move(r)).message, HasSubstr("trusted"));
  EXPECT_EQ(closed.requests().size(), 1U) << "the tunnel was opened";
}

TEST_F(SecureForwardProxy, IsVerifiedAlsoWhereTheServerIsNot) {
  const certificate_authority unknown("unknown");
  trust(unknown);
  use(closed.url());
  auto r = to("https://registry.example/a");
  http::tls_settings tls;
  tls.verify = false;
  r.tls = std::make_shared<const http::tls_settings>(tls);
  EXPECT_FALSE(send(r));
  trust(proxies);
  use(closed.url());
  EXPECT_TRUE(send(r));
}

}  // namespace
}  // namespace pinhook::testing
