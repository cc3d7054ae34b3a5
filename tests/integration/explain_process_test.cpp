// `pinhook explain --try` as a process: it uses the settings between a reference and its registry.
#include "support/fake_api_server.hpp"
#include "support/serve_process.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// "robot:correct-horse-battery"
const std::string right = "cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5";

class ExplainProcess : public ServeProcess {
 protected:
  ExplainProcess() { environment_.emplace_back("PINHOOK_CLOUDS=[]"); }

  void want_credentials() {
    for (const char* method : {"HEAD", "GET"})
      registry_.handle(method, "/v2/a/manifests/1", [](const recorded_request& r) -> reply {
        if (r.header("Authorization") == "Basic " + right) return digest_reply();
        return {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"r\""}}};
      });
  }

  program_result tried() const { return run_program({"explain", registry_.host() + "/a:1", "--try"}, environment_); }
};

TEST_F(ExplainProcess, RunsACredentialPlugin) {
  want_credentials();
  const auto program = files_.write(
      "bin-plugin",
      "#!/bin/sh\ncat >/dev/null\n"
      "echo '{\"kind\":\"CredentialProviderResponse\",\"apiVersion\":\"credentialprovider.kubelet.k8s.io/v1\","
      "\"cacheKeyType\":\"Registry\",\"auth\":{\"" +
          registry_.host() + "\":{\"username\":\"robot\",\"password\":\"correct-horse-battery\"}}}'\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const auto config = files_.write("plugins.yaml", fmt::format(R"(apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: bin-plugin
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages: ["{}"]
    defaultCacheDuration: 1m
)",
                                                               registry_.host()));
  environment_.push_back("PINHOOK_PLUGINS_CONFIG=" + std::string(config));
  environment_.push_back("PINHOOK_PLUGINS_BIN_DIR=" + files_.path().string());
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("credential plugin bin-plugin"), HasSubstr(some_digest),
                                 Not(HasSubstr("correct-horse-battery"))));
}

TEST_F(ExplainProcess, ReadsDockersVariable) {
  want_credentials();
  environment_.push_back(R"(DOCKER_AUTH_CONFIG={"auths":{")" + registry_.host() + R"(":{"auth":")" + right + R"("}}})");
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("DOCKER_AUTH_CONFIG"), HasSubstr(some_digest), Not(HasSubstr(right))));
}

TEST_F(ExplainProcess, AsksMirrorsFirst) {
  scripted_server mirror;
  mirror.on("HEAD", "/v2/a/manifests/1", digest_reply());
  environment_.push_back("PINHOOK_MIRRORS_HOSTS={\"" + registry_.host() + "\": [{url: \"http://" + mirror.host() +
                         "\"}]}");
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("asked at    mirror http://" + mirror.host() +
                                           "/v2, directly (by the configuration)\n            http://" +
                                           registry_.host() + ", directly\n"),
                                 HasSubstr("tried       " + mirror.host() + ", anonymous: " + some_digest)));
  ASSERT_EQ(mirror.requests().size(), 1U);
  EXPECT_EQ(mirror.requests()[0].query(), "ns=" + registry_.host());
}

TEST_F(ExplainProcess, ReadsContainerdsDirectories) {
  scripted_server mirror;
  mirror.on("HEAD", "/v2/a/manifests/1", digest_reply());
  const auto directory = files_.path() / "certs.d" / registry_.host();
  std::filesystem::create_directories(directory);
  files_.write("certs.d/" + registry_.host() + "/hosts.toml",
               "[host.\"http://" + mirror.host() + "\"]\n  capabilities = [\"pull\", \"resolve\"]\n");
  environment_.push_back("PINHOOK_MIRRORS_CERTS_DIRS=[\"" + (files_.path() / "certs.d").string() + "\"]");
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("tried       " + mirror.host() + ", anonymous: " + some_digest));
}

// The way of the tag and the way of the digest, which a node takes after the pin.
TEST_F(ExplainProcess, ShowsTheWaysOfTagAndDigestByRegistriesConf) {
  scripted_server mirror;
  mirror.on("HEAD", "/v2/m/a/manifests/1", digest_reply());
  const std::string conf = files_
                               .write("registries.conf", fmt::format(R"(
[[registry]]
prefix = "reg.example"
location = "{}/moved"
insecure = true
[[registry.mirror]]
location = "{}/m"
insecure = true
pull-from-mirror = "tag-only"
)",
                                                                     registry_.host(), mirror.host()))
                               .string();
  environment_.push_back("PINHOOK_MIRRORS_REGISTRIES_CONF=[\"" + conf + "\"]");
  const auto seen = run_program({"explain", "reg.example/a:1", "--try"}, environment_);
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("asked at    mirror https://" + mirror.host() + ", as m/a, directly (by " + conf + ")\n" +
                              "            https://" + registry_.host() + ", as moved/a, directly (by " + conf + ")\n" +
                              "pulled from https://" + registry_.host() + ", as moved/a"),
                    HasSubstr("tried       " + mirror.host() + ", anonymous: " + some_digest)));
}

