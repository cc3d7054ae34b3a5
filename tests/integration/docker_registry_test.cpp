// The registry client against Debian's docker-registry, with images that the test pushes into it.
#include "support/certificates.hpp"
#include "support/docker_registry.hpp"
#include "support/image_pusher.hpp"
#include "support/run.hpp"
#include "support/token_server.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/registry/client.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* user = "tester";
constexpr const char* password = "correct horse";
// htpasswd -nbBC 5 tester 'correct horse'
constexpr const char* htpasswd = "tester:$2y$05$xZkeSGQtt54eKntHW.EfZOhJTryykuKC3RUfZbt3TaH7t/nx5/X8a\n";

registry::credential basic(const std::string& with_password = password) {
  registry::credential c;
  c.kind = registry::credential_kind::basic;
  c.username = user;
  c.secret = secret(with_password);
  c.source = "the test";
  c.identity = "basic-" + with_password;
  return c;
}

class DockerRegistry : public ::testing::Test {
 protected:
  result<registry::descriptor> resolve(const std::string& reference, registry::credential credential = {}) {
    const auto parsed = registry::reference::parse(reference);
    if (!parsed) return fail(parsed.error());
    options.hosts[parsed->registry()];  // on loopback: asked only when the configuration names it
    const auto client = registry::make_client(http, options, machine_clock(), nullptr);
    auto got = run_on(io, client->resolve(*parsed, std::move(credential),
                                          deadline::after(machine_clock().now(), std::chrono::seconds(30))));
    EXPECT_EQ(http.transfers(), 0U);
    return got;
  }
  std::string digest_of(const std::string& reference, registry::credential credential = {}) {
    const auto got = resolve(reference, std::move(credential));
    return got ? got->digest.to_string() : got.error().message;
  }
  error_code failure(const std::string& reference, registry::credential credential = {}) {
    const auto got = resolve(reference, std::move(credential));
    EXPECT_FALSE(got) << reference;
    return got ? error_code::internal : got.error().code;
  }

  asio::io_context io{1};
  http::curl_client http{io};
  registry::client_options options;
};

TEST_F(DockerRegistry, GivesTheDigestOfThePushedBytes) {
  const docker_registry server;
  image_pusher pusher(io, server.url());
  const std::map<std::string, std::string> pushed{
      {"image", pusher.push_image("team/a", "image", "one")},
      {"docker-image",
       pusher.push_image("team/a", "docker-image", "two", "application/vnd.docker.distribution.manifest.v2+json")},
      {"index", pusher.push_index("team/a", "index", "three")},
      {"docker-list", pusher.push_index("team/a", "docker-list", "four", true)},
  };
  for (const bool by_get : {false, true}) {
    options.verify_by_get = by_get;
    for (const auto& [tag, digest] : pushed) {
      EXPECT_EQ(digest_of(server.host() + "/team/a:" + tag), digest) << tag << server.output();
      EXPECT_EQ(digest_of(server.host() + "/team/a@" + digest), digest) << tag;
    }
  }
}

TEST_F(DockerRegistry, FollowsATagThatMoved) {
  const docker_registry server;
  image_pusher pusher(io, server.url());
  const std::string before = pusher.push_image("a", "latest", "one");
  EXPECT_EQ(digest_of(server.host() + "/a"), before);
  const std::string after = pusher.push_index("a", "latest", "two");
  EXPECT_NE(before, after);
  EXPECT_EQ(digest_of(server.host() + "/a"), after);
}

TEST_F(DockerRegistry, SaysWhatIsMissing) {
  const docker_registry server;
  image_pusher pusher(io, server.url());
  pusher.push_image("a", "1", "one");
  EXPECT_EQ(failure(server.host() + "/a:2"), error_code::not_found);
  EXPECT_EQ(failure(server.host() + "/none:1"), error_code::not_found);
  const auto got = resolve(server.host() + "/a:2");
  EXPECT_THAT(got.error().message, AllOf(HasSubstr(server.host()), HasSubstr("a:2")));
}

