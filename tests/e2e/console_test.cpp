// `pinhook console` on a real API server, with the rights of the component console and no others: what it shows follows
// the cluster, history is in the store after a kill, and it says that it is behind while the API server is away.
#include "e2e/cluster.hpp"
#include "support/child_process.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>
#include <stdlib.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Console : public Cluster {
 protected:
  void SetUp() override {
    kubectl_ok({"apply", "--validate=strict", "-k",
                testing::source_dir() + "/manifests/kustomize/components/console/objects"});
    // No node runs it here: the program is started below, as its account.
    kubectl_ok({"delete", "deployment", "pinhook-console", "-n", "pinhook"});
    // API servers learn of roles a moment after they were written.
    ASSERT_TRUE(eventually([] {
      return kubectl({"auth", "can-i", "watch", "pods", "-A", "--as=system:serviceaccount:pinhook:pinhook-console"})
          .output.starts_with("yes");
    }));
    std::string name = std::filesystem::temp_directory_path() / "pinhook-console-XXXXXX";
    ASSERT_TRUE(mkdtemp(name.data()));
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string kubeconfig() const { return shared().plane.kubeconfig_of("pinhook", "pinhook-console").string(); }

  void start(const std::string& kubeconfig, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{testing::program_path(), "console", "--listen",
                                     "127.0.0.1:0",           "--store", (folder_ / "history.db").string(),
                                     "--kubeconfig",          kubeconfig};
    command.insert(command.end(), more.begin(), more.end());
    child_ = std::make_unique<testing::child_process>(
        testing::child_options{
            .command = command, .environment = {{"PINHOOK_CLOUDS", "[]"}, {"HOME", folder_.string()}}, .inherited = {}},
        "pinhook");
    const auto line = child_->wait_for_line("http://");
    ASSERT_FALSE(line.empty()) << child_->output();
    url_ = line.substr(line.find("http://"));
  }

  // "" while it cannot be had.
  std::string get(const std::string& path) const {
    return run_command({.command = {"curl", "-sS", "--fail", "--max-time", "5", url_ + path}}).output;
  }
  std::string rows(const std::string& ns) const { return get("/api/v1/entities?namespace=" + ns); }

  std::filesystem::path folder_;
  std::unique_ptr<testing::child_process> child_;
  std::string url_;
};

std::string deployment(const std::string& image) {
  return fmt::format(
      R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web"}},"spec":{{"selector":{{"matchLabels":{{"a":"b"}}}},)"
      R"("template":{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}}}})",
      image);
}

TEST_F(Console, FollowsTheClusterAndKeepsItsHistory) {
  const auto digest = push("console/web", "1", "one");
  const auto ns = make_namespace("");
  start(kubeconfig());
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("console/web:1")));
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"tag")") != std::string::npos; })) << rows(ns);
  EXPECT_THAT(rows(ns), HasSubstr(R"("owner":"Deployment/web")"));
  EXPECT_THAT(get("/"), HasSubstr("<html"));
  // By the console's own right, the object as the API server has it.
  const auto object = get("/api/v1/objects/" + ns + "/apps/Deployment/web");
  EXPECT_THAT(object, HasSubstr("image: " + image("console/web:1")));
  EXPECT_THAT(object, HasSubstr(R"("pointer":"/spec/template/spec/containers/0/image")"));
  EXPECT_THAT(object, Not(HasSubstr("managedFields")));
  EXPECT_THAT(get("/metrics"), HasSubstr(fmt::format(R"(pinhook_console_images{{namespace="{}",state="tag"}} 1)", ns)));

  // A change is on the page, without a new list.
  kubectl_ok({"set", "image", "deployment/web", "-n", ns, "web=" + image("console/web@" + digest)});
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"pinned")") != std::string::npos; })) << rows(ns);

  // Killed and started again: what was seen is in the store, the page is whole.
  EXPECT_EQ(child_->end(SIGKILL), 128 + SIGKILL);
  start(kubeconfig());
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"pinned")") != std::string::npos; })) << rows(ns);
  EXPECT_THAT(child_->output(), Not(HasSubstr("history is not written")));

  kubectl_ok({"delete", "deployment", "web", "-n", ns});
  EXPECT_TRUE(eventually([&] { return rows(ns).find("Deployment/web") == std::string::npos; })) << rows(ns);
  EXPECT_EQ(child_->end(SIGTERM), 0) << child_->output();
}

