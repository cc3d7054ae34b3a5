#include <pinhook/fleet/state.hpp>

#include "support/fleet_objects.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::fleet {
namespace {

using testing::container_text;
using testing::digest_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::metadata_text;
using testing::owner_text;
using testing::pod_text_options;

const pin::pod_paths paths;

// Reads objects as a cluster's lists give them.
struct cluster_text {
  explicit cluster_text(label_selector wanted = {}) : builder(std::move(wanted)) {}

  cluster_text& add(const std::string& group, const std::string& kind, const std::string& text) {
    auto read = read_object(text, {group, kind, paths.of(group, kind)}, {.has_labels = true});
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    if (read) builder.take(std::move(*read));
    return *this;
  }
  cluster_text& pod(const std::string& name, const owner_text& owner, const std::vector<container_text>& containers,
                    const pod_text_options& options = {}, const std::string& more = "") {
    auto read = read_pod(testing::pod_text(metadata_text("shop", name, owner, more), containers, options),
                         {"", "Pod", paths.of("", "Pod")}, {.has_labels = true});
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    if (read) builder.take(std::move(*read));
    return *this;
  }
  cluster_text& deployment(const std::string& name, const std::vector<container_text>& containers,
                           const std::string& more = "") {
    add("apps", "Deployment", testing::workload_text(metadata_text("shop", name, {}, more), containers));
    return add("apps", "ReplicaSet",
               testing::workload_text(metadata_text("shop", name + "-1", {"apps/v1", "Deployment", name}), containers));
  }
  state done() { return std::move(builder).finish(); }

