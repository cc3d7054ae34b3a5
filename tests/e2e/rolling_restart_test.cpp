// Replicas are replaced one after the other, as a Deployment's rollout and a node drain do it, and no request is lost.
#include "e2e/cluster.hpp"
#include "e2e/load.hpp"

#include <signal.h>

#include <deque>

namespace pinhook::e2e {
namespace {

class RollingRestart : public Cluster {
 protected:
  // As in a cluster: a replica that ends takes connections for as long as some still lead to it.
  replica& start() { return start_pinhook({.settings = {{"SHUTDOWN_DELAY", "1s"}}}); }
};

TEST_F(RollingRestart, OfTwoReplicasUnderLoadLosesNoAdmission) {
  std::deque<replica*> replicas{&start(), &start()};
  push("rolling/web", "1", "rolling");
  const auto ns = make_namespace("enforce");
  load running(shared().plane, {.ns = ns, .image = image("rolling/web:1"), .clients = 6});
  ASSERT_TRUE(running.wait_for_more(60));
  for (int i = 0; i < 4; ++i) {
    replicas.push_back(&start());
    ASSERT_TRUE(running.wait_for_more(30));
    replica& oldest = *replicas.front();
    replicas.pop_front();
    EXPECT_EQ(stop_pinhook(oldest, SIGTERM), 0) << oldest.log();
    ASSERT_TRUE(running.wait_for_more(30));
  }
  const auto r = running.stop();
  EXPECT_EQ(r.pinned, r.all()) << r;
  // All of them took part: connections move from a replica that ends to those that stay.
  for (auto* one : replicas) EXPECT_GT(one->metric("pinhook_http_responses_total", "listener=\"webhook\""), 0);
}

}  // namespace
}  // namespace pinhook::e2e
