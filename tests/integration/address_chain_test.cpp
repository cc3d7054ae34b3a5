// A registry that its owner made to steal (go-containerregistry#2291): it names a cloud's metadata service as its token
// realm or redirects to it, in every spelling, and hopes to be shown its answer. With the real HTTP client: the guard
// refuses before a connection is opened, so nothing of this leaves the machine.
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/registry/client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::reply;
using testing::scripted_server;

const std::string image_path = "/v2/acme/api/manifests/1";
// The answer of a metadata service: the credential of the node, under a name that a careless reader takes for "token".
const std::string cloud_answer =
    R"({"Code":"Success","AccessKeyId":"AKIA","SecretAccessKey":"s3cr3t","Token":"cl0ud-t0ken"})";

class AddressChain : public ::testing::Test {
 protected:
  asio::io_context io{1};
  testing::temporary_directory directory;
  testing::certificate_authority authority;
  scripted_server registry_server{authority.issue()};
  http::curl_client http{io};
  registry::client_options options;

  AddressChain() {
    // The operator named this one; all it leads to is its owner's doing.
    auto& own = options.hosts[registry_server.host()];
    own.plain_http = false;
    own.ca_file = directory.write("ca.pem", authority.certificate()).string();
  }
  static registry::credential user() {
    return {registry::credential_kind::basic, "alice", secret("pa55word"), "config.json", "id-alice"};
  }
  error ask(const std::string& image = "") {
    const auto client = registry::make_client(http, options, machine_clock(), nullptr);
    auto ref = registry::reference::parse(image.empty() ? registry_server.host() + "/acme/api:1" : image);
    EXPECT_TRUE(ref) << image;
    if (!ref) return ref.error();
    const auto got =
        testing::run_on(io, client->resolve(std::move(*ref), user(), deadline::after(machine_clock().now(), 20s)));
    EXPECT_FALSE(got);
    const error e = got ? error{} : got.error();
    EXPECT_THAT(e.message, Not(HasSubstr("pa55word")));
    EXPECT_THAT(e.message, Not(HasSubstr("t0ken")));
    return e;
  }
  void name_realm(const std::string& realm) {
    const reply r{.status = 401, .headers = {{"WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"x\""}}};
    registry_server.on("HEAD", image_path, r);
    registry_server.on("GET", image_path, r);
    registry_server.on("GET", "/v2/", r);
  }
  void redirect_to(const std::string& place) {
    const reply r{.status = 307, .headers = {{"Location", place}}};
    registry_server.on("HEAD", image_path, r);
    registry_server.on("GET", image_path, r);
  }
  // The registry itself heard nothing that it had not before.
  void expect_nothing_told() {
    for (const auto& r : registry_server.requests())
      EXPECT_FALSE(r.has_header("Authorization")) << r.method << " " << r.target;
  }
};

// Hosts that no realm and no redirect may lead to.
const std::vector<std::string> forbidden{
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "0.0.0.0",
    "[::]",
    "0",
    "255.255.255.255",
    "224.0.0.1",
    "[::169.254.169.254]",
};

TEST_F(AddressChain, NoRealmLeadsToAMetadataService) {
  for (const auto& host : forbidden) {
    SCOPED_TRACE(host);
    name_realm("https://" + host + "/latest/meta-data/iam/security-credentials/node");
    const error e = ask();
    EXPECT_TRUE(e.code == error_code::denied || e.code == error_code::unauthorized) << e.message;
    expect_nothing_told();
  }
  EXPECT_EQ(http.opened_connections(), 1U) << "the registry's own";
}

TEST_F(AddressChain, NoRealmIsPlainHttp) {
  name_realm("http://169.254.169.254/latest/meta-data/");
  const error e = ask();
  EXPECT_EQ(e.code, error_code::denied);
  EXPECT_THAT(e.message, HasSubstr("it is not HTTPS"));
}

TEST_F(AddressChain, NoRedirectLeadsToAMetadataService) {
  for (const auto& host : forbidden) {
    SCOPED_TRACE(host);
    redirect_to("https://" + host + "/v2/acme/api/manifests/1");
    const error e = ask();
    EXPECT_TRUE(e.code == error_code::denied || e.code == error_code::malformed) << e.message;
    redirect_to("http://" + host + "/latest/meta-data/");
    EXPECT_TRUE(ask().code == error_code::denied || ask().code == error_code::malformed);
  }
  EXPECT_EQ(http.opened_connections(), 1U);
}

