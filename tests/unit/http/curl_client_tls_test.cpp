// The HTTP client and TLS: its trust, its own identity, the server's name, and the sharing of connections.
#include "support/certificates.hpp"
#include "support/gather.hpp"
#include "support/hanging_file.hpp"
#include "support/nginx.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/http/curl_error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::certificate_authority;
using testing::gather;
using ::testing::HasSubstr;
using testing::key_pair;
using ::testing::Not;
using testing::run_on;
using testing::scripted_server;
using ::testing::StartsWith;
using testing::temporary_directory;

deadline in(std::chrono::nanoseconds span) { return deadline::after(std::chrono::steady_clock::now(), span); }

request to(const std::string& url) {
  request r;
  r.url = url;
  r.reach.loopback = true;
  return r;
}

class CurlClientTls : public ::testing::Test {
 protected:
  result<response> send(const std::string& url, const std::string& file) {
    auto r = to(url);
    r.tls = trusting(file);
    return run_on(io, client.send(std::move(r), in(30s)));
  }

  result<response> send(const std::string& url, tls_settings tls) {
    auto r = to(url);
    r.tls = std::make_shared<const tls_settings>(std::move(tls));
    return run_on(io, client.send(std::move(r), in(30s)));
  }
  // The settings that trust `authority`, to be added to.
  tls_settings ours() {
    tls_settings s;
    s.authorities.push_back({.file = {}, .text = secret(authority.certificate())});
    return s;
  }

  asio::io_context io{1};
  temporary_directory directory;
  certificate_authority authority;
  std::string ca_file = directory.write("ca.pem", authority.certificate()).string();
  // Every request looks at the files again.
  static curl_client_options watchful() {
    curl_client_options o;
    o.recheck = 0s;
    return o;
  }
  curl_client client{io, watchful()};
};

TEST_F(CurlClientTls, TrustsTheCaFile) {
  scripted_server server(authority.issue());
  server.on("GET", "/a", {.body = "a"});
  const auto r = send(server.url("/a"), ca_file);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->body, "a");
  EXPECT_TRUE(send("https://localhost:" + std::to_string(server.port()) + "/a", ca_file));
}

TEST_F(CurlClientTls, TrustsTheSystemAloneWithoutOne) {
  scripted_server server(authority.issue());
  server.on("GET", "/a", {.body = "a"});
  const auto r = send(server.url("/a"), "");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, error_code::unavailable);
  EXPECT_THAT(r.error().message, AllOf(StartsWith(server.host()), HasSubstr("ca_file")));
  EXPECT_EQ(server.requests().size(), 0U);
  // A trusted connection to the same server must not serve the request that does not trust it.
  ASSERT_TRUE(send(server.url("/a"), ca_file));
  EXPECT_FALSE(send(server.url("/a"), ""));
}

TEST_F(CurlClientTls, RefusesExpiredAndForeignCertificates) {
  scripted_server expired(authority.issue({.not_before = -2h, .not_after = -1h}));
  EXPECT_THAT(send(expired.url("/a"), ca_file).error().message, HasSubstr("expired"));
  scripted_server early(authority.issue({.not_before = 1h, .not_after = 2h}));
  EXPECT_THAT(send(early.url("/a"), ca_file).error().message, HasSubstr("not valid yet"));
  scripted_server foreign(authority.issue({.names = {"other.example", "192.0.2.1"}}));
  EXPECT_THAT(send(foreign.url("/a"), ca_file).error().message, HasSubstr("other names"));
  scripted_server alone(certificate_authority::self_signed());
  EXPECT_THAT(send(alone.url("/a"), ca_file).error().message, HasSubstr("signed by itself"));
}

TEST_F(CurlClientTls, TrustsALeafThatIsInTheCaFile) {
  const auto leaf = certificate_authority::self_signed();
  scripted_server server(leaf);
  server.on("GET", "/a", {.body = "a"});
  const auto r = send(server.url("/a"), directory.write("leaf.pem", leaf.certificate).string());
  EXPECT_TRUE(r) << r.error().message;
}

