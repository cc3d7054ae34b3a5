// A scheduled report with the rights of the component moves-report: it writes the ConfigMap of the webhook, whatever
// made that ConfigMap, and no other one.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/certificates.hpp"
#include "support/paths.hpp"

#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class MovesReport : public Cluster {
 protected:
  void SetUp() override { kubectl_ok({"apply", "--validate=strict", "-k", objects()}); }
  void TearDown() override {
    // Nothing in this control plane takes the finalizer off a claim.
    kubectl({"delete", "--wait=false", "-k", objects()});
    kubectl({"delete", "configmap/image-moves", "-n", "pinhook", "--ignore-not-found"});
  }
  static std::string objects() {
    return testing::source_dir() + "/manifests/kustomize/components/moves-report/objects";
  }
  [[nodiscard]] command_result report(const std::string& kubeconfig, const std::string& object) const {
    command_options options{.command = {testing::program_path(), "report", "-A", "-q", "--exit-zero", "--kubeconfig",
                                        kubeconfig, "--store", (folder_.path() / "history.db").string(),
                                        "--moves-configmap", object, "--cooldown", "72h"}};
    options.environment = {{"PINHOOK_CLOUDS", "[]"}};
    return run_command(options);
  }

  testing::temporary_directory folder_;
};

TEST_F(MovesReport, KeepsOneConfigMapByItsOwnRights) {
  const auto ns = make_namespace("");
  const auto digest = push("moves-report/web", "1", "one");
  kubectl_ok({"create", "-n", ns, "-f", "-"}, deployment(image("moves-report/web:1"), 1));
  const auto own = shared().plane.kubeconfig_of("pinhook", "pinhook-report").string();
  const auto held = [] { return read("pinhook", "configmap/image-moves", "/data/moves.yaml"); };
  // API servers learn of roles a moment after they were written.
  command_result done;
  EXPECT_TRUE(eventually([&] { return (done = report(own, "pinhook/image-moves")).exit_code == 0; })) << done;
  EXPECT_THAT(held(),
              AllOf(HasSubstr("kind: TagMoves\n"), HasSubstr(image("moves-report/web:1") + ": {digest: \"" + digest)));

  // One that a person made, with another key.
  kubectl_ok({"delete", "configmap/image-moves", "-n", "pinhook"});
  kubectl_ok(
      {"create", "configmap", "image-moves", "-n", "pinhook", "--from-literal=moves.yaml=", "--from-literal=a=x"});
  const auto moved = push("moves-report/web", "1", "two");
  done = report(own, "pinhook/image-moves");
  EXPECT_EQ(done.exit_code, 0) << done;
  EXPECT_THAT(held(), AllOf(HasSubstr(moved), HasSubstr("before: \"" + digest)));
  EXPECT_EQ(read("pinhook", "configmap/image-moves", "/data/a"), "x");

  for (const char* object : {"pinhook/other", "default/image-moves"}) {
    const auto refused = report(own, object);
    EXPECT_EQ(refused.exit_code, 3) << refused;
    EXPECT_THAT(refused.errors, AllOf(HasSubstr("--moves-configmap: "), HasSubstr("lacks a Role or ClusterRole")));
  }
}

}  // namespace
}  // namespace pinhook::e2e
