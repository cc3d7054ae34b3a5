#include <pinhook/kube/serving_state.hpp>

#include "support/fake_clock.hpp"

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

struct ServingState : ::testing::Test {
  testing::fake_clock time;
  key_pair older = make_authority({.common_name = "older", .lifetime = 24h}, time).value();
  key_pair newer = make_authority({.common_name = "newer", .lifetime = 24h}, time).value();
  key_pair leaf = make_leaf(older, {.common_name = "pinhook", .dns_names = {"pinhook.pinhook.svc"}}, time).value();
  secret_data whole{{"ca.crt", secret(newer.certificate + older.certificate)},
                    {"ca.key", newer.key},
                    {"tls.crt", secret(leaf.certificate)},
                    {"tls.key", leaf.key}};

  secret_data with(const std::string& key, const std::string& value) const {
    secret_data out = whole;
    out.insert_or_assign(key, secret(value));
    return out;
  }
};

TEST_F(ServingState, ReadsWhatItWrites) {
  const stored_state read = parse_state(whole);
  EXPECT_THAT(read.faults, IsEmpty());
  ASSERT_THAT(read.usable.authorities, SizeIs(2));
  EXPECT_EQ(issuer_of(read.usable.served->leaf, read.usable.authorities), &read.usable.authorities[1]);
  const secret_data written = render_state(read.usable);
  EXPECT_EQ(written.at("ca.crt").reveal(), newer.certificate + older.certificate);
  EXPECT_EQ(written.at("ca.key").reveal(), newer.key.reveal());
  EXPECT_EQ(written.at("tls.crt").reveal(), leaf.certificate);
  EXPECT_EQ(written.at("tls.key").reveal(), leaf.key.reveal());
}

TEST_F(ServingState, SaysWhatIsDamagedAndKeepsTheRest) {
  const struct {
    secret_data data;
    std::size_t authorities;
    bool has_pair;
    std::string fault;
  } rows[] = {
      {with("ca.crt", ""), 0, true, "ca.crt holds no authority"},
      {with("ca.crt", "no certificate"), 0, true, "ca.crt holds no authority"},
      {with("ca.crt", newer.certificate + leaf.certificate), 1, true,
       "ca.crt holds something that is not an authority"},
      {with("ca.crt", newer.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 1, true,
       "ca.crt holds something that is not an authority"},
      {with("ca.key", older.key.reveal()), 2, true, "ca.key is not the key of the first authority"},
      {with("ca.key", ""), 2, true, "ca.key is not the key of the first authority"},
      {with("tls.key", newer.key.reveal()), 2, false, "tls.crt and tls.key: the key is not that of the certificate"},
      {with("tls.crt", leaf.certificate.substr(0, 100)), 2, false, "tls.crt and tls.key: "},
      {with("tls.crt", std::string(max_bundle_size + 1, 'x')), 2, false, "tls.crt and tls.key: "},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.fault);
    const stored_state read = parse_state(row.data);
    EXPECT_THAT(read.faults, ElementsAre(HasSubstr(row.fault)));
    EXPECT_THAT(read.usable.authorities, SizeIs(row.authorities));
    EXPECT_EQ(read.usable.served.has_value(), row.has_pair);
  }
}

TEST_F(ServingState, NothingIsNotWhole) {
  const stored_state read = parse_state({});
  EXPECT_THAT(read.faults, SizeIs(2)) << "no authority, no pair";
  EXPECT_FALSE(read.is_whole());
}

TEST_F(ServingState, AnAuthorityThatStandsTwiceCountsOnce) {
  const stored_state read = parse_state(with("ca.crt", newer.certificate + newer.certificate));
  EXPECT_THAT(read.faults, IsEmpty());
  EXPECT_THAT(read.usable.authorities, SizeIs(1));
}

TEST_F(ServingState, FaultsHoldNothingOfAKey) {
  const std::string key = newer.key.reveal();
  for (const char* name : {"ca.crt", "ca.key", "tls.crt", "tls.key"})
    for (const auto& fault : parse_state(with(name, key.substr(0, key.size() - 40))).faults)
      for (std::size_t i = 40; i + 12 < key.size() - 40; i += 4)
        EXPECT_EQ(fault.find(key.substr(i, 12)), std::string::npos) << name;
}

}  // namespace
}  // namespace pinhook::kube
