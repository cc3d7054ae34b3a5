#include <pinhook/kube/caller_trust.hpp>

#include "support/fake_clock.hpp"

#include <pinhook/base/certificate.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::Optional;

struct CallerTrust : ::testing::Test {
  testing::fake_clock time;
  key_pair ours = make_authority({.common_name = "ours", .lifetime = 48h}, time).value();
  key_pair foreign = make_authority({.common_name = "foreign", .lifetime = 48h}, time).value();
  x509_certificate leaf = leaf_of(ours);

  x509_certificate leaf_of(const key_pair& authority) const {
    const certificate_request request{.common_name = "pinhook",
                                      .dns_names = {"pinhook.pinhook.svc", "other.svc"},
                                      .addresses = {"127.0.0.1", "::1"},
                                      .lifetime = 24h};
    return x509_certificate::parse(make_leaf(authority, request, time).value().certificate).value();
  }
  std::optional<std::string> distrust(const std::string& enforce, const std::string& audit) const {
    return distrust_of({leaf}, read_bundles({{"enforce", enforce}, {"audit", audit}}), time.wall());
  }
};

TEST_F(CallerTrust, EveryEntryHasToTrust) {
  const struct {
    std::string enforce, audit;
    std::optional<std::string> distrust;
  } rows[] = {
      {ours.certificate, ours.certificate, std::nullopt},
      {foreign.certificate + ours.certificate, ours.certificate, std::nullopt},
      {"garbage\n" + ours.certificate, ours.certificate, std::nullopt},
      {ours.certificate, "", "the caBundle of webhook \"audit\" is empty"},
      {foreign.certificate, ours.certificate, "the caBundle of webhook \"enforce\" does not trust the certificate"},
      {ours.certificate, "garbage", "the caBundle of webhook \"audit\" does not trust the certificate"},
  };
  for (const auto& row : rows) EXPECT_EQ(distrust(row.enforce, row.audit), row.distrust);
}

TEST_F(CallerTrust, WhatIsNotValidIsNotTrusted) {
  time.advance(25h);
  EXPECT_EQ(distrust(ours.certificate, ours.certificate), "the certificate has expired");
  leaf = leaf_of(ours);
  EXPECT_EQ(distrust(ours.certificate, ours.certificate), std::nullopt);
  time.advance(-12h);
  EXPECT_EQ(distrust(ours.certificate, ours.certificate), "the certificate is not valid yet");
  EXPECT_EQ(distrust_of({}, {}, time.wall()), "there is no certificate");
}

TEST_F(CallerTrust, AnExpiredAuthorityTrustsNobody) {
  leaf = leaf_of(ours);
  time.advance(47h);
  leaf = leaf_of(ours);
  time.advance(2h);
  EXPECT_THAT(distrust(ours.certificate, ours.certificate), Optional(::testing::HasSubstr("does not trust")));
}

TEST_F(CallerTrust, NamesAreComparedAsVerifiersDo) {
  EXPECT_EQ(missing_name(leaf, {{"pinhook.pinhook.svc", "OTHER.svc"}, {"127.0.0.1", "0:0:0:0:0:0:0:1"}}), std::nullopt);
  EXPECT_THAT(missing_name(leaf, {{"third.svc"}, {}}), Optional(std::string("third.svc")));
  EXPECT_THAT(missing_name(leaf, {{}, {"127.0.0.2"}}), Optional(std::string("127.0.0.2")));
  EXPECT_TRUE(has_any_name(leaf, {{"third.svc"}, {"::1"}}));
  EXPECT_FALSE(has_any_name(leaf, {{"third.svc"}, {"::2"}}));
}

TEST_F(CallerTrust, BundlesAreComparedAsSets) {
  const auto one = x509_certificate::parse(ours.certificate).value();
  const auto two = x509_certificate::parse(foreign.certificate).value();
  const auto entry = [](const std::string& bundle) { return read_bundles({{"e", bundle}}).front(); };
  EXPECT_TRUE(entry(foreign.certificate + ours.certificate).has_just({one, two}));
  EXPECT_FALSE(entry(ours.certificate).has_just({one, two}));
  EXPECT_FALSE(entry(ours.certificate + foreign.certificate).has_just({one}));
  EXPECT_FALSE(entry(ours.certificate + "-----BEGIN X-----\nAAAA\n-----END X-----\n").has_just({one}))
      << "garbage is removed";
  EXPECT_TRUE(all_have(read_bundles({}), one)) << "no API server calls";
}

}  // namespace
}  // namespace pinhook::kube
