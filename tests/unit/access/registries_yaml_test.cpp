// registries.yaml as k3s makes hosts.toml of it, and as containerd reads that: the rules of getHostConfigs
// (k3s-io/k3s, pkg/agent/containerd/config.go at 06ea261c) and the cases of its test, as places.
#include <pinhook/access/registries_yaml.hpp>

#include "support/fake_clock.hpp"
#include "support/run.hpp"

#include <pinhook/registry/route_table.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string file = "/etc/rancher/k3s/registries.yaml";

class RegistriesYaml : public ::testing::Test {
 protected:
  asio::io_context io{1};
  testing::fake_clock time;
  registries_yaml_options options_{file};

  registries_yaml read(const std::string& text) {
    auto got = parse_registries_yaml(text, options_);
    EXPECT_TRUE(got) << got.error().message;
    return got ? *got : registries_yaml{};
  }
  // Where the image is asked, by tag: the address, and the repository where it is another one.
  std::string places(const std::string& text, const std::string& image) {
    registry::route_options options;
    options.rules = std::make_shared<const registry::mirror_rules>(read(text).rules);
    registry::route_table table(options, time);
    const auto ref = registry::reference::parse(image).value();
    const auto got = testing::run_on(io, table.routes_for(ref, deadline::after(time.now(), 10s)));
    if (!got) return got.error().message;
    std::string out;
    for (const auto& one : (*got)->in_order) {
      if (!one->answers(ref)) continue;
      out += fmt::format("{}{}{}", out.empty() ? "" : " ", one->base ? one->base->text() : one->host,
                         one->named ? " as " + one->named->repository() : "");
    }
    return out;
  }
};

TEST_F(RegistriesYaml, GivesThePlacesOfARegistry) {
  const struct {
    const char* name;
    std::string yaml, image, expected;
  } rows[] = {
      {"nothing", "", "nginx:1", "docker.io"},
      {"mirrors, then the registry", "mirrors: {docker.io: {endpoint: [\"https://a.test:5000\", \"http://b.test\"]}}",
       "nginx:1", "https://a.test:5000/v2 http://b.test/v2 docker.io"},
      {"another registry", "mirrors: {docker.io: {endpoint: [\"https://a.test\"]}}", "r.test/app:1", "r.test"},
      {"all others", "mirrors: {\"*\": {endpoint: [\"https://a.test\"]}, r.test: {}}", "q.test/app:1",
       "https://a.test/v2 q.test"},
      {"an entry that says nothing", "mirrors: {\"*\": {endpoint: [\"https://a.test\"]}, r.test: {}}", "r.test/app:1",
       "https://a.test/v2 r.test"},
      {"an entry with a certificate alone",
       "mirrors: {\"*\": {endpoint: [\"https://a.test\"]}, r.test: {}}\nconfigs: {r.test: {tls: {ca_file: /r.pem}}}",
       "r.test/app:1", "r.test"},
      {"the registry itself as the last endpoint",
       "mirrors: {r.test: {endpoint: [\"https://a.test\", \"r.test\"], rewrite: {\"(.*)\": \"hub/$1\"}}}",
       "r.test/app:1", "https://a.test/v2 as hub/app https://r.test/v2 as hub/app"},
      {"the same twice", "mirrors: {r.test: {endpoint: [a.test, \"https://a.test\", \"https://a.test/v2\"]}}",
       "r.test/app:1", "https://a.test/v2 r.test"},
      {"without a scheme",
       "mirrors: {docker.io: {endpoint: [\"a.test\", \"localhost:5000\", \"127.0.0.1:443\", \"localhost\"]}}",
       "nginx:1", "https://a.test/v2 http://localhost:5000/v2 https://127.0.0.1/v2 https://localhost/v2 docker.io"},
      {"a path is the root as written",
       "mirrors: {docker.io: {endpoint: [\"https://a.test/v2\", \"https://b.test/v2/hub\", \"https://c.test/\"]}}",
       "nginx:1", "https://a.test/v2 https://b.test/v2/hub https://c.test/v2 docker.io"},
      {"endpoints", "mirrors: {docker.io: {endpoints: [\"https://a.test\"]}}", "nginx:1",
       "https://a.test/v2 docker.io"},
      {"rewrite", "mirrors: {docker.io: {endpoint: [\"https://a.test\"], rewrite: {\"^library/(.*)\": \"hub/$1\"}}}",
       "nginx:1", "https://a.test/v2 as hub/nginx docker.io"},
      {"rewrite of another name",
       "mirrors: {docker.io: {endpoint: [\"https://a.test\"], rewrite: {\"^library/(.*)\": \"hub/$1\"}}}", "acme/app:1",
       "https://a.test/v2 docker.io"},
  };
  for (const auto& row : rows) EXPECT_EQ(places(row.yaml, row.image), row.expected) << row.name;
}

TEST_F(RegistriesYaml, WithoutTheDefaultEndpointTheRegistryIsNotAsked) {
  options_.asks_default_endpoint = false;
  const std::string yaml = "mirrors: {docker.io: {endpoint: [\"https://a.test\"]}}";
  EXPECT_EQ(places(yaml, "nginx:1"), "https://a.test/v2");
  EXPECT_EQ(places(yaml, "r.test/app:1"), "r.test") << "it has no mirrors";
  EXPECT_EQ(places("mirrors: {r.test: {}}", "r.test/app:1"), "r.test") << "an entry that says nothing";
  EXPECT_EQ(places(yaml + "\nconfigs: {docker.io: {auth: {username: u}}}", "nginx:1"), "https://a.test/v2 docker.io")
      << "k3s asks a registry with an entry in configs all the same";
}