TEST_F(Console, ShowsOneNamespaceAndKeepsItsMovedTagsInAConfigMap) {
  kubectl_ok({"apply", "--validate=strict", "-k",
              testing::source_dir() + "/manifests/kustomize/components/console-moves/objects"});
  ASSERT_TRUE(eventually([] {
    return kubectl({"auth", "can-i", "create", "configmaps/image-moves", "-n", "pinhook",
                    "--as=system:serviceaccount:pinhook:pinhook-console"})
        .output.starts_with("yes");
  }));
  const auto digest = push("console/moves", "1", "one");
  const auto ns = make_namespace("");
  const auto other = make_namespace("");
  start(kubeconfig(), {"-n", ns, "--moves-configmap", "pinhook/image-moves", "--cooldown", "72h"});
  for (const auto& to : {ns, other}) kubectl_ok({"create", "-n", to, "-f", "-"}, deployment(image("console/moves:1")));
  EXPECT_TRUE(eventually([&] { return rows(ns).find(digest) != std::string::npos; })) << rows(ns);
  EXPECT_THAT(rows(other), HasSubstr(R"("total":0)"));
  EXPECT_THAT(get("/api/v1/console"), HasSubstr(R"("namespaces":[")" + ns + R"("])"));
  // The first file is written at once, and may have no tag yet; the next one comes after a minute.
  const auto moves = [] {
    return kubectl({"get", "configmap", "image-moves", "-n", "pinhook", "-o", "jsonpath={.data.moves\\.yaml}"}).output;
  };
  EXPECT_TRUE(eventually([&] { return moves().find("kind: TagMoves") != std::string::npos; })) << child_->output();
  EXPECT_THAT(get("/api/v1/console"), Not(HasSubstr("--moves-configmap")));
  kubectl_ok({"delete", "configmap", "image-moves", "-n", "pinhook"});
  EXPECT_EQ(child_->end(SIGTERM), 0) << child_->output();
  // With what the store knows, the first file of another process has the tag.
  start(kubeconfig(), {"-n", ns, "--moves-configmap", "pinhook/image-moves", "--cooldown", "72h"});
  EXPECT_TRUE(eventually([&] { return moves().find(digest) != std::string::npos; })) << moves();
  EXPECT_EQ(child_->end(SIGTERM), 0) << child_->output();
}

TEST_F(Console, SaysThatItIsBehindWhileTheApiServerIsAway) {
  const auto ns = make_namespace("");
  service_relay before_api;
  const std::uint16_t api = shared().plane.port();
  before_api.add({.webhook = api});
  std::string through = testing::read_file(kubeconfig());
  const std::string origin = fmt::format("127.0.0.1:{}", api);
  const auto at = through.find(origin);
  ASSERT_NE(at, std::string::npos) << "the kubeconfig names another address";
  through.replace(at, origin.size(), fmt::format("127.0.0.1:{}", before_api.port()));
  const auto file = folder_ / "kubeconfig";
  std::ofstream(file) << through;

  start(file.string());
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("console/away:1")));
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"tag")") != std::string::npos; })) << rows(ns);
  EXPECT_TRUE(eventually([&] { return !get("/readyz").empty(); })) << child_->output();
  EXPECT_THAT(get("/api/v1/overview"), HasSubstr(R"("behind_since":null)"));
  EXPECT_THAT(get("/metrics"), HasSubstr("\npinhook_console_behind_seconds 0\n"));

  // What it had is shown on; it is ready, since a replica that has nothing to show would be worse.
  before_api.cut(api);
  EXPECT_TRUE(eventually([&] { return get("/api/v1/overview").find(R"("behind_since":")") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] {
    return get("/metrics").find("\npinhook_console_behind_seconds 0\n") == std::string::npos;
  })) << get("/metrics");
  EXPECT_THAT(rows(ns), HasSubstr(R"("written":"tag")"));
  EXPECT_THAT(get("/readyz"), Not(::testing::IsEmpty()));

  // What changed meanwhile is there when the API server is back.
  const std::string digest = "sha256:" + std::string(64, 'a');
  kubectl_ok({"set", "image", "deployment/web", "-n", ns, "web=" + image("console/away@" + digest)});
  EXPECT_THAT(rows(ns), HasSubstr(R"("written":"tag")"));
  before_api.add({.webhook = api});
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"pinned")") != std::string::npos; })) << rows(ns);
  EXPECT_TRUE(eventually([&] { return get("/api/v1/overview").find(R"("behind_since":null)") != std::string::npos; }))
      << get("/api/v1/overview");
  EXPECT_THAT(get("/metrics"), HasSubstr("\npinhook_console_behind_seconds 0\n"));
  EXPECT_EQ(child_->end(SIGTERM), 0) << child_->output();
}

}  // namespace
}  // namespace pinhook::e2e