TEST_F(DockerRegistry, SpeaksTlsWithItsOwnAuthority) {
  const temporary_directory directory;
  const certificate_authority authority;
  const std::string ca_file = directory.write("ca.pem", authority.certificate()).string();
  const key_pair leaf = authority.issue();
  docker_registry_options o;
  o.tls = &leaf;
  const docker_registry server(o);
  image_pusher pusher(io, server.url(), ca_file);
  const std::string digest = pusher.push_image("a", "1", "one");
  options.hosts[server.host()].plain_http = false;
  EXPECT_EQ(failure(server.host() + "/a:1"), error_code::unavailable) << "the client does not trust that authority yet";
  options.hosts[server.host()].ca_file = ca_file;
  EXPECT_EQ(digest_of(server.host() + "/a:1"), digest);
  options.hosts[server.host()].plain_http = std::nullopt;
  EXPECT_EQ(digest_of(server.host() + "/a:1"), digest) << "an authority means TLS, on loopback, too";
}

TEST_F(DockerRegistry, SaysWhichSchemeToWrite) {
  const temporary_directory directory;
  const certificate_authority authority;
  const key_pair leaf = authority.issue();
  docker_registry_options o;
  o.tls = &leaf;
  const docker_registry secure(o);
  const docker_registry plain;
  const auto message_of = [&](const std::string& host, registry::host_settings settings) {
    options.hosts[host] = std::move(settings);
    const auto got = resolve(host + "/a:1");
    EXPECT_FALSE(got);
    return got ? std::string() : got.error().message;
  };
  EXPECT_EQ(
      message_of(secure.host(), {}),
      fmt::format(
          "registry {0} speaks HTTPS, but the request used plain HTTP. Write in pinhook's configuration: registries: "
          "{{\"{0}\": {{plain_http: false}}}}",
          secure.host()));
  const std::string ca_file = directory.write("ca.pem", authority.certificate()).string();
  EXPECT_EQ(message_of(plain.host(), {std::nullopt, ca_file, {}}),
            fmt::format(
                "registry {0}: it answers TLS in plain HTTP. Write in pinhook's configuration: registries: {{\"{0}\": "
                "{{plain_http: true}}}}",
                plain.host()));
}

TEST_F(DockerRegistry, ChecksPasswords) {
  docker_registry_options o;
  o.htpasswd = htpasswd;
  const docker_registry server(o);
  image_pusher pusher(io, server.url());
  pusher.authorize("Basic " + base64(std::string(user) + ":" + password));
  const std::string digest = pusher.push_image("a", "1", "one");
  EXPECT_EQ(digest_of(server.host() + "/a:1", basic()), digest) << server.output();
  EXPECT_EQ(failure(server.host() + "/a:1", basic("wrong")), error_code::unauthorized);
  EXPECT_EQ(failure(server.host() + "/a:1"), error_code::unauthorized);
}

TEST_F(DockerRegistry, TakesTokens) {
  const token_server tokens(user, password);
  docker_registry_options o;
  o.token_realm = tokens.realm();
  o.token_authority = tokens.authority();
  const docker_registry server(o);
  image_pusher pusher(io, server.url());
  pusher.authorize("Bearer " + tokens.issue("private/a", "pull,push"));
  const std::string secret_image = pusher.push_image("private/a", "1", "one");
  pusher.authorize("Bearer " + tokens.issue("public/a", "pull,push"));
  const std::string open_image = pusher.push_index("public/a", "1", "two");

  options.hosts[tokens.server().host()];  // a realm on loopback is asked only when the configuration names it
  EXPECT_EQ(digest_of(server.host() + "/private/a:1", basic()), secret_image) << server.output();
  EXPECT_EQ(digest_of(server.host() + "/public/a:1"), open_image);
  EXPECT_EQ(digest_of(server.host() + "/public/a:1", basic()), open_image);
  EXPECT_EQ(failure(server.host() + "/private/a:1", basic("wrong")), error_code::unauthorized);
  EXPECT_EQ(failure(server.host() + "/private/a:1"), error_code::unauthorized);
  EXPECT_EQ(failure(server.host() + "/private/a:2", basic()), error_code::not_found);
}

}  // namespace
}  // namespace pinhook::testing