TEST_F(ExplainProcess, ShowsTheObjectsOfOpenshiftsMirrors) {
  fake_api_server api;
  api.allow_lists({"imagetagmirrorsets"});
  api.set_list({"/apis/config.openshift.io/v1", "imagetagmirrorsets", "ImageTagMirrorSet", false}, "",
               {R"({"metadata":{"name":"hub"},"spec":{"imageTagMirrors":[{"source":"reg.example",)"
                R"("mirrors":["mirror.example/hub"],"mirrorSourcePolicy":"NeverContactSource"}]}})"});
  environment_.push_back("PINHOOK_KUBECONFIG=" + api.write_kubeconfig(files_.path()));
  environment_.emplace_back("PINHOOK_MIRRORS_OPENSHIFT=true");
  const auto seen = run_program({"explain", "reg.example/a:1"}, environment_);
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("mirror https://mirror.example, as hub/a, directly (by ImageTagMirrorSet hub)"),
                    HasSubstr("by digest: registry reg.example is blocked for nodes by NeverContactSource of "
                              "ImageTagMirrorSet hub: add an ImageDigestMirrorSet for reg.example")));
  api.forbid("list", "imagetagmirrorsets", "*");
  const auto refused = run_program({"resolve", "reg.example/a:1"}, environment_);
  EXPECT_NE(refused.exit_code, 0) << refused.output;
  EXPECT_THAT(refused.errors,
              AllOf(HasSubstr("OpenShift's mirrors: Kubernetes API: "), HasSubstr("lacks a ClusterRole")));
}

TEST_F(ExplainProcess, ReadsShortNamesAsNodesDo) {
  const auto use = [&](const std::string& text) {
    const std::string conf = files_.write("registries.conf", text).string();
    environment_.push_back("PINHOOK_MIRRORS_REGISTRIES_CONF=[\"" + conf + "\"]");
  };
  use("unqualified-search-registries = [\"a.example\"]\n");
  const auto seen = run_program({"explain", "nginx:1"}, environment_);
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output,
              AllOf(HasSubstr("nodes read  a.example/nginx:1\n"), HasSubstr("asked at    https://a.example, ")));
  use("unqualified-search-registries = [\"a.example\", \"b.example\"]\nshort-name-mode = \"enforcing\"\n");
  const auto refused = run_program({"explain", "nginx:1"}, environment_);
  EXPECT_THAT(refused.output, HasSubstr("trouble     \"nginx:1\" is a short name, and nodes refuse it"));
  const auto resolved = run_program({"resolve", "nginx:1"}, environment_);
  EXPECT_EQ(resolved.exit_code, 3) << resolved.output;
  EXPECT_THAT(resolved.errors, HasSubstr("write its registry, as in docker.io/nginx"));
}

TEST_F(ExplainProcess, TakesTheFilesOfANode) {
  const auto write = [&](const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    files_.write(name, text);
  };
  const std::string node = files_.path().string() + "/node";
  const auto asked = [&](const std::string& image) {
    return run_program({"explain", "--node-config", node, image}, environment_);
  };
  std::filesystem::create_directories(node);
  const auto none = asked("nginx:1");
  EXPECT_EQ(none.exit_code, 2) << none.output;
  EXPECT_THAT(none.errors, HasSubstr(node + " has none of a node's files: containerd/certs.d, "));
  write("node/etc/containerd/certs.d/a.example/hosts.toml", "[host.\"https://certs.example\"]\n");
  EXPECT_THAT(asked("a.example/x:1").output, HasSubstr("mirror https://certs.example/v2, directly (by " + node +
                                                       "/etc/containerd/certs.d/a.example/hosts.toml)"));
  write("node/etc/containerd/config.toml",
        "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/hosts.d:/opt/x\"\n"
        "[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\n");
  write("node/etc/hosts.d/a.example/hosts.toml", "[host.\"https://other.example\"]\n");
  const auto named = asked("a.example/x:1");
  EXPECT_THAT(named.output, HasSubstr("mirror https://other.example/v2"));
  EXPECT_THAT(named.errors, AllOf(HasSubstr("config.toml:4: registry.mirrors is not read, and containerd 2.4 drops it"),
                                  HasSubstr("config_path /opt/x is outside of /etc")));
  write("node/etc/rancher/k3s/registries.yaml",
        "mirrors: {b.example: {endpoint: [\"https://k3s.example\"], rewrite: {\"^(.*)$\": \"hub/$1\"}}}\n");
  EXPECT_THAT(asked("b.example/x:1").output, HasSubstr("mirror https://k3s.example/v2, as hub/x, directly (by " + node +
                                                       "/etc/rancher/k3s/registries.yaml)"));
  write("node/etc/containers/registries.conf.d/c.conf",
        "[[registry]]\nprefix = \"c.example\"\nlocation = \"conf.example\"\n");
  EXPECT_THAT(asked("c.example/x:1").output,
              HasSubstr("https://conf.example, directly (by " + node + "/etc/containers/registries.conf.d/c.conf)"));
}

