// Rollouts one after the other, against the tests' API server; time passes only in the waits, which script the server.
#include <pinhook/access/restart_workloads.hpp>

#include "support/api_server_session.hpp"
#include "support/certificates.hpp"
#include "support/fake_api_server.hpp"
#include "support/fleet_objects.hpp"

#include <pinhook/fleet/adoption_report.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace pinhook::access {
namespace {

using fleet::adoption_state;
using fleet::rollout_state;
using ::testing::AllOf;
using testing::digest_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The machine's time, and what the waits have added.
struct ahead_clock final : clock {
  std::chrono::nanoseconds ahead{0};
  [[nodiscard]] steady_time now() const override { return machine_clock().now() + ahead; }
  [[nodiscard]] wall_time wall() const override { return wall_time(std::chrono::seconds(1767225600)); }
};

struct RestartWorkloads : ::testing::Test {
  testing::temporary_directory files;
  testing::fake_api_server server;
  ahead_clock time;
  /// What happens in each wait, in their order.
  std::vector<std::function<void()>> waits;
  std::size_t waited = 0;
  std::vector<std::string> lines;

  static std::string path(const std::string& name, const std::string& resource = "deployments") {
    return "/apis/apps/v1/namespaces/shop/" + resource + "/" + name;
  }
  static std::string write_of(const std::string& name) { return path(name) + "?fieldManager=kubectl-rollout"; }
  static std::string trial_of(const std::string& name) { return write_of(name) + "&dryRun=All"; }

  static std::string object(const std::string& name, const std::string& image, int available) {
    return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"shop","generation":2}},"spec":{{"replicas":2,)"
                       R"("template":{{"spec":{{"containers":[{{"name":"web","image":"{}"}}]}}}}}},"status":{{)"
                       R"("observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":{}}}}})",
                       name, image, available);
  }
  static std::string pinned() { return "nginx@" + digest_text('a'); }
  void serve(const std::string& name, int available, const std::string& image = pinned()) {
    for (const auto& one : {path(name), write_of(name), trial_of(name)})
      server.fail(one, 200, object(name, image, available));
  }

  static fleet::workload_adoption adopted(const std::string& name, const std::string& kind = "Deployment",
                                          adoption_state state = adoption_state::adopted) {
    fleet::image_adoption one{.container = "web", .image = "nginx:1.25", .state = state};
    one.digest = registry::digest::parse(digest_text('a')).value();
    return {.id = {"shop", "apps", kind, name}, .images = {one}};
  }

  std::vector<fleet::workload_adoption> restart(std::vector<fleet::workload_adoption> plan) {
    testing::api_server_session to(server, files.path());
    restart_request request{.plan = std::move(plan), .timeout = std::chrono::minutes(5)};
    request.on_progress = [this](const fleet::workload_adoption& one) { lines.push_back(fleet::rollout_line(one)); };
    restart_seams seams{.time = &time, .waits = {}};
    seams.waits.sleep = [this](std::chrono::nanoseconds span) -> awaitable<void> {
      time.ahead += span;
      if (waited < waits.size()) waits[waited]();
      ++waited;
      co_return;
    };
    return to.run(restart_workloads(to.connection(), std::move(request), std::move(seams)));
  }

  std::vector<std::string> writes() const {
    std::vector<std::string> out;
    for (const auto& one : server.requests())
      if (one.method == "PATCH") out.push_back(one.path);
    return out;
  }
};

TEST_F(RestartWorkloads, WaitsForEachBeforeTheNext) {
  serve("a", 0);
  serve("b", 2);
  waits = {[&] { EXPECT_THAT(writes(), ElementsAre(trial_of("a"), write_of("a"))); },
           [&] { server.fail(path("a"), 200, object("a", pinned(), 2)); }};
  const auto done = restart({adopted("a"), adopted("b", "Deployment", adoption_state::current)});
  EXPECT_EQ(waited, 2U);
  EXPECT_THAT(writes(), ElementsAre(trial_of("a"), write_of("a"), trial_of("b"), write_of("b")));
  for (const auto& one : done) EXPECT_EQ(one.rollout->state, rollout_state::ready) << one.id.name;
  EXPECT_THAT(lines, ElementsAre("shop Deployment/a: restarted, waiting for its Pods",
                                 "shop Deployment/a: restarted, its Pods are ready",
                                 "shop Deployment/b: restarted, waiting for its Pods",
                                 "shop Deployment/b: restarted, its Pods are ready"));
  EXPECT_EQ(fleet::rollout_summary(done), "restarted 2 workloads");
  EXPECT_THAT(server.requests()[1].body, HasSubstr(R"("kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z")"));
}

