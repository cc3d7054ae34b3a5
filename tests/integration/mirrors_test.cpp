// Mirrors with a real registry on both ends: containerd's directory as files, the real HTTP client, the resolver.
#include "support/certificates.hpp"
#include "support/docker_registry.hpp"
#include "support/image_pusher.hpp"
#include "support/run.hpp"
#include "support/scripted_server.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/registry/client.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/resolve/tag_resolver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using testing::docker_registry;
using ::testing::HasSubstr;
using testing::image_pusher;
using testing::scripted_server;

// One credential for one host, as config.json would have it.
class one_credential final : public registry::credential_source {
 public:
  one_credential(std::string host, std::string password) : host_(std::move(host)) {
    own_.kind = registry::credential_kind::basic;
    own_.username = "puller";
    own_.secret = secret(std::move(password));
    own_.source = "config.json";
    own_.identity = "id of " + host_;
  }
  [[nodiscard]] std::string identity_for(const registry::reference& ref) const override {
    return ref.registry() == host_ ? own_.identity : registry::credential{}.identity;
  }
  awaitable<result<std::vector<registry::credential>>> credentials_for(registry::reference ref, deadline) override {
    std::vector<registry::credential> out;
    if (ref.registry() == host_) out.push_back(own_);
    co_return out;
  }

 private:
  std::string host_;
  registry::credential own_;
};

class MirrorsIntegration : public ::testing::Test {
 protected:
  asio::io_context io{1};
  testing::temporary_directory directory;
  docker_registry upstream;
  std::string only_upstream = image_pusher(io, upstream.url()).push_image("acme/api", "only-upstream", "u");
  http::curl_client http{io};
  resolve::resolver_options options;

  void describe(const std::string& hosts_toml, const std::string& registry_name = "") {
    const std::string name = registry_name.empty() ? upstream.host() : registry_name;
    std::filesystem::create_directories(directory.path() / name);
    directory.write(name + "/hosts.toml", hosts_toml);
  }
  static std::string table(const std::string& url, const std::string& fields = "") {
    return "[host.\"" + url + "\"]\n" + fields + "\n";
  }

  result<resolve::answer> ask(const std::string& tag,
                              std::shared_ptr<registry::credential_source> credentials = nullptr) {
    registry::client_options known;
    known.hosts[upstream.host()] = {};
    const auto client = registry::make_client(http, known, machine_clock(), nullptr);
    registry::route_options ways;
    ways.directories = {directory.path().string()};
    options.routes = std::make_shared<registry::route_table>(ways, machine_clock());
    resolve::tag_resolver tags(io.get_executor(), *client, machine_clock(), nullptr, options);
    std::vector<resolve::query> queries;
    queries.push_back({registry::reference::parse(upstream.host() + "/acme/api:" + tag).value(), std::move(credentials),
                       resolve::freshness::cached});
    auto got = testing::run_on(io, whole(tags, std::move(queries)));
    return std::move(got.at(0));
  }
  static awaitable<std::vector<result<resolve::answer>>> whole(resolve::tag_resolver& tags,
                                                               std::vector<resolve::query> queries) {
    auto got = co_await tags.resolve(std::move(queries), deadline::after(machine_clock().now(), 20s));
    co_await tags.stop();
    co_return got;
  }
  std::string digest_of(const std::string& tag, std::shared_ptr<registry::credential_source> credentials = nullptr) {
    const auto got = ask(tag, std::move(credentials));
    return got ? got->digest.to_string() : got.error().message;
  }
  static testing::reply manifest() {
    return {.headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"},
                        {"Docker-Content-Digest", "sha256:" + std::string(64, 'c')}}};
  }
};

TEST_F(MirrorsIntegration, TheMirrorAnswersAndTheRegistryIsAskedForTheRest) {
  docker_registry mirror;
  const auto at_mirror = image_pusher(io, mirror.url()).push_image("acme/api", "v1", "m");
  describe(table(mirror.url()));
  EXPECT_EQ(digest_of("v1"), at_mirror);
  EXPECT_EQ(digest_of("only-upstream"), only_upstream) << "404 at the mirror";
  EXPECT_THAT(digest_of("nowhere"), HasSubstr("; mirror " + mirror.host() + ": "));
}