TEST_F(ExplainProcess, AnInvalidRegistriesConfEndsEveryCommandThatAsks) {
  const std::string conf = files_.write("registries.conf", "[[registry]]\ninsecure = true\n").string();
  environment_.push_back("PINHOOK_MIRRORS_REGISTRIES_CONF=[\"" + conf + "\"]");
  for (const auto& words : {std::vector<std::string>{"explain", "nginx"}, {"resolve", "nginx"}, arguments()}) {
    const auto seen = run_program(words, environment_);
    EXPECT_EQ(seen.exit_code, 2) << words.front();
    EXPECT_THAT(seen.errors, HasSubstr("mirrors.registries_conf: " + conf + ":1: a registry has neither"));
  }
}

TEST_F(ExplainProcess, SaysWhichRuleForbids) {
  environment_.emplace_back("PINHOOK_REGISTRY_DENY=[\"127.0.0.1\"]");
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 3) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("registry.deny"));
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(ExplainProcess, SaysWhichNetworkIsForbidden) {
  environment_.emplace_back("PINHOOK_NETWORKS_DENY=[127.0.0.0/8]");
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 3) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("networks.deny"));
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(ExplainProcess, SaysThatTheWebhookAsksLoopbackOnlyWhereItIsListed) {
  constexpr auto hint = "the webhook asks a registry on this machine only when the configuration lists it";
  EXPECT_THAT(tried().output, Not(HasSubstr(hint)));
  name_registries({});
  const auto seen = tried();
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr(some_digest), HasSubstr(hint),
                                 HasSubstr("registries: {\"" + registry_.host() + "\": {}}")));
}

// What it says without asking is what asking gives.
TEST_F(ExplainProcess, SaysWhichHostIsNeverAsked) {
  environment_.emplace_back("PINHOOK_REGISTRY_DENY=[\"denied.example\"]");
  environment_.emplace_back("PINHOOK_NETWORKS_DENY=[10.0.0.0/8]");
  const struct {
    const char* image;
    const char* reason;
  } rows[] = {
      {"169.254.169.254/a:1", "asked at    https://169.254.169.254, never: it is a link-local address\n"},
      {"0.0.0.0:5000/a:1", "never: it is the unspecified address\n"},
      {"10.1.2.3/a:1", "never: networks.deny has 10.0.0.0/8\n"},
      {"denied.example/a:1", "in registry.deny\n"},
  };
  for (const auto& row : rows) {
    const auto seen = run_program({"explain", row.image}, environment_);
    EXPECT_EQ(seen.exit_code, 0) << seen.errors;
    EXPECT_THAT(seen.output, HasSubstr(row.reason));
    const auto asked = run_program({"explain", row.image, "--try"}, environment_);
    EXPECT_EQ(asked.exit_code, 3) << asked.output;
  }
}

TEST_F(ExplainProcess, AnInvalidProxyEndsEveryCommandThatAsks) {
  environment_.emplace_back("HTTPS_PROXY=::::");
  const std::string image = registry_.host() + "/a:1";
  for (const auto& words : {std::vector<std::string>{"explain", image}, {"resolve", image}, arguments()}) {
    const auto seen = run_program(words, environment_);
    EXPECT_EQ(seen.exit_code, 2) << words.front();
    EXPECT_THAT(seen.errors, HasSubstr("HTTPS_PROXY (or https_proxy): the proxy setting is not a valid URL"));
  }
}

}  // namespace
}  // namespace pinhook::testing
