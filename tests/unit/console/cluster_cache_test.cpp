#include <pinhook/console/cluster_cache.hpp>

#include "support/fleet_objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using testing::digest_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::metadata_text;
using ::testing::SizeIs;

std::string deployment(const std::string& ns, const std::string& name, const std::string& image = "nginx") {
  return testing::workload_text(metadata_text(ns, name), {{"web", image}});
}

std::string pod(const std::string& ns, const std::string& name) {
  return testing::pod_text(metadata_text(ns, name), {{"web", "nginx", "docker.io/library/nginx@" + digest_text('a')}});
}

std::string pod_that_runs(const std::string& name, const std::string& image, char digit) {
  return testing::pod_text(metadata_text("shop", name),
                           {{"web", image, "docker.io/library/nginx@" + digest_text(digit)}});
}

std::string ns_text(const std::string& name, const std::string& mode) {
  return R"({"metadata":{"name":")" + name + R"(","labels":{"pinhook.dev/pin":")" + mode + R"("}}})";
}

struct ClusterCache : ::testing::Test {
  const pin::pod_paths paths{{}};
  cluster_cache cache{paths};
  cluster_cache::list& namespaces = cache.add_list({"", "v1", "Namespace", "namespaces"}, "");
  cluster_cache::list& pods = cache.add_list({"", "v1", "Pod", "pods"}, "");
  cluster_cache::list& deployments = cache.add_list({"apps", "v1", "Deployment", "deployments"}, "");

