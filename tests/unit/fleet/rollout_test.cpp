#include <pinhook/fleet/rollout.hpp>

#include "support/fleet_objects.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::fleet {
namespace {

using testing::digest_text;

object_id id_of(const std::string& kind, const std::string& group = "apps") { return {"shop", group, kind, "web"}; }

std::string object_of(const std::string& spec, const std::string& status) {
  return fmt::format(R"({{"metadata":{{"name":"web","generation":4}},"spec":{{{}}},"status":{{{}}}}})", spec, status);
}

TEST(Rollout, IsOfThreeKinds) {
  EXPECT_TRUE(has_rollouts(id_of("Deployment")));
  EXPECT_TRUE(has_rollouts(id_of("StatefulSet")));
  EXPECT_TRUE(has_rollouts(id_of("DaemonSet")));
  EXPECT_FALSE(has_rollouts(id_of("CronJob", "batch")));
  EXPECT_FALSE(has_rollouts(id_of("StatefulSet", "apps.kruise.io")));
}

TEST(Rollout, StartsAsKubectlStartsIt) {
  EXPECT_EQ(restart_patch(wall_time(std::chrono::seconds(1767225600))),
            R"({"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":)"
            R"("2026-01-01T00:00:00Z"}}}}})");
}

struct progress_case {
  std::string kind, spec, status;
  rollout_stage stage;
  std::string detail;
};

TEST(Rollout, IsAsFarAsKubectlSays) {
  using enum rollout_stage;
  const std::vector<progress_case> cases{
      {"Deployment", R"("replicas":3)", R"("observedGeneration":3,"updatedReplicas":3)", waiting,
       "its controller has not seen the change"},
      {"Deployment", R"("replicas":3)", "", waiting, "its controller has not seen the change"},
      {"Deployment", R"("replicas":3)", R"("observedGeneration":4,"updatedReplicas":1)", waiting,
       "1 of 3 Pods updated"},
      {"Deployment", R"("replicas":3)",
       R"("observedGeneration":4,"updatedReplicas":3,"replicas":4,"availableReplicas":4)", waiting,
       "1 Pod of before still there"},
      {"Deployment", R"("replicas":3)",
       R"("observedGeneration":4,"updatedReplicas":3,"replicas":3,"availableReplicas":2)", waiting,
       "2 of 3 Pods ready"},
      {"Deployment", R"("replicas":3)",
       R"("observedGeneration":4,"updatedReplicas":3,"replicas":3,"availableReplicas":3)", done, ""},
      // The API server writes the default; without one it is 1.
      {"Deployment", "", R"("observedGeneration":5)", waiting, "0 of 1 Pod updated"},
      {"Deployment", R"("replicas":0)", R"("observedGeneration":4)", done, ""},
      {"Deployment", R"("replicas":3)",
       R"("observedGeneration":4,"updatedReplicas":1,"conditions":[{"type":"Available","status":"True"},)"
       R"({"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}])",
       failed, "its progress deadline is exceeded"},
      // That condition is of the change before.
      {"Deployment", R"("replicas":3)",
       R"("observedGeneration":3,"conditions":[{"type":"Progressing","reason":"ProgressDeadlineExceeded"}])", waiting,
       "its controller has not seen the change"},
      {"StatefulSet", R"("replicas":3)", R"("observedGeneration":4,"updatedReplicas":2,"readyReplicas":3)", waiting,
       "2 of 3 Pods updated"},
      {"StatefulSet", R"("replicas":3)", R"("observedGeneration":4,"updatedReplicas":3,"readyReplicas":2)", waiting,
       "2 of 3 Pods ready"},
      {"StatefulSet", R"("replicas":3)", R"("observedGeneration":4,"updatedReplicas":3,"readyReplicas":3)", done, ""},
      {"StatefulSet", R"("replicas":3,"updateStrategy":{"rollingUpdate":{"partition":2}})",
       R"("observedGeneration":4,"updatedReplicas":1,"readyReplicas":3)", done, ""},
      {"DaemonSet", "", R"("observedGeneration":4,"desiredNumberScheduled":2,"updatedNumberScheduled":1)", waiting,
       "1 of 2 Pods updated"},
      {"DaemonSet", "",
       R"("observedGeneration":4,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":1)", waiting,
       "1 of 2 Pods ready"},
      {"DaemonSet", "",
       R"("observedGeneration":4,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":2)", done,
       ""}};
  for (const auto& one : cases) {
    const auto text = object_of(one.spec, one.status);
    const auto seen = read_rollout(id_of(one.kind), text);
    ASSERT_TRUE(seen) << text;
    EXPECT_EQ(seen->stage, one.stage) << text;
    EXPECT_EQ(seen->detail, one.detail) << text;
  }
}

TEST(Rollout, RefusesWhatIsNoSuchObject) {
  for (const char* text : {"", "[]", "{}", R"({"spec":[]})", R"({"spec":null,"status":7})"})
    EXPECT_FALSE(read_rollout(id_of("Deployment"), text)) << text;
  EXPECT_FALSE(read_rollout(id_of("Job", "batch"), object_of("", "")));
  // Members of another type are as if they were not there.
  const auto odd =
      read_rollout(id_of("Deployment"), R"({"metadata":[],"spec":{"replicas":"x"},"status":{"conditions":7}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->detail, "0 of 1 Pod updated");
}

workload_adoption adopted(const std::string& kind) {
  image_adoption one{.container = "web", .image = "nginx:1.25", .state = adoption_state::adopted};
  one.digest = registry::digest::parse(digest_text('a')).value();
  return {.id = id_of(kind), .images = {one}};
}

std::string template_of(const std::string& image, const std::string& more = "") {
  return fmt::format(R"({{"metadata":{{"name":"web","namespace":"shop"}},"spec":{{{}"template":{{"spec":{{)"
                     R"("containers":[{{"name":"web","image":"{}"}}]}}}}}}}})",
                     more, image);
}

TEST(Rollout, NeedsTheRecordedDigests) {
  const auto of = adopted("Deployment");
  for (const auto& image : {"nginx@" + digest_text('a'), "nginx:1.25@" + digest_text('a')})
    EXPECT_EQ(rollout_obstacle(of, template_of(image)), std::nullopt) << image;
  for (const auto& image : {std::string("nginx:1.25"), "nginx@" + digest_text('b'), std::string("a b")}) {
    EXPECT_EQ(unpinned_image(of, template_of(image)), image);
    EXPECT_NE(rollout_obstacle(of, template_of(image)).value_or("").find("pinhook.dev/pin=enforce"), std::string::npos);
  }
  EXPECT_TRUE(rollout_obstacle(of, "{"));
}

TEST(Rollout, DoesNotStartWhereNothingWouldHappen) {
  const auto good = "nginx@" + digest_text('a');
  EXPECT_NE(rollout_obstacle(adopted("Deployment"), template_of(good, R"("paused":true,)"))->find("paused"),
            std::string::npos);
  for (const char* kind : {"StatefulSet", "DaemonSet"})
    EXPECT_NE(rollout_obstacle(adopted(kind), template_of(good, R"("updateStrategy":{"type":"OnDelete"},)"))
                  ->find("OnDelete"),
              std::string::npos);
}

}  // namespace
}  // namespace pinhook::fleet
