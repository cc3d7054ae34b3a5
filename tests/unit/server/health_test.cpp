#include <pinhook/server/health.hpp>

#include <gtest/gtest.h>

namespace pinhook::server {
namespace {

TEST(Health, IsNotReadyBeforeTheStart) {
  const health h;
  EXPECT_EQ(h.livez().status, 200U);
  EXPECT_EQ(h.readyz().status, 503U);
  EXPECT_EQ(h.readyz().body, "starting: the server has not started yet\n");
}

TEST(Health, ReadyThenDraining) {
  health h;
  h.set(health_state::ready);
  EXPECT_EQ(h.readyz().status, 200U);
  EXPECT_EQ(h.readyz().body, "ready\n");
  h.set(health_state::draining, "asked to stop");
  EXPECT_EQ(h.state(), health_state::draining);
  EXPECT_EQ(h.readyz().status, 503U);
  EXPECT_EQ(h.readyz().body, "draining: asked to stop\n");
  EXPECT_EQ(h.livez().status, 200U);
}

TEST(Health, MayBecomeReadyAndNotReadyAgain) {
  health h;
  for (int i = 0; i < 2; ++i) {
    h.set(health_state::not_ready, "no API server trusts it");
    EXPECT_EQ(h.readyz().status, 503U);
    EXPECT_EQ(h.readyz().body, "not ready: no API server trusts it\n");
    h.set(health_state::ready);
    EXPECT_EQ(h.readyz().body, "ready\n");
  }
}

TEST(Health, ShowsItsNotesWhenAskedForMore) {
  health h;
  h.set(health_state::ready);
  h.note("callers", "not verified");
  h.note("b", "x");
  EXPECT_EQ(h.readyz().body, "ready\n");
  EXPECT_EQ(h.readyz(true).body, "ready\nb: x\ncallers: not verified\n");
  h.note("callers", "verified");
  h.note("b", "");
  h.set(health_state::not_ready, "why");
  EXPECT_EQ(h.readyz(true).body, "not ready: why\ncallers: verified\n");
  EXPECT_EQ(h.readyz(true).status, 503U);
}

TEST(Health, IsNotAliveWhileFilesHang) {
  health h;
  h.set(health_state::ready);
  h.set_stalled("configuration", true);
  h.set_stalled("certificate", true);
  EXPECT_EQ(h.livez().status, 503U);
  EXPECT_EQ(h.livez().body,
            "reading certificate does not come back: its volume hangs\n"
            "reading configuration does not come back: its volume hangs\n");
  EXPECT_EQ(h.readyz().status, 200U) << "it serves with the files that it has";
  h.set_stalled("configuration", false);
  h.set_stalled("configuration", false);
  EXPECT_EQ(h.livez().status, 503U);
  h.set_stalled("certificate", false);
  EXPECT_EQ(h.livez().body, "alive\n");
}

TEST(Health, IsNotAliveWhileReadsForLookUpsAreOverdue) {
  health h;
  h.set(health_state::ready);
  EXPECT_EQ(h.livez(0).body, "alive\n");
  EXPECT_EQ(h.livez(2).status, 503U);
  EXPECT_EQ(h.livez(2).body, "reading files for look-ups does not come back (reads: 2): their volume hangs\n");
  h.set_stalled("certificate", true);
  EXPECT_EQ(h.livez(1).body,
            "reading certificate does not come back: its volume hangs\n"
            "reading files for look-ups does not come back (reads: 1): their volume hangs\n");
  EXPECT_EQ(h.readyz().status, 200U);
}

TEST(Health, NothingComesAfterDraining) {
  health h;
  h.set(health_state::draining, "asked to stop");
  for (const auto s : {health_state::ready, health_state::not_ready, health_state::starting}) {
    h.set(s);
    EXPECT_EQ(h.readyz().body, "draining: asked to stop\n");
  }
}

TEST(Health, IsNotReadyWhileItWaitsForSomething) {
  health h;
  h.wait_for("mirrors", "they were not read yet");
  EXPECT_EQ(h.readyz().body, "starting: the server has not started yet\n");
  h.set(health_state::ready);
  EXPECT_EQ(h.readyz().status, 503U);
  EXPECT_EQ(h.readyz().body, "not ready: they were not read yet\n");
  EXPECT_EQ(h.state(), health_state::not_ready);
  h.wait_for("mirrors", "");
  EXPECT_EQ(h.readyz().status, 200U);
  EXPECT_EQ(h.state(), health_state::ready);
}

}  // namespace
}  // namespace pinhook::server
