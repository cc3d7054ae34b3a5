// `pinhook adopt`: the bytes that run are recorded, nothing restarts, and the next rollout gets them although the tag
// has moved.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* record = "/metadata/annotations/pinhook.dev~1pins";

class Adopt : public Cluster {
 protected:
  // There is no kubelet: the test writes the status that one would.
  static void run_pods(const std::string& ns, const std::string& image_id) {
    ASSERT_TRUE(eventually([&] { return !read_all(ns, "pods", "/metadata/name").empty(); }));
    for (const auto& pod : read_all(ns, "pods", "/metadata/name"))
      kubectl_ok({"patch", "pod", pod, "-n", ns, "--subresource", "status", "--type", "merge", "-p",
                  fmt::format(R"({{"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}],)"
                              R"("containerStatuses":[{{"name":"web","image":"x","imageID":"{}","ready":true,)"
                              R"("restartCount":0,"state":{{"running":{{}}}}}}]}}}})",
                              image_id)});
  }
  static command_result adopt(std::vector<std::string> arguments) {
    std::vector<std::string> command{testing::program_path(), "adopt", "--kubeconfig",
                                     shared().plane.kubeconfig().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_command({.command = std::move(command)});
  }
};

TEST_F(Adopt, TheNextRolloutGetsTheBytesThatRun) {
  start_pinhook();
  const auto ns = make_namespace("");
  const auto digest = push("adopt/web", "1", "one");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("adopt/web:1"), 2));
  run_pods(ns, image("adopt/web@" + digest));

  const auto dry = adopt({"-n", ns, "--dry-run=server"});
  EXPECT_EQ(dry.exit_code, 0) << dry;
  EXPECT_EQ(read(ns, "deployment/web", record), "");
  const auto done = adopt({"-n", ns});
  EXPECT_EQ(done.exit_code, 0) << done;
  EXPECT_EQ(read(ns, "deployment/web", record), fmt::format(R"({{"{}":"{}"}})", image("adopt/web:1"), digest));
  EXPECT_EQ(read_all(ns, "replicasets", in_template), std::vector{image("adopt/web:1")});
  const auto version = read(ns, "deployment/web", "/metadata/resourceVersion");
  const auto again = adopt({"-n", ns, "deployment/web"});
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.errors, HasSubstr("1 is recorded already"));
  EXPECT_EQ(read(ns, "deployment/web", "/metadata/resourceVersion"), version);

  ASSERT_NE(push("adopt/web", "1", "moved"), digest);
  opt_in(ns, "enforce");
  kubectl_ok({"-n", ns, "rollout", "restart", "deployment/web"});
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("adopt/web@" + digest));
}

// The rights of the manifest are enough, and kubectl goes on with what was written.
TEST_F(Adopt, RestartsOneByOneWithTheRightsOfItsManifest) {
  start_pinhook();
  const auto ns = make_namespace("");
  const auto digest = push("adopt/restart", "1", "one");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("adopt/restart:1"), 1));
  run_pods(ns, image("adopt/restart@" + digest));
  kubectl_ok({"apply", "--validate=strict", "-f", testing::source_dir() + "/manifests/rights/adopt.yaml"});
  kubectl_ok({"-n", ns, "create", "serviceaccount", "adopter"});
  kubectl_ok(
      {"create", "clusterrolebinding", ns, "--clusterrole=pinhook-adopt", "--serviceaccount=" + ns + ":adopter"});
  ASSERT_TRUE(eventually([&] {
    return kubectl({"auth", "can-i", "patch", "deployments", "-n", ns, "--as=system:serviceaccount:" + ns + ":adopter"})
        .output.starts_with("yes");
  }));
  const auto kubeconfig = shared().plane.kubeconfig_of(ns, "adopter").string();
  const auto restart = [&](const std::string& timeout) {
    return run_command({.command = {testing::program_path(), "adopt", "--kubeconfig", kubeconfig, "-n", ns, "--restart",
                                    "--timeout", timeout}});
  };
  // Recorded, and not restarted: the namespace has not opted in.
  const auto early = restart("1s");
  EXPECT_EQ(early.exit_code, 1) << early;
  EXPECT_THAT(early.errors, HasSubstr("not restarted: the rollout would have"));
  EXPECT_EQ(read_all(ns, "replicasets", in_template), std::vector{image("adopt/restart:1")});

  ASSERT_NE(push("adopt/restart", "1", "moved"), digest);
  opt_in(ns, "enforce");
  // No kubelet makes the new Pod ready.
  const auto slow = restart("1s");
  EXPECT_EQ(slow.exit_code, 1) << slow;
  EXPECT_THAT(slow.errors, HasSubstr("its Pods are not ready: "));
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("adopt/restart@" + digest));
  EXPECT_THAT(read(ns, "deployment/web", "/spec/template/metadata/annotations"), HasSubstr("restartedAt"));
  EXPECT_THAT(kubectl_ok({"get", "deployment", "web", "-n", ns, "-o", "json", "--show-managed-fields"}),
              HasSubstr("kubectl-rollout"));
  kubectl_ok({"delete", "clusterrolebinding", ns});
}

TEST_F(Adopt, AnotherManagersAnnotationStays) {
  const auto ns = make_namespace("");
  const auto digest = push("adopt/other", "1", "one");
  const std::string theirs =
      fmt::format(R"({{\"{}\":\"{}\"}})", image("adopt/other:1"), "sha256:" + std::string(64, 'c'));
  kubectl_ok(
      {"apply", "--server-side", "--field-manager=theirs", "-n", ns, "-f", "-"},
      deployment(image("adopt/other:1"), 1, fmt::format(R"(,"annotations":{{"pinhook.dev/pins":"{}"}})", theirs)));
  run_pods(ns, image("adopt/other@" + digest));
  const auto before = read(ns, "deployment/web", record);
  const auto done = adopt({"-n", ns});
  EXPECT_EQ(done.exit_code, 1) << done;
  EXPECT_THAT(done.output, AllOf(HasSubstr("belongs to another field manager"), HasSubstr("theirs")));
  EXPECT_EQ(read(ns, "deployment/web", record), before);
  const auto taken = adopt({"-n", ns, "--force-conflicts"});
  EXPECT_EQ(taken.exit_code, 0) << taken;
  EXPECT_THAT(read(ns, "deployment/web", record), HasSubstr(digest));
}

TEST_F(Adopt, LeavesMixedReplicas) {
  const auto ns = make_namespace("");
  const auto one = push("adopt/mixed", "1", "one");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("adopt/mixed:1"), 2));
  ASSERT_TRUE(eventually([&] { return read_all(ns, "pods", "/metadata/name").size() == 2; }));
  run_pods(ns, image("adopt/mixed@" + one));
  const auto first = read_all(ns, "pods", "/metadata/name").at(0);
  kubectl_ok({"patch", "pod", first, "-n", ns, "--subresource", "status", "--type", "merge", "-p",
              fmt::format(R"({{"status":{{"containerStatuses":[{{"name":"web","image":"x","imageID":"{}","ready":true,)"
                          R"("restartCount":0,"state":{{"running":{{}}}}}}]}}}})",
                          image("adopt/mixed@sha256:" + std::string(64, 'd')))});
  const auto done = adopt({"-n", ns});
  EXPECT_EQ(done.exit_code, 1) << done;
  EXPECT_THAT(done.output, HasSubstr("run different digests"));
  EXPECT_EQ(read(ns, "deployment/web", record), "");
}

}  // namespace
}  // namespace pinhook::e2e
