// `pinhook console` on a real API server, with the rights of manifests/rights and no others: what it shows follows the
// cluster, and history is in the store after a kill.
#include "e2e/cluster.hpp"
#include "support/child_process.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>
#include <stdlib.h>

#include <csignal>
#include <filesystem>
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
    kubectl_ok({"apply", "--validate=strict", "-f", testing::source_dir() + "/manifests/rights/console/rights.yaml"});
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

  void start() {
    child_ = std::make_unique<testing::child_process>(
        testing::child_options{.command = {testing::program_path(), "console", "--listen", "127.0.0.1:0", "--store",
                                           (folder_ / "history.db").string(), "--kubeconfig",
                                           shared().plane.kubeconfig_of("pinhook", "pinhook-console").string()},
                               .environment = {{"PINHOOK_CLOUDS", "[]"}, {"HOME", folder_.string()}},
                               .inherited = {}},
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
  start();
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("console/web:1")));
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"tag")") != std::string::npos; })) << rows(ns);
  EXPECT_THAT(rows(ns), HasSubstr(R"("owner":"Deployment/web")"));
  EXPECT_THAT(get("/"), HasSubstr("<html"));
  EXPECT_THAT(get("/metrics"), HasSubstr(fmt::format(R"(pinhook_console_images{{namespace="{}",state="tag"}} 1)", ns)));

  // A change is on the page, without a new list.
  kubectl_ok({"set", "image", "deployment/web", "-n", ns, "web=" + image("console/web@" + digest)});
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"pinned")") != std::string::npos; })) << rows(ns);

  // Killed and started again: what was seen is in the store, the page is whole.
  EXPECT_EQ(child_->end(SIGKILL), 128 + SIGKILL);
  start();
  EXPECT_TRUE(eventually([&] { return rows(ns).find(R"("written":"pinned")") != std::string::npos; })) << rows(ns);
  EXPECT_THAT(child_->output(), Not(HasSubstr("history is not written")));

  kubectl_ok({"delete", "deployment", "web", "-n", ns});
  EXPECT_TRUE(eventually([&] { return rows(ns).find("Deployment/web") == std::string::npos; })) << rows(ns);
  EXPECT_EQ(child_->end(SIGTERM), 0) << child_->output();
}

}  // namespace
}  // namespace pinhook::e2e