TEST_F(AddressChain, NoImageNameLeadsToAMetadataServiceOrThisMachine) {
  scripted_server here;
  const std::string port = std::to_string(here.port());
  for (const std::string host :
       {"169.254.169.254", "100.100.100.200", "0.0.0.0", "[fe80::1]", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(ask(host + "/a/b:1").code, error_code::denied);
  }
  for (const std::string host : {"127.0.0.1:", "127.0.0.2:", "127.1:", "0x7f.0.0.1:", "localhost:", "LOCALHOST:",
                                 "[::1]:", "[::ffff:7f00:1]:", "0.0.0.0:"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(ask(host + port + "/a/b:1").code, error_code::denied);
  }
  EXPECT_EQ(here.connections(), 0U);
  EXPECT_EQ(http.opened_connections(), 0U);
}

// A registry somewhere on the internet, played on loopback: only requests for its name are led there.
class elsewhere final : public http::client {
 public:
  elsewhere(http::client& real, const scripted_server& played_by, std::string ca_file)
      : real_(real), played_by_(played_by), tls_(http::trusting(std::move(ca_file))) {}
  awaitable<result<http::response>> send(http::request r, deadline d) override {
    const std::string name = "https://registry.evil.example";
    if (r.url.starts_with(name + "/")) {
      r.url = played_by_.url(r.url.substr(name.size()));
      r.reach.loopback = true;
      r.tls = tls_;
    }
    auto got = co_await real_.send(std::move(r), d);
    co_return got;
  }

 private:
  http::client& real_;
  const scripted_server& played_by_;
  std::shared_ptr<const http::tls_settings> tls_;
};

TEST_F(AddressChain, ARegistryElsewhereLeadsNowhereOnThisMachine) {
  scripted_server here(authority.issue());
  here.otherwise([](const auto&) { return reply{.body = cloud_answer}; });
  const std::string port = std::to_string(here.port());
  elsewhere internet(http, registry_server, options.hosts.at(registry_server.host()).ca_file);
  const auto client = registry::make_client(internet, {}, machine_clock(), nullptr);
  for (const std::string host : {"127.0.0.1:", "127.1:", "2130706433:", "0x7f000001:", "017700000001:", "localhost:",
                                 "[::1]:", "[::ffff:127.0.0.1]:", "[::ffff:7f00:1]:", "0.0.0.0:", "0:"}) {
    SCOPED_TRACE(host);
    for (const bool by_realm : {true, false}) {
      const std::string url = "https://" + host + port + "/v2/acme/api/manifests/1";
      by_realm ? name_realm(url) : redirect_to(url);
      auto ref = registry::reference::parse("registry.evil.example/acme/api:1").value();
      const auto got =
          testing::run_on(io, client->resolve(std::move(ref), user(), deadline::after(machine_clock().now(), 20s)));
      ASSERT_FALSE(got);
      EXPECT_EQ(got.error().code, error_code::denied) << got.error().message;
    }
  }
  EXPECT_EQ(here.connections(), 0U);
  expect_nothing_told();
}

TEST_F(AddressChain, ARegistryOnThisMachineIsAskedOnlyWhenNamed) {
  options.hosts.clear();
  EXPECT_EQ(ask().code, error_code::denied);
  EXPECT_EQ(registry_server.connections(), 0U);
}

TEST_F(AddressChain, ACloudsTokenIsNotTakenForARegistrys) {
  // Even where the realm may be asked: "Token" is not "token", and nothing is shown to the registry.
  registry_server.on("GET", "/latest/meta-data",
                     {.headers = {{"Content-Type", "application/json"}}, .body = cloud_answer});
  name_realm(registry_server.url("/latest/meta-data"));
  const error e = ask();
  EXPECT_EQ(e.code, error_code::malformed);
  EXPECT_THAT(e.message, HasSubstr("neither \"access_token\" nor \"token\""));
  for (const auto& r : registry_server.requests()) EXPECT_THAT(r.header("Authorization"), Not(HasSubstr("cl0ud")));
}

TEST_F(AddressChain, ATokenRequestFollowsNoRedirect) {
  scripted_server other(authority.issue());
  registry_server.on("GET", "/token", {.status = 307, .headers = {{"Location", other.url("/latest/meta-data")}}});
  name_realm(registry_server.url("/token"));
  const error e = ask();
  EXPECT_EQ(e.code, error_code::malformed);
  EXPECT_THAT(e.message, HasSubstr("redirects requests for a token"));
  EXPECT_EQ(other.connections(), 0U);
}

}  // namespace
}  // namespace pinhook
