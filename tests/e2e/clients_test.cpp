// What people do again and again with manifests that say tags: nothing moves, although the tags did.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/format.h>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Clients : public Cluster {
 protected:
  void SetUp() override {
    start_pinhook();
    ns_ = make_namespace("enforce");
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    repository_ = "clients/" + lower(name);
    digest_ = push(repository_, "1", "one");
    web_ = image(repository_ + ":1");
    pinned_ = image(repository_ + "@" + digest_);
  }
  static std::string lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  }
  /// The tag says something else from now on.
  void move_tag() { ASSERT_NE(push(repository_, "1", "moved"), digest_); }

  command_result run(std::vector<std::string> arguments, const std::string& object = {}) {
    arguments.insert(arguments.end(), {"-n", ns_});
    if (!object.empty()) arguments.insert(arguments.end(), {"-f", "-"});
    return kubectl(std::move(arguments), object);
  }
  void run_ok(std::vector<std::string> arguments, const std::string& object = {}) {
    const std::string what = arguments.at(0);
    const auto r = run(std::move(arguments), object);
    EXPECT_EQ(r.exit_code, 0) << what << ": " << r;
  }

  // The first generation, with the first bytes.
  void expect_untouched(const std::string& what = "deployment/web") {
    const auto d = object(ns_, what);
    EXPECT_EQ(text_at(d, in_template), pinned_);
    EXPECT_EQ(text_at(d, "/metadata/generation"), "1");
  }

  // The first bytes, and no rollout. (Of a Deployment also an annotation that changes counts as a generation.)
  void expect_no_rollout() {
    const auto d = object(ns_, "deployment/web");
    EXPECT_EQ(text_at(d, in_template), pinned_);
    EXPECT_TRUE(eventually([&] {
      return read(ns_, "deployment/web", "/status/observedGeneration") == text_at(d, "/metadata/generation");
    }));
    EXPECT_EQ(read_all(ns_, "replicasets", in_template), std::vector{pinned_});
  }

  std::string ns_, repository_, digest_, web_, pinned_;
};

TEST_F(Clients, ApplyAgainChangesNothing) {
  const auto manifest = deployment(web_);
  run_ok({"apply"}, manifest);
  expect_untouched();
  move_tag();
  run_ok({"apply"}, manifest);
  expect_untouched();
  const auto difference = run({"diff"}, manifest);
  EXPECT_EQ(difference.exit_code, 0) << difference;
}

TEST_F(Clients, ServerSideApplyAgainChangesNothingAndConflictsWithNobody) {
  const auto manifest = deployment(web_);
  run_ok({"apply", "--server-side"}, manifest);
  expect_untouched();
  move_tag();
  const auto again = run({"apply", "--server-side"}, manifest);
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.errors, Not(HasSubstr("conflict")));
  expect_untouched();
  const auto difference = run({"diff", "--server-side"}, manifest);
  EXPECT_EQ(difference.exit_code, 0) << difference;
  // What another one wants is its own.
  run_ok({"scale", "deployment/web", "--replicas", "2"});
  EXPECT_EQ(read(ns_, "deployment/web", in_template), pinned_);
}

TEST_F(Clients, ADryRunAnswersAsARealRunAndStoresNothing) {
  const auto manifest = deployment(web_);
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"apply"}, {"create"}, {"apply", "--server-side"}}) {
    auto arguments = verb;
    arguments.insert(arguments.end(), {"--dry-run=server", "-o", "json"});
    const auto r = run(arguments, manifest);
    ASSERT_EQ(r.exit_code, 0) << r;
    const auto answer = json::parse(r.output);
    ASSERT_TRUE(answer) << r;
    EXPECT_EQ(text_at(*answer, in_template), pinned_);
    EXPECT_THAT(text_at(*answer, recorded), HasSubstr(digest_));
    EXPECT_EQ(read(ns_, "deployment/web", "/metadata/name"), "");
  }
  run_ok({"create"}, manifest);
  expect_untouched();
}

TEST_F(Clients, ReplaceKeepsThePins) {
  const auto manifest = deployment(web_);
  run_ok({"create"}, manifest);
  move_tag();
  run_ok({"replace"}, manifest);
  expect_no_rollout();
  EXPECT_THAT(read(ns_, "deployment/web", recorded), HasSubstr(digest_));
}

TEST_F(Clients, AJobIsAppliedAgainThoughItsTemplateIsImmutable) {
  const auto job =
      named("batch/v1", "Job", R"("spec":{"template":)" + pod_template(web_, R"(,"restartPolicy":"Never")") + "}");
  run_ok({"apply"}, job);
  move_tag();
  const auto again = run({"apply"}, job);
  EXPECT_EQ(again.exit_code, 0) << again;
  EXPECT_THAT(again.errors, Not(HasSubstr("immutable")));
  expect_untouched("job/web");
  run_ok({"apply", "--server-side", "--force-conflicts"}, job);
  expect_untouched("job/web");
}

TEST_F(Clients, AnotherTagIsAnotherImage) {
  run_ok({"apply"}, deployment(web_));
  const auto next = push(repository_, "2", "two");
  run_ok({"apply"}, deployment(image(repository_ + ":2")));
  EXPECT_EQ(read(ns_, "deployment/web", in_template), image(repository_ + "@" + next));
  EXPECT_EQ(read(ns_, "deployment/web", "/metadata/generation"), "2");
}

class Helm : public Clients {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared().plane.program("helm")))
      GTEST_SKIP() << "there is no helm: tests/e2e/tools builds it where there is Go";
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
  void helm(std::vector<std::string> arguments) {
    std::vector<std::string> command{shared().plane.program("helm"), "--kubeconfig", shared().plane.kubeconfig(), "-n",
                                     ns_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const std::string home = chart_.path() / "home";
    const auto r = run_command(
        {.command = command,
         .environment = {
             {"HOME", home}, {"HELM_CACHE_HOME", home}, {"HELM_CONFIG_HOME", home}, {"HELM_DATA_HOME", home}}});
    EXPECT_EQ(r.exit_code, 0) << "helm " << arguments.at(0) << ": " << r;
  }
  std::string chart() const { return chart_.path() / "web"; }
  std::string image_now() { return read(ns_, "deployment/web", in_template); }

  testing::temporary_directory chart_;
};

TEST_F(Helm, AnUpgradeOfAnotherValueMovesNoImageAndARollbackGetsTheEarlierBytes) {
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

}  // namespace
}  // namespace pinhook::e2e