TEST_F(RegistriesYaml, TlsAndCredentialsAreThoseOfTheHost) {
  const auto got = read(R"(
mirrors: {docker.io: {endpoint: ["https://a.test:5000/v2/hub"]}}
configs:
  "a.test:5000":
    auth: {username: puller, password: "pa55"}
    tls: {ca_file: /ca.pem, cert_file: /c.pem, key_file: /k.pem, insecure_skip_verify: true}
  r.test: {tls: {ca_file: /r.pem}}
  "t.test": {auth: {identity_token: token}}
)");
  const auto& mirror = got.rules.find("docker.io")->mirrors.at(0);
  EXPECT_EQ(mirror.ca_files, std::vector<std::string>{"/ca.pem"});
  EXPECT_EQ(mirror.client_certificate_file, "/c.pem");
  EXPECT_EQ(mirror.client_key_file, "/k.pem");
  EXPECT_TRUE(mirror.skip_verify && mirror.override_path);
  EXPECT_EQ(got.rules.find("r.test")->upstream.ca_files, std::vector<std::string>{"/r.pem"});
  EXPECT_EQ(got.rules.find("q.test"), nullptr);
  const auto match = got.credentials.describe(registry::reference::parse("a.test:5000/hub/x:1").value());
  ASSERT_TRUE(match);
  EXPECT_EQ(match->source, file);
  EXPECT_TRUE(got.credentials.describe(registry::reference::parse("t.test/x:1").value()));
  EXPECT_FALSE(got.credentials.describe(registry::reference::parse("r.test/x:1").value()));
}

TEST_F(RegistriesYaml, TheConfigOfAllOthersIsForRegistriesWithoutAnEntry) {
  const std::string configs = "\nconfigs: {\"*\": {tls: {ca_file: /all.pem}}, r.test: {tls: {ca_file: /r.pem}}}";
  const auto alone = read(configs);
  EXPECT_EQ(alone.rules.find("q.test")->upstream.ca_files, std::vector<std::string>{"/all.pem"});
  EXPECT_EQ(alone.rules.find("r.test")->upstream.ca_files, std::vector<std::string>{"/r.pem"});
  const auto mirrored = read("mirrors: {\"*\": {endpoint: [\"https://a.test\"]}}" + configs);
  EXPECT_TRUE(mirrored.rules.find("q.test")->upstream.ca_files.empty()) << "k3s drops it beside mirrors of \"*\"";
}

TEST_F(RegistriesYaml, DockerHubsConfigMayHaveEitherName) {
  const std::string mirrors = "mirrors: {r.test: {endpoint: [\"https://docker.io\"]}}\nconfigs: ";
  const std::string both = "{docker.io: {tls: {ca_file: /a.pem}}, registry-1.docker.io: {tls: {ca_file: /b.pem}}}";
  EXPECT_EQ(read(mirrors + "{docker.io: {tls: {ca_file: /a.pem}}}").rules.find("r.test")->mirrors[0].ca_files,
            std::vector<std::string>{"/a.pem"});
  EXPECT_EQ(read(mirrors + both).rules.find("r.test")->mirrors[0].ca_files, std::vector<std::string>{"/b.pem"});
}

TEST_F(RegistriesYaml, ErrorsNameFileAndPlace) {
  const struct {
    std::string yaml, expected;
  } rows[] = {
      {"mirrors: [", "flow sequence without a closing bracket"},
      {"mirrors: 7", "line 1, column 10: must be a mapping"},
      {"mirrors:\n  \"UPPER_CASE\": {}", "line 2, column 3: "},
      {"mirrors: {docker.io: 7}", "must be a mapping"},
      {"mirrors: {docker.io: {endpoint: https://a.test}}", "must be a list of endpoints"},
      {"mirrors: {docker.io: {endpoint: [\"ftp://a.test\"]}}", "\"ftp://a.test\" is not an endpoint"},
      {"mirrors: {docker.io: {endpoint: [\"https://a.test?x=1\"]}}", "is not an endpoint"},
      {"mirrors: {docker.io: {rewrite: {\"(\": \"x\"}}}", "the rewrite \"(\" is not a valid regular expression"},
      {"mirrors: {docker.io: {rewrite: 7}}", "must be a mapping"},
      {"configs: 7", "must be a mapping"},
      {"configs: {a.test: 7}", "must be a mapping"},
      {"configs: {a.test: {tls: 7}}", "must be a mapping"},
      {"configs: {a.test: {tls: {insecure_skip_verify: maybe}}}", "column"},
      {"configs: {a.test: {auth: 7}}", "must be a mapping"},
      {"configs: {a.test: {auth: {username: [x]}}}", "must be text"},
  };
  for (const auto& row : rows) {
    const auto got = parse_registries_yaml(row.yaml, options_);
    ASSERT_FALSE(got) << row.yaml;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, AllOf(::testing::StartsWith(file), HasSubstr(row.expected)));
  }
  EXPECT_FALSE(parse_registries_yaml(std::string(max_registries_yaml + 1, '#'), options_));
  EXPECT_TRUE(parse_registries_yaml("unknown: {}\n", options_));
}

}  // namespace
}  // namespace pinhook::access