  state_builder builder;
};

owner_text set_of(const std::string& deployment) { return {"apps/v1", "ReplicaSet", deployment + "-1"}; }

// "Deployment/web web nginx:1.25 = a×2(1 ready) b×1(0 ready), 0 unknown of 3"
std::vector<std::string> lines_of(const state& all) {
  std::vector<std::string> out;
  for (const workload& w : all.workloads)
    for (const image_use& use : w.images) {
      std::string running;
      for (const auto& one : use.running)
        running += fmt::format(" {}x{}/{}", one.digest.hex().substr(0, 1), one.pods, one.ready);
      out.push_back(fmt::format("{} {} {} ={} ?{} of {}{}", w.id.to_string(), use.written.container, use.written.image,
                                running, use.unknown, use.pods, use.is_in_workload ? "" : " extra"));
    }
  return out;
}

TEST(FleetState, CountsPodsWithTheOwnerAtTheTop) {
  cluster_text c;
  c.deployment("web", {{"web", "nginx:1.25"}});
  c.pod("web-a", set_of("web"), {{"web", "nginx:1.25", "nginx@" + digest_text('a')}});
  c.pod("web-b", set_of("web"), {{"web", "nginx:1.25", "nginx@" + digest_text('a')}}, {.is_ready = false});
  c.pod("web-c", set_of("web"), {{"web", "nginx:1.25", "nginx@" + digest_text('b')}});
  c.add("batch", "CronJob", testing::cron_job_text(metadata_text("shop", "tidy"), {{"tidy", "busybox"}}));
  c.add(
      "batch", "Job",
      testing::workload_text(metadata_text("shop", "tidy-1", {"batch/v1", "CronJob", "tidy"}), {{"tidy", "busybox"}}));
  c.pod("tidy-1-a", {"batch/v1", "Job", "tidy-1"}, {{"tidy", "busybox", "busybox@" + digest_text('c')}});
  const state all = c.done();
  EXPECT_THAT(lines_of(all), ElementsAre("Deployment/web web nginx:1.25 = ax2/1 bx1/1 ?0 of 3",
                                         "CronJob/tidy tidy busybox = cx1/1 ?0 of 1"));
  EXPECT_EQ(all.workloads[0].pods, 3U);
  EXPECT_EQ(all.workloads[0].ready, 2U);
}

TEST(FleetState, FindsTheTopOfEveryChain) {
  struct row {
    std::string name;
    std::vector<std::string> lines;
    void (*fill)(cluster_text&);
  };
  const container_text runs{"c", "nginx", "nginx@" + digest_text('a')};
  static const std::vector<container_text> one{runs};
  const row rows[] = {
      {"a bare Pod", {"Pod/p c nginx = ax1/1 ?0 of 1"}, [](cluster_text& c) { c.pod("p", {}, one); }},
      {"an owner of a kind that is not listed",
       {"Shop/s c nginx = ax1/1 ?0 of 1 extra"},
       [](cluster_text& c) { c.pod("p", {"example.com/v1", "Shop", "s"}, one); }},
      {"a ReplicaSet whose owner was not read",
       {"Rollout/r c nginx = ax1/1 ?0 of 1 extra"},
       [](cluster_text& c) {
         c.add("apps", "ReplicaSet",
               testing::workload_text(metadata_text("shop", "r-1", {"argoproj.io/v1alpha1", "Rollout", "r"}), one));
         c.pod("p", {"apps/v1", "ReplicaSet", "r-1"}, one);
       }},
      {"a Rollout that was read",
       {"Rollout/r c nginx = ax1/1 ?0 of 1"},
       [](cluster_text& c) {
         c.add("argoproj.io", "Rollout", testing::workload_text(metadata_text("shop", "r"), one));
         c.add("apps", "ReplicaSet",
               testing::workload_text(metadata_text("shop", "r-1", {"argoproj.io/v1alpha1", "Rollout", "r"}), one));
         c.pod("p", {"apps/v1", "ReplicaSet", "r-1"}, one);
       }},
      {"an operator's StatefulSet",
       {"StatefulSet/db c nginx = ax1/1 ?0 of 1"},
       [](cluster_text& c) {
         c.add("apps", "StatefulSet",
               testing::workload_text(metadata_text("shop", "db", {"example.com/v1", "Database", "d"}), one));
         c.pod("p", {"apps/v1", "StatefulSet", "db"}, one);
       }},
      {"an operator's StatefulSet without Pods",
       {"StatefulSet/db c nginx = ?0 of 0"},
       [](cluster_text& c) {
         c.add("apps", "StatefulSet",
               testing::workload_text(metadata_text("shop", "db", {"example.com/v1", "Database", "d"}), one));
       }},
      {"a ReplicaSet of its own",
       {"ReplicaSet/alone c nginx = ax1/1 ?0 of 1"},
       [](cluster_text& c) {
         c.add("apps", "ReplicaSet", testing::workload_text(metadata_text("shop", "alone"), one));
         c.pod("p", {"apps/v1", "ReplicaSet", "alone"}, one);
       }},
      {"owners in a circle", {}, [](cluster_text& c) {
         c.add("apps", "StatefulSet",
               testing::workload_text(metadata_text("shop", "a", {"apps/v1", "StatefulSet", "b"}), one));
         c.add("apps", "StatefulSet",
               testing::workload_text(metadata_text("shop", "b", {"apps/v1", "StatefulSet", "a"}), one));
       }}};
  for (const row& r : rows) {
    cluster_text c;
    r.fill(c);
    const auto lines = lines_of(c.done());
    if (r.lines.empty()) continue;  // it ends
    EXPECT_EQ(lines, r.lines) << r.name;
  }
}

TEST(FleetState, TellsWhichImageEachPodRuns) {
  cluster_text c;
  c.deployment("web", {{"web", "nginx:1.25"}});
  const std::string pinned = "nginx@" + digest_text('a');
  // Pinned as a Pod by the webhook, with and without its tag.
  c.pod("a", set_of("web"), {{"web", pinned, pinned}});
  c.pod("b", set_of("web"), {{"web", "nginx:1.25@" + digest_text('a'), pinned}});
  // A sidecar that another webhook adds; an image of the revision before.
  c.pod("c", set_of("web"), {{"web", "nginx:1.24", "nginx@" + digest_text('b')}, {"proxy", "proxy:1", "sha256:1"}});
  // Has not started; has no status yet; ran and ended.
  c.pod("d", set_of("web"), {{"web", "nginx:1.25", ""}}, {.is_ready = false});
  c.pod("e", set_of("web"), {{"web", "nginx:1.25"}}, {.is_ready = false});
  c.pod("f", set_of("web"), {{"web", "nginx:1.25", "nginx@" + digest_text('c')}}, {.phase = "Failed"});
  const state all = c.done();
  EXPECT_THAT(lines_of(all), ElementsAre("Deployment/web web nginx:1.25 = ax2/2 ?0 of 4",
                                         "Deployment/web web nginx:1.24 = bx1/1 ?0 of 1 extra",
                                         "Deployment/web proxy proxy:1 = ?1 of 1 extra"));
  EXPECT_EQ(all.workloads[0].images[0].pinned_pods, 2U);
}

TEST(FleetState, DoesNotTakeAnotherImageForAPin) {
  for (const std::string& image :
       {"httpd@" + digest_text('a'), "nginx:1.24@" + digest_text('a'), std::string("nginx:1.24")}) {
    cluster_text c;
    c.deployment("web", {{"web", "nginx:1.25"}});
    c.pod("a", set_of("web"), {{"web", image, "x@" + digest_text('a')}});
    EXPECT_EQ(c.done().workloads.front().images.size(), 2U) << image;
  }
}

TEST(FleetState, KeepsTheWorkloadsOfASelectorWithTheirPods) {
  cluster_text c(*label_selector::parse("team=a"));
  c.deployment("web", {{"web", "nginx"}}, R"(,"labels":{"team":"a"})");
  c.pod("web-a", set_of("web"), {{"web", "nginx", "nginx@" + digest_text('a')}});
  c.deployment("api", {{"api", "httpd"}});
  c.pod("api-a", set_of("api"), {{"api", "httpd", "httpd@" + digest_text('b')}}, {}, R"(,"labels":{"team":"a"})");
  c.pod("bare", {}, {{"x", "busybox"}}, {}, R"(,"labels":{"team":"a"})");
  c.pod("other", {}, {{"x", "busybox"}});
  EXPECT_THAT(lines_of(c.done()),
              ElementsAre("Pod/bare x busybox = ?0 of 1", "Deployment/web web nginx = ax1/1 ?0 of 1"));
}

TEST(FleetState, KnowsTheModeOfEachNamespace) {
  cluster_text c;
  c.deployment("web", {{"web", "nginx"}});
  c.builder.take(namespace_object{"a", "enforce"});
  c.builder.take(namespace_object{"b", "nonsense"});
  c.builder.take(namespace_object{"c", std::nullopt});
  c.builder.take_unread_namespace("d");
  const state all = c.done();
  EXPECT_EQ(all.namespaces.at("a").mode(), pin::mode::enforce);
  EXPECT_EQ(all.namespaces.at("b").mode(), std::nullopt);
  EXPECT_EQ(all.namespaces.at("c").mode(), std::nullopt);
  EXPECT_TRUE(all.namespaces.at("c").was_read);
  EXPECT_FALSE(all.namespaces.at("d").was_read);
  EXPECT_FALSE(all.namespaces.at("shop").was_read);
}

TEST(FleetState, IsEmptyForAnEmptyCluster) { EXPECT_THAT(cluster_text().done().workloads, IsEmpty()); }

}  // namespace
}  // namespace pinhook::fleet