TEST_F(RestartWorkloads, StopsAtTheFirstThatDoesNotBecomeReady) {
  serve("a", 1);
  serve("b", 2);
  const auto done = restart({adopted("a"), adopted("b")});
  EXPECT_EQ(done[0].rollout->state, rollout_state::failed);
  EXPECT_THAT(done[0].rollout->reason,
              AllOf(HasSubstr("1 of 2 Pods ready after 5m"), HasSubstr("kubectl -n shop describe deployment/a")));
  EXPECT_EQ(done[1].rollout->state, rollout_state::not_started);
  EXPECT_THAT(writes(), ElementsAre(trial_of("a"), write_of("a")));
  EXPECT_EQ(fleet::rollout_summary(done), "nothing restarted; 1 did not become ready; 1 not started");
}

TEST_F(RestartWorkloads, AnApiServerThatIsAwayWhileItWaitsComesBack) {
  serve("a", 0);
  waits = {[&] { server.fail(path("a"), 500, "{}"); }, [&] { serve("a", 2); }};
  EXPECT_EQ(restart({adopted("a")})[0].rollout->state, rollout_state::ready);
  EXPECT_EQ(waited, 2U);
}

TEST_F(RestartWorkloads, AWorkloadThatIsDeletedWhileItWaitsHasFailed) {
  serve("a", 0);
  waits = {[&] { server.fail(path("a"), 404, R"({"kind":"Status","message":"deployments.apps \"a\" not found"})"); }};
  const auto done = restart({adopted("a")});
  EXPECT_EQ(done[0].rollout->state, rollout_state::failed);
  EXPECT_THAT(done[0].rollout->reason, HasSubstr("not found"));
}

// Nobody pins in its namespace: a restart would take what the tag says now.
TEST_F(RestartWorkloads, LeavesWhatWouldNotBePinned) {
  serve("a", 2, "nginx:1.25");
  serve("b", 2);
  const auto done = restart({adopted("a"), adopted("b")});
  EXPECT_EQ(done[0].rollout->state, rollout_state::left);
  EXPECT_THAT(done[0].rollout->reason, AllOf(HasSubstr("nginx:1.25"), HasSubstr("pinhook.dev/pin=enforce")));
  EXPECT_EQ(done[1].rollout->state, rollout_state::ready);
  EXPECT_THAT(writes(), ElementsAre(trial_of("a"), trial_of("b"), write_of("b")));
}

TEST_F(RestartWorkloads, SaysWhenTheWebhookWentAwayBetweenTrialAndWrite) {
  serve("a", 2);
  server.fail(write_of("a"), 200, object("a", "nginx:1.25", 2));
  const auto done = restart({adopted("a"), adopted("b")});
  EXPECT_EQ(done[0].rollout->state, rollout_state::failed);
  EXPECT_THAT(done[0].rollout->reason, HasSubstr("restarted with \"nginx:1.25\""));
  EXPECT_EQ(done[1].rollout->state, rollout_state::not_started);
}

TEST_F(RestartWorkloads, LeavesOtherKindsAndWhatIsNotRecordedWhole) {
  auto partly = adopted("a");
  partly.images.push_back({.container = "db", .image = "redis:7"});
  partly.images.back().leave("mixed");
  const auto done = restart({adopted("blue", "Rollout"), partly, adopted("c", "Deployment", adoption_state::left)});
  EXPECT_EQ(done[0].rollout->state, rollout_state::left);
  EXPECT_THAT(done[0].rollout->reason, HasSubstr("Deployments, StatefulSets and DaemonSets"));
  EXPECT_EQ(done[1].rollout->state, rollout_state::left);
  EXPECT_THAT(done[1].rollout->reason, HasSubstr("is not recorded"));
  EXPECT_FALSE(done[2].rollout);
  EXPECT_THAT(writes(), IsEmpty());
}

TEST_F(RestartWorkloads, LeavesWhatItMayNotPatchAndEndsWithoutCredentials) {
  server.fail(trial_of("a"), 403, R"({"kind":"Status","message":"forbidden"})");
  serve("b", 2);
  server.fail(trial_of("c"), 401, "{}");
  const auto done = restart({adopted("a"), adopted("b"), adopted("c"), adopted("d")});
  EXPECT_EQ(done[0].rollout->state, rollout_state::left);
  EXPECT_THAT(done[0].rollout->reason, HasSubstr("patch"));
  EXPECT_EQ(done[1].rollout->state, rollout_state::ready);
  EXPECT_EQ(done[2].rollout->state, rollout_state::left);
  EXPECT_EQ(done[3].rollout->state, rollout_state::not_started);
}

}  // namespace
}  // namespace pinhook::access
