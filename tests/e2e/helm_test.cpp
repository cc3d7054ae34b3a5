// Releases of Helm 3 and 4 whose charts have tags.
#include "e2e/clients.hpp"

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Helm : public Clients {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared().plane.program(program_)))
      GTEST_SKIP() << "there is no " << program_ << ": tests/e2e/tools builds it where there is Go";
    Clients::SetUp();
    chart_.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");
    chart_.write("web/values.yaml", "image: \"\"\nreplicas: 1\nnote: none\n");
    chart_.write("web/templates/deployment.yaml", R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {note: "{{ .Values.note }}"}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "{{ .Values.image }}"}]}
)");
  }
  command_result try_helm(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{shared().plane.program(program_), "--kubeconfig", shared().plane.kubeconfig(),
                                     "-n", ns_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const std::string home = chart_.path() / "home";
    return run_command(
        {.command = command,
         .environment = {
             {"HOME", home}, {"HELM_CACHE_HOME", home}, {"HELM_CONFIG_HOME", home}, {"HELM_DATA_HOME", home}}});
  }
  void helm(const std::vector<std::string>& arguments) {
    const auto r = try_helm(arguments);
    EXPECT_EQ(r.exit_code, 0) << program_ << " " << arguments.at(0) << ": " << r;
  }
  std::string chart() const { return chart_.path() / "web"; }
  std::string image_now() { return read(ns_, "deployment/web", in_template); }

  void expect_pins_kept_until_the_tag_changes_and_back() {
    helm({"install", "web", chart(), "--set", "image=" + web_});
    EXPECT_EQ(image_now(), pinned_);
    move_tag();
    helm({"upgrade", "web", chart(), "--set", "image=" + web_ + ",note=other"});
    expect_no_rollout();
    helm({"upgrade", "web", chart(), "--set", "image=" + web_ + ",replicas=2"});
    expect_no_rollout();
    const auto next = push(repository_, "2", "two");
    helm({"upgrade", "web", chart(), "--set", "image=" + image(repository_ + ":2")});
    EXPECT_EQ(image_now(), image(repository_ + "@" + next));
    helm({"rollback", "web", "1"});
    EXPECT_EQ(image_now(), pinned_);
  }

  std::string program_ = "helm";
  testing::temporary_directory chart_;
};

class Helm4 : public Helm {
 protected:
  Helm4() { program_ = "helm4"; }
};

TEST_F(Helm, AnUpgradeOfAnotherValueMovesNoImageAndARollbackGetsTheEarlierBytes) {
  expect_pins_kept_until_the_tag_changes_and_back();
}

TEST_F(Helm4, AnUpgradeConflictsWithNobodyAndARollbackGetsTheEarlierBytes) {
  expect_pins_kept_until_the_tag_changes_and_back();
}

// A writer of the tag over the digest takes the field, although nothing changes in the end.
TEST_F(Helm4, AfterSomebodyElseWroteTheTagForceConflictsOnceIsEnough) {
  const std::vector<std::string> upgrade{"upgrade", "web", chart(), "--set", "image=" + web_};
  helm({"install", "web", chart(), "--set", "image=" + web_});
  run_ok({"set", "image", "deployment/web", "web=" + web_});
  const auto conflict = try_helm(upgrade);
  EXPECT_NE(conflict.exit_code, 0) << conflict;
  EXPECT_THAT(conflict.errors, AllOf(HasSubstr("conflict with \"kubectl-set\""), HasSubstr(".image")));
  auto forced = upgrade;
  forced.emplace_back("--force-conflicts");
  helm(forced);
  helm(upgrade);
  expect_no_rollout();
}

TEST_F(Helm4, TakingOverWhatKubectlAppliedTakesForceConflictsOnce) {
  run_ok({"apply"}, deployment(web_));
  const std::vector<std::string> install{"install", "web", chart(), "--take-ownership", "--set", "image=" + web_};
  const auto conflict = try_helm(install);
  EXPECT_NE(conflict.exit_code, 0) << conflict;
  EXPECT_THAT(conflict.errors, AllOf(HasSubstr("conflict"), HasSubstr("kubectl-client-side-apply")));
  helm({"upgrade", "--install", "web", chart(), "--take-ownership", "--force-conflicts", "--set", "image=" + web_});
  helm({"upgrade", "web", chart(), "--set", "image=" + web_});
  EXPECT_EQ(image_now(), pinned_);
}

}  // namespace
}  // namespace pinhook::e2e
