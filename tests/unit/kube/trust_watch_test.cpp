#include <pinhook/kube/trust_watch.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_serving_api.hpp"
#include "support/fake_serving_sink.hpp"
#include "support/run.hpp"

#include <pinhook/base/certificate.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct TrustWatch : ::testing::Test {
  testing::fake_clock time;
  testing::fake_serving_api api;
  testing::fake_serving_sink sink;
  asio::io_context io{1};
  key_pair authority = make_authority({.common_name = "a", .lifetime = 24h}, time).value();
  std::string shown = leaf_of(authority);
  trust_watch watch{api, time, {}, [this] { return shown; }, sink, {}};

  TrustWatch() { api.set_entries({"enforce", "audit"}); }
  std::string leaf_of(const key_pair& by) {
    return make_leaf(by, {.common_name = "x", .dns_names = {"x.svc"}, .lifetime = 1h}, time).value().certificate;
  }
  bool look() { return testing::run_on(io, watch.look()); }
};

TEST_F(TrustWatch, IsReadyWhenAllEntriesTrustWhatIsServed) {
  api.set_webhooks({{"enforce", authority.certificate}, {"audit", "garbage"}});
  EXPECT_TRUE(look());
  EXPECT_FALSE(sink.is_trusted);
  EXPECT_THAT(sink.distrust, HasSubstr("\"audit\""));
  api.set_all_bundles(authority.certificate);
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
  EXPECT_THAT(sink.unknowns, IsEmpty());
  EXPECT_EQ(api.writes(), 0U);
}

TEST_F(TrustWatch, FollowsWhatIsServed) {
  api.set_all_bundles(authority.certificate);
  EXPECT_TRUE(look());
  shown = leaf_of(make_authority({.common_name = "b"}, time).value());
  EXPECT_TRUE(look());
  EXPECT_FALSE(sink.is_trusted);
  shown.clear();
  look();
  EXPECT_THAT(sink.distrust, HasSubstr("no certificate"));
  shown = leaf_of(authority);
  look();
  EXPECT_TRUE(sink.is_trusted);
  time.advance(2h);
  look();
  EXPECT_THAT(sink.distrust, HasSubstr("expired"));
}

TEST_F(TrustWatch, ALeafThatStandsInTheBundleItselfIsTrusted) {
  api.set_all_bundles(shown);
  look();
  EXPECT_TRUE(sink.is_trusted) << sink.distrust;
}

TEST_F(TrustWatch, WithoutABundleTheSystemsRootsCount) {
  look();
  EXPECT_TRUE(sink.is_trusted);
  EXPECT_THAT(sink.unknowns, ElementsAre(HasSubstr("has no caBundle")));
  look();
  EXPECT_THAT(sink.unknowns, SizeIs(1)) << "reported once";
}

TEST_F(TrustWatch, WhatCannotBeReadHoldsNobodyBack) {
  api.fail("", {error_code::denied, "our user lacks a ClusterRole", std::nullopt});
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
  EXPECT_THAT(sink.unknowns, ElementsAre(HasSubstr("lacks a ClusterRole")));
  api.heal();
  api.remove_configuration();
  EXPECT_TRUE(look());
  EXPECT_TRUE(sink.is_trusted);
  EXPECT_THAT(sink.unknowns, SizeIs(2));
}

TEST_F(TrustWatch, AnOutageChangesNothing) {
  api.fail("", {error_code::unavailable, "connection refused", std::nullopt});
  EXPECT_FALSE(look());
  EXPECT_FALSE(sink.is_trusted);
  api.heal();
  api.set_all_bundles(authority.certificate);
  EXPECT_TRUE(look());
  api.fail("", {error_code::unavailable, "connection refused", std::nullopt});
  EXPECT_FALSE(look());
  EXPECT_FALSE(look());
  EXPECT_TRUE(sink.is_trusted);
  EXPECT_THAT(sink.failures, SizeIs(2));
}

}  // namespace
}  // namespace pinhook::kube
