// The facts in manifests/README.md about server-side apply after other writers, and about unchanged manifests where
// nothing pins any more.
#include "e2e/clients.hpp"

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Ownership : public Clients {
 protected:
  const std::string manifest() { return deployment(web_); }
  const std::vector<std::string> server_side{"apply", "--server-side"};

  void expect_conflict_once(const std::string& with) {
    const auto conflict = run(server_side, manifest());
    EXPECT_EQ(conflict.exit_code, 1) << conflict;
    EXPECT_THAT(conflict.errors, AllOf(HasSubstr("conflict with \"" + with + "\""),
                                       HasSubstr(R"(.spec.template.spec.containers[name="web"].image)")));
    run_ok({"apply", "--server-side", "--force-conflicts"}, manifest());
    for (int i = 0; i < 3; ++i) run_ok(server_side, manifest());
    expect_no_rollout();
  }
  static std::string job(const std::string& image) {
    return named("batch/v1", "Job",
                 R"("spec":{"template":)" + pod_template(image, R"(,"restartPolicy":"Never")") + "}");
  }
};

TEST_F(Ownership, ServerSideApplyAfterClientSideApplyTakesForceConflictsOnce) {
  run_ok({"apply"}, manifest());
  move_tag();
  expect_conflict_once("kubectl-client-side-apply");
}

TEST_F(Ownership, ServerSideApplyAfterCreateTakesForceConflictsOnce) {
  run_ok({"create"}, manifest());
  expect_conflict_once("kubectl-create");
}

TEST_F(Ownership, ServerSideApplyAfterSetImageTakesForceConflictsOnce) {
  run_ok(server_side, manifest());
  run_ok({"set", "image", "deployment/web", "web=" + web_});
  expect_conflict_once("kubectl-set");
}

TEST_F(Ownership, WithoutPinsNobodyConflicts) {
  ns_ = make_namespace("");
  run_ok({"apply"}, manifest());
  run_ok(server_side, manifest());
  run_ok({"set", "image", "deployment/web", "web=" + web_});
  run_ok(server_side, manifest());
}

TEST_F(Ownership, WhereNothingPinsAnUnchangedJobIsRefusedUntilItPinsAgain) {
  run_ok({"apply"}, job(web_) + "\n" + manifest());
  for (const char* label : {"pinhook.dev/pin-", "pinhook.dev/pin=audit"}) {
    kubectl_ok({"label", "namespace", ns_, "--overwrite", label});
    EXPECT_TRUE(eventually([&] { return run({"apply"}, job(web_)).exit_code != 0; })) << label;
    EXPECT_THAT(run({"apply"}, job(web_)).errors, HasSubstr("field is immutable")) << label;
    run_ok({"apply"}, manifest());
    EXPECT_EQ(read(ns_, "deployment/web", in_template), web_) << label;
  }
  kubectl_ok({"label", "namespace", ns_, "--overwrite", "pinhook.dev/pin=best-effort"});
  EXPECT_TRUE(eventually([&] { return run({"apply"}, job(web_)).exit_code == 0; }));
  EXPECT_EQ(read(ns_, "job/web", in_template), pinned_);
  // The other way out: another Job.
  kubectl_ok({"label", "namespace", ns_, "pinhook.dev/pin-"});
  EXPECT_TRUE(eventually([&] { return run({"apply"}, job(web_)).exit_code != 0; }));
  run_ok({"delete", "job", "web", "--cascade=background"});
  run_ok({"apply"}, job(web_));
  EXPECT_EQ(read(ns_, "job/web", in_template), web_);
}

}  // namespace
}  // namespace pinhook::e2e
