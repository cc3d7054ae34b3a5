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
  h.set(health_state::draining, "told to stop");
  EXPECT_EQ(h.state(), health_state::draining);
  EXPECT_EQ(h.readyz().status, 503U);
  EXPECT_EQ(h.readyz().body, "draining: told to stop\n");
  EXPECT_EQ(h.livez().status, 200U);
}

}  // namespace
}  // namespace pinhook::server
