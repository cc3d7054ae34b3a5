// The API server while pinhook is down: it follows the failurePolicy of each entry, and affects no namespace that has
// not opted in.
#include "e2e/cluster.hpp"
#include "e2e/load.hpp"

#include <fmt/core.h>
#include <signal.h>

#include <future>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;

class WebhookDown : public Cluster {
 protected:
  static std::string pinned() {
    static const std::string one = image("down/web@" + push("down/web", "1", "down"));
    return one;
  }
  static std::string by_tag() {
    pinned();
    return image("down/web:1");
  }
  static command_result create(const std::string& ns, const std::string& name) {
    return kubectl({"create", "deployment", name, "-n", ns, "--image", by_tag()});
  }
  static std::string image_of(const std::string& ns, const std::string& name) {
    return read(ns, "deployment/" + name, "/spec/template/spec/containers/0/image");
  }
};

TEST_F(WebhookDown, EnforceFailsClosedAndTheMessageNamesTheEntry) {
  const auto ns = make_namespace("enforce");
  for (const auto& r : {create(ns, "web"), kubectl({"run", "web", "-n", ns, "--image", by_tag()})}) {
    EXPECT_NE(r.exit_code, 0);
    EXPECT_THAT(r.errors, HasSubstr("failed calling webhook \"enforce.pinhook.dev\""));
  }
  EXPECT_EQ(read_all(ns, "deployments,pods", "/metadata/name").size(), 0U);
}

TEST_F(WebhookDown, BestEffortAndAuditLetPass) {
  for (const char* mode : {"best-effort", "audit"}) {
    const auto ns = make_namespace(mode);
    const auto r = create(ns, "web");
    EXPECT_EQ(r.exit_code, 0) << mode << ": " << r;
    EXPECT_EQ(image_of(ns, "web"), by_tag()) << mode;
  }
}

TEST_F(WebhookDown, NamespacesThatDidNotOptInAreNotTouched) {
  const auto ns = make_namespace("");
  const auto r = create(ns, "web");
  EXPECT_EQ(r.exit_code, 0) << r;
  EXPECT_EQ(image_of(ns, "web"), by_tag());
  // Not even by a label.
  for (const char* excluded : {"kube-system", "kube-public", "kube-node-lease", "pinhook"}) {
    kubectl_ok({"label", "namespace", excluded, "pinhook.dev/pin=enforce", "--overwrite"});
    const auto there =
        kubectl({"create", "deployment", "web", "-n", excluded, "--image", by_tag(), "--dry-run=server", "-o", "name"});
    EXPECT_EQ(there.exit_code, 0) << excluded << ": " << there;
    kubectl_ok({"label", "namespace", excluded, "pinhook.dev/pin-"});
  }
}

TEST_F(WebhookDown, PodsThatArePinnedAreNotSent) {
  auto& one = start_pinhook();
  const auto ns = make_namespace("enforce");
  ASSERT_EQ(create(ns, "web").exit_code, 0);
  ASSERT_EQ(image_of(ns, "web"), pinned());
  ASSERT_TRUE(eventually([&] { return read_all(ns, "pods", "/metadata/name").size() == 1; }));
  stop_pinhook(one);

  kubectl_ok({"run", "alone", "-n", ns, "--image", pinned()});
  kubectl_ok({"label", "pod", "alone", "-n", ns, "a=b"});
  // A node goes, an autoscaler wants more: neither needs pinhook.
  kubectl_ok({"scale", "deployment", "web", "-n", ns, "--replicas=3"});
  kubectl_ok({"delete", "pod", "-n", ns, "-l", "app=web", "--wait=false", "--grace-period=0", "--force"});
  EXPECT_TRUE(eventually([&] { return read_all(ns, "pods", "/metadata/name").size() == 4; }));
  EXPECT_THAT(read_all(ns, "pods", "/spec/containers/0/image"), ::testing::Each(pinned()));
  kubectl_ok({"delete", "deployment", "web", "-n", ns});
}

TEST_F(WebhookDown, WhatHangsIsWaitedForOnceAndThenAsWhenItIsDown) {
  auto& one = start_pinhook();
  const auto enforce = make_namespace("enforce");
  const auto best_effort = make_namespace("best-effort");
  // Through a connection that is there: the relay takes a replica that says nothing out.
  ASSERT_EQ(create(enforce, "before").exit_code, 0);
  one.send(SIGSTOP);
  auto denied = std::async(std::launch::async, [&] { return create(enforce, "web"); });
  auto passed = std::async(std::launch::async, [&] { return create(best_effort, "web"); });
  const auto d = denied.get();
  const auto p = passed.get();
  one.send(SIGCONT);
  EXPECT_NE(d.exit_code, 0);
  EXPECT_THAT(d.errors, HasSubstr("failed calling webhook \"enforce.pinhook.dev\""));
  EXPECT_EQ(p.exit_code, 0) << p;
  EXPECT_EQ(image_of(best_effort, "web"), by_tag());
  EXPECT_TRUE(eventually([&] { return create(enforce, "web").exit_code == 0; })) << "it goes on, and is not used";
  EXPECT_EQ(image_of(enforce, "web"), pinned());
}

TEST_F(WebhookDown, KilledUnderLoadEachModeAnswersAsItSaysAndComesBack) {
  auto& one = start_pinhook();
  const auto& plane = shared().plane;
  const auto web = by_tag();
  load enforce(plane, {.ns = make_namespace("enforce"), .image = web, .clients = 2});
  load best_effort(plane, {.ns = make_namespace("best-effort"), .image = web, .clients = 2});
  load audit(plane, {.ns = make_namespace("audit"), .image = web, .clients = 2});
  load nobodys(plane, {.ns = make_namespace(""), .image = web, .clients = 1});
  const std::vector<load*> all{&enforce, &best_effort, &audit, &nobodys};
  for (auto* l : all) ASSERT_TRUE(l->wait_for_more(30));
  for (auto* l : {&enforce, &best_effort}) {
    const auto before = l->take();
    EXPECT_EQ(before.pinned, before.all()) << before;
  }
  const auto audited = audit.take();
  EXPECT_EQ(audited.unpinned, audited.all()) << audited;

  EXPECT_EQ(stop_pinhook(one, SIGKILL), 128 + SIGKILL);
  for (auto* l : all) ASSERT_TRUE(l->wait_for_more(30));
  const auto closed = enforce.take();
  EXPECT_EQ(closed.unpinned, 0) << closed;
  EXPECT_GT(closed.refused, 0) << closed;
  EXPECT_THAT(closed.first_refusal, HasSubstr("failed calling webhook \"enforce.pinhook.dev\""));
  const auto open = best_effort.take();
  EXPECT_EQ(open.refused + open.unanswered, 0) << open;
  EXPECT_GT(open.unpinned, 0) << open;

  start_pinhook();
  // Each client's last request from before is answered by then.
  for (auto* l : all) ASSERT_TRUE(l->wait_for_more(4));
  for (auto* l : {&enforce, &best_effort}) {
    l->take();
    ASSERT_TRUE(l->wait_for_more(30));
    const auto after = l->stop();
    EXPECT_EQ(after.pinned, after.all()) << after;
  }
  for (auto* l : {&audit, &nobodys}) {
    const auto throughout = l->stop();
    EXPECT_EQ(throughout.unpinned, throughout.all()) << throughout;
  }
}

}  // namespace
}  // namespace pinhook::e2e