TEST_F(CurlClientTls, SaysWhatIsWrongWithTheCaFile) {
  const auto missing = send("https://127.0.0.1:1/", (directory.path() / "none.pem").string());
  EXPECT_EQ(missing.error().code, error_code::invalid_input);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("none.pem"), HasSubstr("No such file")));
  const auto empty = send("https://127.0.0.1:1/", directory.write("empty.pem", "no certificate").string());
  EXPECT_EQ(empty.error().code, error_code::invalid_input);
  EXPECT_THAT(empty.error().message, HasSubstr("holds no PEM certificate"));
}

TEST_F(CurlClientTls, ReadsACaFileAgainWhenItWasReplaced) {
  const certificate_authority next("the next authority");
  scripted_server server(next.issue());
  server.on("GET", "/a", {.body = "a"});
  ASSERT_FALSE(send(server.url("/a"), ca_file));
  directory.write("ca.pem", authority.certificate() + next.certificate());
  const auto r = send(server.url("/a"), ca_file);
  EXPECT_TRUE(r) << r.error().message;
}

TEST_F(CurlClientTls, LooksAtTheFilesNoMoreOftenThanItIsToldTo) {
  const certificate_authority next("the next authority");
  scripted_server server(next.issue());
  server.on("GET", "/a", {.body = "a"});
  curl_client_options o;
  o.recheck = 1h;
  curl_client calm(io, o);
  auto r = to(server.url("/a"));
  r.tls = trusting(ca_file);
  ASSERT_FALSE(run_on(io, calm.send(r, in(30s))));
  directory.write("ca.pem", next.certificate());
  EXPECT_FALSE(run_on(io, calm.send(r, in(30s)))) << "it was looked at just now";
}

TEST_F(CurlClientTls, AFileThatHangsHoldsUpThoseAloneWhoNeedIt) {
  testing::hanging_file hangs;
  scripted_server server(authority.issue());
  server.on("GET", "/a", {.body = "a"});
  auto r = to(server.url("/a"));
  r.tls = trusting(hangs.path());
  const auto late = run_on(io, client.send(r, in(20ms)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, error_code::timed_out);
  EXPECT_THAT(late.error().message, HasSubstr("the volume that it is on may hang"));
  EXPECT_EQ(side_threads(), 1U) << "the read is left behind";
  EXPECT_TRUE(send(server.url("/a"), ca_file)) << "others go on";
}

TEST_F(CurlClientTls, WhileAFileHangsWhatWasReadIsUsed) {
  testing::hanging_file hangs;
  scripted_server server(authority.issue());
  server.on("GET", "/a", {.body = "a"});
  curl_client_options o = watchful();
  o.patience = 20ms;
  curl_client hasty(io, o);
  auto r = to(server.url("/a"));
  r.tls = trusting(ca_file);
  ASSERT_TRUE(run_on(io, hasty.send(r, in(30s))));
  std::filesystem::remove(ca_file);
  std::filesystem::create_symlink(hangs.path(), ca_file);
  EXPECT_TRUE(run_on(io, hasty.send(r, in(30s))));
  EXPECT_TRUE(run_on(io, hasty.send(r, in(30s))));
  EXPECT_EQ(side_threads(), 1U) << "it is not looked at again by each request";
}

TEST_F(CurlClientTls, RequestsThatComeTogetherReadTheFilesOnce) {
  scripted_server server(authority.issue());
  server.on("GET", "/a", {.body = "a"});
  std::vector<result<response>> got;
  for (int i = 0; i < 50; ++i) {
    auto r = to(server.url("/a"));
    r.tls = trusting(ca_file);
    asio::co_spawn(io, client.send(std::move(r), in(30s)),
                   [&](const std::exception_ptr&, result<response> one) { got.push_back(std::move(one)); });
  }
  io.restart();
  io.poll();
  io.restart();
  io.run();
  ASSERT_EQ(got.size(), 50U);
  for (const auto& one : got) EXPECT_TRUE(one) << one.error().message;
  EXPECT_EQ(client.lanes(), 1U);
}

TEST_F(CurlClientTls, SpeaksNoHttpsToAPlainServer) {
  scripted_server plain;
  const auto r = send("https://" + plain.host() + "/", ca_file);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, error_code::unavailable);
  EXPECT_THAT(r.error().message, HasSubstr("it answers TLS in plain HTTP"));
  EXPECT_TRUE(speaks_plain_http(r.error()));
}