  std::vector<std::string> changed() {
    std::vector<std::string> out;
    for (const auto& one : cache.take_changed(1'000))
      out.push_back(one.name + " " + std::to_string(one.objects.size()) + " " + std::to_string(one.pods.size()) +
                    (one.object ? " " + one.object->pin_label.value_or("-") : ""));
    return out;
  }
};

TEST_F(ClusterCache, GivesWholeNamespacesOnce) {
  namespaces.begin();
  namespaces.take(ns_text("shop", "enforce"));
  namespaces.finish();
  deployments.begin();
  deployments.take(deployment("shop", "web"));
  deployments.take(deployment("lab", "try"));
  deployments.finish();
  pods.take(pod("shop", "web-1"));
  EXPECT_THAT(changed(), ElementsAre("lab 1 0", "shop 1 1 enforce"));
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_EQ(cache.objects(), 3U);
  pods.take(pod("shop", "web-2"));
  EXPECT_THAT(changed(), ElementsAre("shop 1 2 enforce"));
}

TEST_F(ClusterCache, KeepsTheLabelsOfWorkloads) {
  const std::string labels = R"(,"labels":{"app":"web"})";
  const testing::owner_text owner{"apps/v1", "ReplicaSet", "web-5"};
  const auto labels_kept = [&](cluster_cache& of, cluster_cache::list& to_pods, cluster_cache::list& to_deployments) {
    to_deployments.take(testing::workload_text(metadata_text("shop", "web", {}, labels), {{"web", "nginx"}}));
    to_pods.take(testing::pod_text(metadata_text("shop", "alone", {}, labels), {{"web", "nginx", ""}}));
    to_pods.take(testing::pod_text(metadata_text("shop", "web-1", owner, labels), {{"web", "nginx", ""}}));
    std::vector<std::size_t> out;
    for (const auto& one : of.take_changed(10)) {
      for (const auto& object : one.objects) out.push_back(object.labels.size());
      for (const auto& each : one.pods) out.push_back(each.as_object.labels.size());
    }
    return out;
  };
  EXPECT_THAT(labels_kept(cache, pods, deployments), ElementsAre(1, 1, 0));
  cluster_cache whole(paths, true);
  auto& more_pods = whole.add_list(pods.kind(), "");
  auto& more_deployments = whole.add_list(deployments.kind(), "");
  EXPECT_THAT(labels_kept(whole, more_pods, more_deployments), ElementsAre(1, 1, 1));
}

TEST_F(ClusterCache, DropsWhatANewListDoesNotHave) {
  deployments.begin();
  deployments.take(deployment("shop", "web"));
  deployments.take(deployment("lab", "try"));
  deployments.finish();
  pods.take(pod("lab", "try-1"));
  EXPECT_THAT(changed(), SizeIs(2));
  deployments.begin();
  deployments.take(deployment("shop", "web"));
  EXPECT_EQ(cache.objects(), 3U) << "before the end of a list nothing is known to be gone";
  deployments.begin();  // the list was read again
  deployments.take(deployment("shop", "web"));
  deployments.finish();
  // The Pod is of another list.
  EXPECT_THAT(changed(), ElementsAre("lab 0 1", "shop 1 0"));
  EXPECT_EQ(cache.objects(), 2U);
}

TEST_F(ClusterCache, TellsOfANamespaceThatIsGone) {
  namespaces.take(ns_text("shop", "audit"));
  pods.take(pod("shop", "web-1"));
  EXPECT_THAT(changed(), SizeIs(1));
  pods.remove(pod("shop", "web-1"));
  namespaces.remove(ns_text("shop", "audit"));
  EXPECT_THAT(changed(), ElementsAre("shop 0 0"));
  cache.touch("shop");
  EXPECT_THAT(changed(), IsEmpty());
}

// Equal parts of Pods are kept once, which nobody may see: also not when one of them changes or goes.
TEST_F(ClusterCache, GivesEachPodItsOwnContent) {
  const auto running = [this] {
    std::vector<std::string> out;
    for (const auto& one : cache.take_changed(1'000))
      for (const auto& pod : one.pods)
        out.push_back(pod.as_object.id.name + " " + pod.as_object.images.at(0).image + " " +
                      pod.running.at(0).image.digest->to_string().substr(7, 1) + " " + pod.as_object.pulls_as.ns);
    return out;
  };
  for (const char* name : {"1", "2", "3"}) pods.take(pod_that_runs(name, "nginx", 'a'));
  EXPECT_THAT(running(), ElementsAre("1 nginx a shop", "2 nginx a shop", "3 nginx a shop"));
  pods.take(pod_that_runs("2", "nginx:1.2", 'a'));
  pods.take(pod_that_runs("3", "nginx", 'b'));
  EXPECT_THAT(running(), ElementsAre("1 nginx a shop", "2 nginx:1.2 a shop", "3 nginx b shop"));
  pods.remove(pod_that_runs("1", "nginx", 'a'));
  EXPECT_THAT(running(), ElementsAre("2 nginx:1.2 a shop", "3 nginx b shop"));
  pods.take(pod_that_runs("4", "nginx", 'a'));
  EXPECT_THAT(running(), ElementsAre("2 nginx:1.2 a shop", "3 nginx b shop", "4 nginx a shop"));
}

TEST_F(ClusterCache, KeepsARoundSmall) {
  for (const char* ns : {"a", "b", "c"})
    for (const char* name : {"1", "2", "3"}) pods.take(pod(ns, name));
  EXPECT_THAT(cache.take_changed(5), SizeIs(2));
  EXPECT_TRUE(cache.has_changes());
  EXPECT_THAT(cache.take_changed(5), SizeIs(1));
  EXPECT_FALSE(cache.has_changes());
  cache.touch_all();
  EXPECT_THAT(cache.take_changed(100), SizeIs(3));
}

TEST_F(ClusterCache, NamesWhatItCannotRead) {
  pods.take(pod("shop", "web-1"));
  pods.take(R"({"metadata":{"name":"web-1","namespace":"shop"},"spec":{"containers":[{"image":"x"}])");
  pods.take("no object");
  EXPECT_THAT(cache.troubles(), ::testing::Contains(::testing::Field(&trouble::text, HasSubstr("namespace shop"))));
  EXPECT_EQ(cache.objects(), 0U) << "what it was before does not stay as if it still were";
  pods.take(pod("shop", "web-1"));
  EXPECT_THAT(cache.troubles(), ::testing::Each(::testing::Field(&trouble::ns, "")));
}

TEST_F(ClusterCache, TakesALabelForAChangeAndNothingElseOfANamespace) {
  namespaces.take(ns_text("shop", "audit"));
  EXPECT_THAT(changed(), SizeIs(1));
  namespaces.take(ns_text("shop", "audit"));
  EXPECT_THAT(changed(), IsEmpty());
  namespaces.take(ns_text("shop", "enforce"));
  EXPECT_THAT(changed(), SizeIs(1));
}

}  // namespace
}  // namespace pinhook::console
