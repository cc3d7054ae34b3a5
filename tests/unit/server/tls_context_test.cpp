#include <pinhook/server/tls_context.hpp>

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class TlsContext : public ::testing::Test {
 protected:
  result<void> set(const std::string& certificate, const std::string& key) {
    return tls.set_pair(certificate, secret(key), {"tls.crt", "tls.key"});
  }
  result<void> set(const testing::key_pair& p) { return set(p.certificate, p.key); }

  testing::certificate_authority authority;
  tls_context tls;
};

TEST_F(TlsContext, UsesAPairWithItsChain) {
  auto leaf = authority.issue({.not_after = 48h});
  leaf.certificate += authority.certificate();
  EXPECT_FALSE(tls.is_loaded());
  EXPECT_EQ(tls.current(), nullptr);
  EXPECT_EQ(tls.chain(), "");
  EXPECT_EQ(tls.why_not_valid(), std::nullopt);
  ASSERT_TRUE(set(leaf));
  EXPECT_EQ(tls.chain(), leaf.certificate);
  EXPECT_TRUE(tls.is_loaded());
  EXPECT_NE(tls.current(), nullptr);
  EXPECT_EQ(tls.why_not_valid(), std::nullopt);
  const auto left = tls.not_after() - std::chrono::system_clock::now();
  EXPECT_GT(left, 47h);
  EXPECT_LE(left, 48h);
}

TEST_F(TlsContext, NamesWhatIsNoPem) {
  const auto leaf = authority.issue();
  EXPECT_THAT(set(leaf.key, leaf.key).error().message, HasSubstr("tls.crt: holds no certificate"));
  EXPECT_THAT(set(leaf.certificate, leaf.certificate).error().message, HasSubstr("tls.key: holds no private key"));
  EXPECT_THAT(set("", leaf.key).error().message, HasSubstr("tls.crt: holds no certificate"));
  const std::string cut = leaf.certificate + authority.certificate().substr(0, 200);
  EXPECT_THAT(set(cut, leaf.key).error().message, HasSubstr("tls.crt: a certificate of the chain"));
}

TEST_F(TlsContext, KeyMustBeTheCertificates) {
  const auto mixed = set(authority.issue().certificate, authority.issue().key);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().message, "tls.key: is not the key of the certificate in tls.crt");
}

TEST_F(TlsContext, PairMadeInMemory) {
  const auto leaf = authority.issue();
  ASSERT_TRUE(tls.set_pair(leaf.certificate, secret(leaf.key)));
  EXPECT_TRUE(tls.is_loaded());
  const auto mixed = tls.set_pair(leaf.certificate, secret(authority.issue().key));
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().message, "the key: is not the key of the certificate in the certificate");
}

// The table of cases: certificate_validity_test.
TEST_F(TlsContext, OneThatIsNotValidDoesNotReplaceAValidOne) {
  ASSERT_TRUE(set(authority.issue()));
  const auto first = tls.current();
  const auto expired = set(authority.issue({.not_before = -48h, .not_after = -24h}));
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code, error_code::unavailable);
  EXPECT_THAT(expired.error().message, HasSubstr("tls.crt: it expired at 20"));
  const auto early = set(authority.issue({.not_before = 24h, .not_after = 48h}));
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().message, HasSubstr("tls.crt: it is not valid before 20"));
  EXPECT_EQ(tls.current(), first);
}

TEST_F(TlsContext, OneForOtherNamesDoesNotReplaceAValidOne) {
  struct row {
    std::vector<std::string> names;
    std::chrono::seconds until;
    /// Empty: it is taken.
    std::string problem;
  };
  const std::string wrong = "tls.crt: it is not for pinhook.shop.svc";
  const std::vector<row> rows{
      {{"other.shop.svc"}, 48h, wrong},
      {{"shop.svc", "pinhook.shop"}, 48h, wrong},
      {{"localhost"}, 48h, wrong},
      {{"10.0.0.2"}, 48h, wrong},
      {{"other.shop.svc"}, -24h, "tls.crt: it expired at "},
      {{"pinhook.shop.svc"}, -24h, "tls.crt: it expired at "},
      {{"x", "PINHOOK.shop.svc"}, 48h, ""},
      {{"*.shop.svc"}, 48h, ""},
      {{"hook.example"}, 48h, ""},
      {{"10.0.0.1"}, 48h, ""},
  };
  tls.set_expected_names({"pinhook.shop.svc", "hook.example", "10.0.0.1"});
  ASSERT_TRUE(set(authority.issue({.names = {"pinhook.shop.svc"}})));
  for (const row& r : rows) {
    const auto was = tls.chain();
    const auto pair = authority.issue(
        {.common_name = "pinhook.shop.svc", .names = r.names, .not_before = -48h, .not_after = r.until});
    const auto taken = set(pair);
    EXPECT_EQ(taken ? "" : taken.error().message.substr(0, r.problem.size()), r.problem);
    EXPECT_EQ(tls.chain(), taken ? pair.certificate : was);
    EXPECT_EQ(tls.why_not_named(), std::nullopt);
  }
}

// Then these are not the names that clients ask for; and one that expired is no better.
TEST_F(TlsContext, OneForOtherNamesReplacesOneThatServesNobody) {
  tls.set_expected_names({"pinhook.shop.svc"});
  ASSERT_TRUE(set(authority.issue({.names = {"hook.example"}})));
  EXPECT_EQ(tls.why_not_named(), "it is not for pinhook.shop.svc");
  EXPECT_TRUE(set(authority.issue({.names = {"hook2.example"}})));
  tls_context second;
  second.set_expected_names({"pinhook.shop.svc"});
  const auto old = authority.issue({.names = {"pinhook.shop.svc"}, .not_before = -48h, .not_after = -24h});
  ASSERT_TRUE(second.set_pair(old.certificate, secret(old.key)));
  const auto fresh = authority.issue({.names = {"hook.example"}});
  EXPECT_TRUE(second.set_pair(fresh.certificate, secret(fresh.key)));
}

TEST_F(TlsContext, TheFirstOneIsTakenAsItIs) {
  ASSERT_TRUE(set(authority.issue({.not_before = -48h, .not_after = -24h})));
  EXPECT_TRUE(tls.is_loaded());
  EXPECT_THAT(tls.why_not_valid().value_or(""), HasSubstr("it expired at "));
  ASSERT_TRUE(set(authority.issue()));
  EXPECT_EQ(tls.why_not_valid(), std::nullopt);
}

}  // namespace
}  // namespace pinhook::server