TEST_F(CurlClientTls, CarriesManyRequestsOnFewHttp2Connections) {
  const testing::nginx server(authority.issue(), "location / { return 200 \"$server_protocol\"; }");
  // As many at once as a connection carries: beyond that curl 7.88 opens connections up to the limit for a host.
  const int at_once = static_cast<int>(curl_multi_options().streams_per_connection);
  for (int wave = 0; wave < 2; ++wave) {
    std::vector<awaitable<result<response>>> all;
    for (int i = 0; i < at_once; ++i) {
      auto r = to(server.url("/" + std::to_string(i)));
      r.tls = trusting(ca_file);
      all.push_back(client.send(std::move(r), in(60s)));
    }
    for (const auto& r : gather(io, std::move(all))) {
      ASSERT_TRUE(r) << r.error().message << server.output();
      EXPECT_EQ(r->body, "HTTP/2.0");
    }
  }
  EXPECT_LE(client.opened_connections(), 4U);
  EXPECT_EQ(client.transfers(), 0U);
}

TEST_F(CurlClientTls, TrustsAuthoritiesGivenAsText) {
  const certificate_authority second("a second authority");
  scripted_server server(authority.issue());
  scripted_server other(second.issue());
  server.on("GET", "/a", {});
  other.on("GET", "/a", {});
  auto both = ours();
  both.system_authorities = false;
  EXPECT_TRUE(send(server.url("/a"), both));
  EXPECT_FALSE(send(other.url("/a"), both));
  both.authorities.push_back({.file = directory.write("second.pem", second.certificate()).string(), .text = {}});
  EXPECT_TRUE(send(server.url("/a"), both));
  EXPECT_TRUE(send(other.url("/a"), both));
}

TEST_F(CurlClientTls, LeavesTheSystemsAuthoritiesOutWhenTold) {
  ::setenv("SSL_CERT_FILE", ca_file.c_str(), 1);
  scripted_server server(authority.issue());
  server.on("GET", "/a", {});
  tls_settings s;
  EXPECT_TRUE(send(server.url("/a"), s)) << "the system's, by SSL_CERT_FILE";
  s.system_authorities = false;
  EXPECT_FALSE(send(server.url("/a"), s));
  ::unsetenv("SSL_CERT_FILE");
}

TEST_F(CurlClientTls, AcceptsAnyCertificateWhenToldSo) {
  scripted_server server(certificate_authority::self_signed({.names = {"other.example"}, .not_after = -1s}));
  server.on("GET", "/a", {.body = "a"});
  tls_settings s;
  EXPECT_FALSE(send(server.url("/a"), s));
  s.verify = false;
  const auto r = send(server.url("/a"), s);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->body, "a");
  s.verify = true;
  EXPECT_FALSE(send(server.url("/a"), s)) << "a connection without verification must not serve this";
}

// --- The name of the server ---

TEST_F(CurlClientTls, KnowsTheServerByAnotherName) {
  const testing::nginx server(authority.issue({.names = {"kubernetes.default"}}),
                              R"(location / { return 200 "$ssl_server_name $http_host $server_protocol"; })");
  auto s = ours();
  EXPECT_THAT(send(server.url("/a"), s).error().message, HasSubstr("other names"));
  s.server_name = "kubernetes.default";
  const auto r = send(server.url("/a?b=c"), s);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->body, "kubernetes.default 127.0.0.1:" + std::to_string(server.port()) + " HTTP/2.0");
  s.server_name = "kubernetes.other";
  const auto wrong = send(server.url("/a"), s);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message,
              AllOf(StartsWith("127.0.0.1:" + std::to_string(server.port())), HasSubstr("other names")));
}

TEST_F(CurlClientTls, SendsPathAndQueryUnchangedUnderAnotherName) {
  scripted_server server(authority.issue({.names = {"one.example"}}));
  server.on("GET", "/a/../b%2Fc", {});
  auto s = ours();
  s.server_name = "one.example";
  const auto r = send(server.url("/a/../b%2Fc?x=%20&y"), s);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(server.requests().at(0).target, "/a/../b%2Fc?x=%20&y");
  EXPECT_EQ(server.requests().at(0).header("Host"), server.host());
}

