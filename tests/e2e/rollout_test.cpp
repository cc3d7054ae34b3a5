// Changes that start rollouts and changes that do not, with the Deployment controller running.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/core.h>

#include <set>

namespace pinhook::e2e {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;

class Rollout : public Cluster {
 protected:
  void create(const std::string& ns, const std::string& object) { kubectl_ok({"create", "-n", ns, "-f", "-"}, object); }
  static bool has_pods(const std::string& ns, std::size_t count) {
    return eventually([&] { return read_all(ns, "pods", in_pod).size() == count; });
  }
  static std::set<std::string> replica_sets(const std::string& ns) {
    const auto all = read_all(ns, "replicasets", "/metadata/uid");
    return {all.begin(), all.end()};
  }
  // The controller has seen the present objects and has nothing left to do.
  static bool is_settled(const std::string& ns) {
    return eventually([&] {
      const auto d = object(ns, "deployment/web");
      return text_at(d, "/metadata/generation") == text_at(d, "/status/observedGeneration") &&
             text_at(d, "/spec/replicas") == text_at(d, "/status/updatedReplicas");
    });
  }
};

TEST_F(Rollout, UndoGivesTheEarlierBytesAfterTheTagMoved) {
  start_pinhook();
  const auto ns = make_namespace("enforce");
  const auto one = push("undo/web", "1", "one");
  const auto two = push("undo/web", "2", "two");
  create(ns, deployment(image("undo/web:1")));
  ASSERT_TRUE(is_settled(ns));
  kubectl_ok({"set", "image", "-n", ns, "deployment/web", "web=" + image("undo/web:2")});
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("undo/web@" + two));
  ASSERT_TRUE(is_settled(ns));
  ASSERT_NE(push("undo/web", "1", "moved"), one);
  kubectl_ok({"rollout", "undo", "-n", ns, "deployment/web"});
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("undo/web@" + one));
  ASSERT_TRUE(is_settled(ns));
  // Neither is the tag written in a manifest again, as when a commit is reverted.
  kubectl_ok({"set", "image", "-n", ns, "deployment/web", "web=" + image("undo/web:2")});
  kubectl_ok({"set", "image", "-n", ns, "deployment/web", "web=" + image("undo/web:1")});
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("undo/web@" + one));
  ASSERT_TRUE(is_settled(ns));
  EXPECT_EQ(replica_sets(ns).size(), 2U);
}

TEST_F(Rollout, RefreshTakesWhatTheTagSaysNow) {
  start_pinhook();
  const auto ns = make_namespace("enforce");
  const auto before = push("refresh/web", "1", "one");
  create(ns, deployment(image("refresh/web:1")));
  ASSERT_EQ(read(ns, "deployment/web", in_template), image("refresh/web@" + before));
  const auto now = push("refresh/web", "1", "moved");
  kubectl_ok({"annotate", "-n", ns, "deployment/web", "pinhook.dev/refresh=today"});
  EXPECT_EQ(read(ns, "deployment/web", in_template), image("refresh/web@" + now));
}

// A Deployment of a namespace that had not opted in yet, and its observed ReplicaSets.
struct earlier {
  std::string ns, mode;
  std::set<std::string> seen{};
};

TEST_F(Rollout, OptingInStartsNoneAndNoReplicaSetIsMadeForEver) {
  auto& pinhook = start_pinhook();
  const auto digest = push("loop/web", "1", "one");
  const auto web = image("loop/web:1");
  const auto pinned = image("loop/web@" + digest);

  // While the registry is down, its Pods and ReplicaSet keep the tag; later objects are pinned.
  const auto during = make_namespace("best-effort");
  set_registry_down(true);
  create(during, deployment(web));
  ASSERT_TRUE(has_pods(during, 1));
  EXPECT_EQ(read(during, "deployment/web", in_template), web);
  EXPECT_THAT(read_all(during, "pods", in_pod), Each(web));
  set_registry_down(false);

  std::vector<earlier> all;
  for (const char* mode : {"enforce", "best-effort", "audit"}) all.push_back({make_namespace(""), mode});
  for (auto& one : all) {
    create(one.ns, deployment(web));
    ASSERT_TRUE(has_pods(one.ns, 1) && is_settled(one.ns));
    one.seen = replica_sets(one.ns);
    ASSERT_EQ(one.seen.size(), 1U);
  }
  for (auto& one : all) {
    opt_in(one.ns, one.mode);
    const auto scaled = kubectl({"patch", "deployment", "web", "-n", one.ns, "-p", R"({"spec":{"replicas":2}})"});
    EXPECT_EQ(scaled.exit_code, 0) << scaled;
    EXPECT_THAT(scaled.errors, HasSubstr("Warning: ")) << one.mode;
    kubectl_ok({"scale", "deployment/web", "-n", one.ns, "--replicas", "3"});
    kubectl_ok({"annotate", "deployment/web", "-n", one.ns, "team=a"});
    ASSERT_TRUE(has_pods(one.ns, 3)) << one.mode;
    ASSERT_TRUE(is_settled(one.ns)) << one.mode;
    EXPECT_EQ(read(one.ns, "deployment/web", in_template), web) << one.mode;
    EXPECT_EQ(replica_sets(one.ns), one.seen) << one.mode << ": that was a rollout";
    // The Pods that were made since are pinned; their ReplicaSet is not.
    if (one.mode != "audit") {
      EXPECT_THAT(read_all(one.ns, "pods", in_pod), Contains(pinned)) << one.mode;
    }
    EXPECT_EQ(read_all(one.ns, "replicasets", in_template), std::vector{web}) << one.mode;
  }
  for (auto& one : all) {
    kubectl_ok({"rollout", "restart", "deployment/web", "-n", one.ns});
    EXPECT_EQ(read(one.ns, "deployment/web", in_template), one.mode == "audit" ? web : pinned) << one.mode;
    ASSERT_TRUE(is_settled(one.ns)) << one.mode;
    one.seen = replica_sets(one.ns);
    EXPECT_EQ(one.seen.size(), 2U) << one.mode;
  }
  kubectl_ok({"delete", "pods", "--all", "-n", during, "--wait=false"});
  ASSERT_TRUE(eventually([&] { return read_all(during, "pods", in_pod) == std::vector{pinned}; }))
      << "the registry is back: a new Pod is pinned";
  all.push_back({during, "best-effort, registry down at first", replica_sets(during)});
  EXPECT_EQ(all.back().seen.size(), 1U);

  // The loop of google/k8s-digester#25 made one each few seconds, for ever.
  const auto still = [&] {
    for (const auto& one : all)
      if (replica_sets(one.ns) != one.seen) return false;
    return true;
  };
  EXPECT_TRUE(always(still, std::chrono::seconds(60), std::chrono::seconds(2)));
  for (const auto& one : all) {
    EXPECT_EQ(replica_sets(one.ns), one.seen) << one.mode;
    EXPECT_EQ(read(one.ns, "deployment/web", "/status/collisionCount"), "") << one.mode;
  }
  EXPECT_TRUE(pinhook.is_running());
}

}  // namespace
}  // namespace pinhook::e2e