TEST_F(MirrorsIntegration, AMirrorThatIsDownIsPassedOver) {
  const testing::refusing_port closed;
  scripted_server broken;
  broken.otherwise([](const auto&) { return testing::reply{.act = testing::behaviour::reset}; });
  describe(table("http://" + closed.host()) + table("http://" + broken.host()));
  EXPECT_EQ(digest_of("only-upstream"), only_upstream);
  EXPECT_FALSE(broken.requests().empty());
}

TEST_F(MirrorsIntegration, OneForPullsAloneIsNotAsked) {
  scripted_server mirror;
  mirror.on("HEAD", "/v2/acme/api/manifests/only-upstream", manifest());
  describe(table("http://" + mirror.host(), "capabilities = [\"pull\"]"));
  EXPECT_EQ(digest_of("only-upstream"), only_upstream);
  EXPECT_TRUE(mirror.requests().empty());
}

TEST_F(MirrorsIntegration, SeesForWhomItAnswersAndNoCredentialsOfTheRegistry) {
  scripted_server mirror;
  mirror.otherwise([](const auto&) {
    return testing::reply{.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"mirror\""}}};
  });
  describe(table("http://" + mirror.host(), "header = {x-team = \"blue\"}"));
  const auto tenant = std::make_shared<one_credential>(upstream.host(), "of-the-tenant");
  EXPECT_EQ(digest_of("only-upstream", tenant), only_upstream);
  ASSERT_FALSE(mirror.requests().empty());
  for (const auto& r : mirror.requests()) {
    EXPECT_FALSE(r.has_header("Authorization"));
    EXPECT_EQ(r.query(), "ns=" + upstream.host());
    EXPECT_EQ(r.header("x-team"), "blue");
  }
  // Its own it does see.
  mirror.forget_requests();
  mirror.otherwise([](const auto& asked) {
    return asked.has_header("Authorization")
               ? manifest()
               : testing::reply{.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"mirror\""}}};
  });
  options.mirror_credentials = std::make_shared<one_credential>(mirror.host(), "of-the-node");
  EXPECT_EQ(digest_of("only-upstream", tenant), "sha256:" + std::string(64, 'c'));
  EXPECT_EQ(mirror.requests().back().header("Authorization"), "Basic cHVsbGVyOm9mLXRoZS1ub2Rl");
}

TEST_F(MirrorsIntegration, TlsAsTheFileSays) {
  const testing::certificate_authority authority;
  const testing::key_pair leaf = authority.issue();
  testing::docker_registry_options tls;
  tls.tls = &leaf;
  docker_registry mirror(tls);
  const std::string ca = directory.write("authority.pem", authority.certificate()).string();
  const auto at_mirror = image_pusher(io, mirror.url(), ca).push_image("acme/api", "v1", "m");

  describe(table(mirror.url()));
  EXPECT_THAT(digest_of("v1"), HasSubstr("; mirror " + mirror.host() + ": ")) << "no mirror or registry confirms it";
  describe(table(mirror.url(), "ca = \"../authority.pem\""));
  EXPECT_EQ(digest_of("v1"), at_mirror);
  describe(table(mirror.url(), "skip_verify = true"));
  EXPECT_EQ(digest_of("v1"), at_mirror);
  describe(table(mirror.url(), "ca = \"missing.pem\""));
  EXPECT_EQ(digest_of("only-upstream"), only_upstream) << "a file that is not there: the next way";
}

TEST_F(MirrorsIntegration, AHangingMirrorTakesItsShareAlone) {
  scripted_server mirror;
  mirror.otherwise([](const auto&) { return testing::reply{.act = testing::behaviour::hang}; });
  options.mirror_limit = 100ms;
  describe(table("http://" + mirror.host()));
  EXPECT_EQ(digest_of("only-upstream"), only_upstream);
  mirror.release();
}

TEST_F(MirrorsIntegration, ABrokenFileIsToldWithItsLineAndTheRegistryAsked) {
  describe("\n\nskip_verify = \"perhaps\"\n");
  EXPECT_EQ(digest_of("only-upstream"), only_upstream);
  EXPECT_THAT(digest_of("nowhere"), HasSubstr("hosts.toml:3: skip_verify is neither true nor false"));
}

}  // namespace
}  // namespace pinhook