TEST_F(CurlClientTls, KnowsTheServerByAnAddress) {
  scripted_server server(authority.issue({.names = {"192.0.2.1", "2001:db8::1"}}));
  server.on("GET", "/a", {});
  for (const char* name : {"192.0.2.1", "2001:db8::1"}) {
    auto s = ours();
    s.server_name = name;
    const auto r = send("https://localhost:" + std::to_string(server.port()) + "/a", s);
    EXPECT_TRUE(r) << name << ": " << r.error().message;
  }
}

TEST_F(CurlClientTls, GuardsTheAddressUnderAnotherName) {
  scripted_server server(authority.issue({.names = {"one.example"}}));
  auto s = ours();
  s.server_name = "one.example";
  auto r = to(server.url("/a"));
  r.reach.loopback = false;
  r.tls = std::make_shared<const tls_settings>(s);
  const auto got = run_on(io, client.send(std::move(r), in(30s)));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::denied);
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CurlClientTls, RefusesServerNamesThatAreNone) {
  for (const char* name : {"a b", "a/b", "a:1", "a@b", "[::1]", "a?b", "a\r\nb"}) {
    auto s = ours();
    s.server_name = name;
    const auto r = send("https://127.0.0.1:1/", s);
    ASSERT_FALSE(r) << name;
    EXPECT_EQ(r.error().code, error_code::invalid_input) << name;
    EXPECT_THAT(r.error().message, HasSubstr("is not a valid host name")) << name;
  }
}

// --- Our certificate ---

class CurlClientCertificate : public CurlClientTls {
 protected:
  certificate_authority clients{"the clients' authority"};
  std::string clients_file = directory.write("clients.pem", clients.certificate()).string();
  testing::nginx server{authority.issue(), "ssl_client_certificate " + clients_file +
                                               ";\n  ssl_verify_client on;\n"
                                               "  location / { return 200 \"$ssl_client_s_dn\"; }"};
  key_pair first = clients.issue({.common_name = "first", .usage = "clientAuth"});
  key_pair second = clients.issue({.common_name = "second", .usage = "clientAuth"});

  static pem text(const std::string& t) { return {.file = {}, .text = secret(t)}; }
  pem file(const std::string& name, const std::string& t) {
    return {.file = directory.write(name, t).string(), .text = {}};
  }
  std::string client_of(tls_settings s) {
    const auto r = send(server.url("/"), std::move(s));
    if (!r) return r.error().message;
    return r->status == 200 ? r->body : std::to_string(r->status);
  }
};

TEST_F(CurlClientCertificate, IsShownFromFilesOrText) {
  auto s = ours();
  EXPECT_EQ(client_of(s), "400") << "none: nginx answers so";
  s.certificate = text(first.certificate);
  s.key = text(first.key);
  EXPECT_EQ(client_of(s), "CN=first");
  s.certificate = file("first.crt", first.certificate);
  s.key = file("first.key", first.key);
  EXPECT_EQ(client_of(s), "CN=first");
  s.certificate = file("both.pem", second.key + second.certificate);
  s.key = {};
  EXPECT_EQ(client_of(s), "CN=second") << "the key is in the certificate's file";
  s.certificate = text(second.certificate + second.key);
  EXPECT_EQ(client_of(s), "CN=second");
  EXPECT_EQ(client_of(ours()), "400") << "a connection with a certificate must not serve a request without one";
}

TEST_F(CurlClientCertificate, IsReadAgainWhenItsFilesAreReplaced) {
  auto s = ours();
  s.certificate = file("tls.crt", first.certificate);
  s.key = file("tls.key", first.key);
  EXPECT_EQ(client_of(s), "CN=first");
  directory.write("tls.crt", second.certificate);
  EXPECT_THAT(client_of(s), HasSubstr("another key")) << "half of it";
  directory.write("tls.key", second.key);
  EXPECT_EQ(client_of(s), "CN=second");
  EXPECT_EQ(client.lanes(), 1U) << "those of the files before are gone";
}

TEST_F(CurlClientCertificate, MayComeWithWhatSignedIt) {
  auto s = ours();
  s.certificate = text(first.certificate + clients.certificate());
  s.key = text(first.key);
  EXPECT_EQ(client_of(s), "CN=first");
}

