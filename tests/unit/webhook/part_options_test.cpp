#include <pinhook/webhook/part_options.hpp>

#include <gtest/gtest.h>

namespace pinhook::webhook {
namespace {

using namespace std::chrono_literals;

TEST(PartOptions, ThreadsAreTheSettingsOrTheCores) {
  config::settings s;
  s.threads = 3;
  EXPECT_EQ(thread_count(s), 3U);
  s.threads = 0;
  EXPECT_GE(thread_count(s), 1U);
}

TEST(PartOptions, TheGateHasRoomForOneRegistryAtLeast) {
  config::settings s;
  s.cache.capacity = 17;
  s.resolver.host_concurrency = 5;
  resolve::resolver_options base;
  base.gate.requests = 2;
  EXPECT_EQ(resolver_options(s, base).gate.requests, 5U);
  base.gate.requests = 9;
  EXPECT_EQ(resolver_options(s, base).gate.requests, 9U);
  EXPECT_EQ(resolver_options(s, base).cache.capacity, 17U);
}

TEST(PartOptions, VerdictsAreHeldForTheSettingsTimes) {
  config::settings s;
  s.verdicts = {.capacity = 7, .accepted_for = 2h, .refused_for = 3s};
  s.resolver.lookup_limit = 9s;
  const proofs::proof_options out = proof_options(s);
  EXPECT_EQ(out.cache.capacity, 7U);
  EXPECT_EQ(out.cache.accepted_for, 2h);
  EXPECT_EQ(out.cache.refused_for, 3s);
  EXPECT_EQ(out.limit, 9s);
}

TEST(PartOptions, ServersHaveTheSettingsAddressesAndLimits) {
  config::settings s;
  s.limits.body = 1;
  s.limits.header = 2;
  s.limits.idle = 3s;
  s.limits.request = 4s;
  s.limits.handshake = 5s;
  s.limits.connections = 6;
  const server::server_options service = service_options(s);
  EXPECT_EQ(service.name, "webhook");
  EXPECT_EQ(service.listen, s.listen.to_string());
  EXPECT_EQ(service.limits.body, 1U);
  EXPECT_EQ(service.limits.header, 2U);
  EXPECT_EQ(service.limits.idle, 3s);
  EXPECT_EQ(service.limits.request, 4s);
  EXPECT_EQ(service.limits.handshake, 5s);
  EXPECT_EQ(service.limits.connections, 6U);
  const server::server_options admin = admin_options(s);
  EXPECT_EQ(admin.name, "admin");
  EXPECT_EQ(admin.listen, s.admin_listen.to_string());
}

}  // namespace
}  // namespace pinhook::webhook
