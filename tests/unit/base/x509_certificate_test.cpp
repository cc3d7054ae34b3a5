#include <pinhook/base/x509_certificate.hpp>

#include "support/fake_clock.hpp"

#include <pinhook/base/certificate.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class X509Certificate : public ::testing::Test {
 protected:
  key_pair authority() { return make_authority({.common_name = "authority", .lifetime = 2h}, time_).value(); }
  key_pair leaf(const key_pair& by) {
    return make_leaf(by,
                     {.common_name = "x",
                      .dns_names = {"a.svc", "b.svc"},
                      .addresses = {"127.0.0.1", "0:0::1"},
                      .lifetime = 1h},
                     time_)
        .value();
  }
  static x509_certificate read(const key_pair& p) { return x509_certificate::parse(p.certificate).value(); }

  testing::fake_clock time_;
};

TEST_F(X509Certificate, SaysWhatItIs) {
  const auto ca = authority();
  const auto c = read(leaf(ca));
  EXPECT_THAT(c.dns_names(), ElementsAre("a.svc", "b.svc"));
  EXPECT_THAT(c.addresses(), ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(c.not_before(), time_.wall() - 5min);
  EXPECT_EQ(c.not_after(), time_.wall() + 1h);
  EXPECT_TRUE(c.is_valid_at(time_.wall() + 1h));
  EXPECT_FALSE(c.is_valid_at(time_.wall() + 1h + 1s));
  EXPECT_FALSE(c.is_valid_at(time_.wall() - 5min - 1s));
  EXPECT_EQ(c.common_name(), "x");
  EXPECT_FALSE(c.is_authority());
  EXPECT_TRUE(read(ca).is_authority());
  EXPECT_EQ(c.fingerprint().size(), 64U);
  EXPECT_EQ(x509_certificate::parse("text before\n" + c.pem()).value(), c);
}

TEST_F(X509Certificate, KnowsItsIssuerByTheSignature) {
  const auto ca = authority();
  const auto other = authority();
  const auto c = read(leaf(ca));
  EXPECT_TRUE(c.is_issued_by(read(ca)));
  EXPECT_FALSE(c.is_issued_by(read(other))) << "an authority of the same name";
  EXPECT_FALSE(c.is_issued_by(c));
  EXPECT_TRUE(read(ca).is_issued_by(read(ca)));
}

TEST_F(X509Certificate, KnowsItsKey) {
  const auto ca = authority();
  const auto pair = leaf(ca);
  EXPECT_TRUE(read(pair).has_key(pair.key));
  EXPECT_FALSE(read(pair).has_key(ca.key));
  EXPECT_FALSE(read(pair).has_key(secret("no key")));
  EXPECT_FALSE(read(pair).has_key(secret()));
}

TEST_F(X509Certificate, SaysWhyItCannotBeRead) {
  const auto ca = authority();
  EXPECT_THAT(x509_certificate::parse("").error().message, HasSubstr("no certificate"));
  const auto only_key = x509_certificate::parse(ca.key.reveal());
  ASSERT_FALSE(only_key);
  EXPECT_THAT(only_key.error().message, HasSubstr("damaged"));
  EXPECT_THAT(only_key.error().message, Not(HasSubstr("MI")));
  EXPECT_FALSE(x509_certificate::parse(std::string(max_bundle_size + 1, 'x')));
}

TEST_F(X509Certificate, BundleReadsWhatCanBeRead) {
  const auto a = authority();
  const auto b = authority();
  EXPECT_THAT(parse_bundle("").certificates, IsEmpty());
  EXPECT_EQ(parse_bundle("").unread, 0U);
  EXPECT_THAT(parse_bundle("garbage").certificates, IsEmpty());
  std::string damaged = a.certificate;
  damaged.replace(100, 20, "AAAAAAAAAAAAAAAAAAAA");
  const auto all = parse_bundle("# first\n" + a.certificate + damaged + a.key.reveal() + b.certificate +
                                "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(all.certificates, ElementsAre(read(a), read(b)));
  EXPECT_EQ(all.unread, 3U);
}

TEST_F(X509Certificate, BundleIsLimited) {
  const auto a = authority();
  EXPECT_EQ(parse_bundle(std::string(max_bundle_size + 1, '\n')).unread, 1U);
  std::string many;
  for (std::size_t i = 0; i < max_bundle_certificates; ++i) many += a.certificate;
  EXPECT_EQ(parse_bundle(many).unread, 0U);
  const auto more = parse_bundle(many + a.certificate);
  EXPECT_EQ(more.certificates.size(), max_bundle_certificates);
  EXPECT_EQ(more.unread, 1U);
}

}  // namespace
}  // namespace pinhook