TEST_F(CurlClientCertificate, SaysWhatIsWrong) {
  struct row {
    pem certificate;
    pem key;
    std::vector<std::string> words;
  };
  const std::string none = (directory.path() / "none.key").string();
  std::string damaged = first.certificate;
  damaged.replace(40, 20, "AAAAAAAAAAAAAAAAAAAA");
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGbMFcGCSqGSIb3DQEFDTBK\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const auto& [certificate, key, words] : std::vector<row>{
           {file("a.crt", first.certificate), {.file = none, .text = {}}, {"client key", "none.key", "No such file"}},
           {file("a.crt", first.certificate), file("e.key", ""), {"client key", "e.key", "holds no private key"}},
           {file("a.crt", first.certificate), file("x.key", encrypted), {"client key", "x.key", "encrypted"}},
           {file("a.crt", first.certificate), file("b.key", second.key), {"b.key", "another key", "a.crt"}},
           {file("a.crt", first.certificate), {}, {"a.crt", "holds no private key"}},
           {file("k.crt", first.key), {}, {"client certificate", "k.crt", "holds no PEM certificate"}},
           {file("d.crt", damaged), file("a.key", first.key), {"d.crt", "certificate 1 in it is damaged"}},
           {{}, file("a.key", first.key), {"a.key", "has no certificate"}},
           {text(first.certificate), text("-"), {"client key that was given as text", "holds no private key"}},
           {text(std::string(1024 * 1024 + 1, 'x')), {}, {"client certificate", "1048576 bytes"}},
       }) {
    auto s = ours();
    s.certificate = certificate;
    s.key = key;
    const auto r = send(server.url("/"), s);
    ASSERT_FALSE(r) << words[0];
    EXPECT_EQ(r.error().code, error_code::invalid_input);
    for (const auto& word : words) EXPECT_THAT(r.error().message, HasSubstr(word));
    EXPECT_THAT(r.error().message, Not(HasSubstr("BEGIN")));
  }
}

// --- Lanes ---

TEST_F(CurlClientTls, ComparesSettingsByValue) {
  scripted_server server(authority.issue());
  server.on("GET", "/a", {});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(send(server.url("/a"), ours()));
  EXPECT_EQ(client.lanes(), 1U);
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(CurlClientTls, KeepsABoundedNumberOfLanes) {
  curl_client_options o;
  o.most_lanes = 3;
  curl_client few(io, o);
  scripted_server server(authority.issue());
  server.on("GET", "/a", {});
  const auto ask = [&](int which) {
    auto s = ours();
    for (int i = 0; i < which; ++i) s.authorities.push_back(s.authorities.front());
    auto r = to(server.url("/a"));
    r.tls = std::make_shared<const tls_settings>(std::move(s));
    return run_on(io, few.send(std::move(r), in(30s))).has_value();
  };
  for (int which = 0; which < 10; ++which) {
    ASSERT_TRUE(ask(which));
    ASSERT_TRUE(ask(0)) << "used again and again, it stays";
  }
  EXPECT_EQ(few.lanes(), 3U);
  EXPECT_EQ(server.connections(), 10U);
  EXPECT_EQ(few.opened_connections(), 10U) << "those of lanes that went count on";
}

TEST_F(CurlClientTls, DropsLanesThatLieIdle) {
  curl_client_options o;
  o.transfer.idle_age = -1s;
  curl_client hasty(io, o);
  scripted_server server(authority.issue());
  server.on("GET", "/a", {.act = testing::behaviour::hang});
  // The first is under way in a lane that the second takes out of the list.
  auto first = to(server.url("/a"));
  first.tls = trusting(ca_file);
  auto second = to(server.url("/b"));
  second.tls = std::make_shared<const tls_settings>(ours());
  std::vector<awaitable<result<response>>> all;
  all.push_back(hasty.send(std::move(first), in(30s)));
  auto last = [](curl_client& c, scripted_server& s, request r) -> awaitable<result<response>> {
    auto got = co_await c.send(std::move(r), in(30s));
    EXPECT_EQ(c.lanes(), 1U);
    s.release();
    co_return got;
  };
  all.push_back(last(hasty, server, std::move(second)));
  for (const auto& r : gather(io, std::move(all))) EXPECT_TRUE(r) << r.error().message;
}

}  // namespace
}  // namespace pinhook::http
