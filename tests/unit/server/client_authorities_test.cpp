#include <pinhook/server/client_authorities.hpp>

#include "support/certificates.hpp"

#include <pinhook/base/x509_certificate.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::server {
namespace {

using namespace std::chrono_literals;
using testing::certificate_authority;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::leaf_options;

struct ClientAuthorities : ::testing::Test {
  certificate_authority ours{"ours"};
  certificate_authority other{"other"};
  wall_time now = std::chrono::system_clock::now();

  static leaf_options for_client(std::string name = "kube-apiserver") {
    leaf_options out;
    out.common_name = std::move(name);
    out.names = {"api.example.com", "URI:spiffe://cluster/api", "10.0.0.1"};
    out.usage = "clientAuth";
    return out;
  }
  static client_proof check(const std::string& authorities, const std::string& leaf, wall_time when) {
    const auto by = client_authorities::parse(authorities, "ca.crt");
    if (!by) throw std::runtime_error(by.error().message);
    const auto read = x509_certificate::parse(leaf).value();
    return (*by)->verify(read.native(), nullptr, when);
  }
};

TEST_F(ClientAuthorities, GivesTheNamesOfACertificateThatCounts) {
  leaf_options client = for_client();
  client.not_after = 1h;  // before the authority, also where that was made in the second before
  const auto leaf = ours.issue(client);
  const auto p = check(other.certificate() + ours.certificate(), leaf.certificate, now);
  EXPECT_EQ(p.state, client_certificate::verified) << p.fault;
  EXPECT_THAT(p.names, ElementsAre("kube-apiserver", "api.example.com", "10.0.0.1", "spiffe://cluster/api"));
  EXPECT_EQ(p.until, x509_certificate::parse(leaf.certificate).value().not_after() + 1s);
}

TEST_F(ClientAuthorities, NothingSentIsNoFault) {
  const auto by = client_authorities::parse(ours.certificate(), "ca.crt").value();
  EXPECT_EQ(by->size(), 1U);
  const auto p = by->verify(nullptr, nullptr, now);
  EXPECT_EQ(p.state, client_certificate::none);
  EXPECT_EQ(p.until, wall_time::max());
}

TEST_F(ClientAuthorities, EachReasonIsNamed) {
  leaf_options server = for_client();
  server.usage = "serverAuth";
  leaf_options expired = for_client();
  expired.not_before = -2h;
  expired.not_after = -1h;
  leaf_options early = for_client();
  early.not_before = 1h;
  const struct {
    const char* name;
    std::string leaf;
    const char* fault;
  } cases[]{
      {"another authority", other.issue(for_client()).certificate, "none of the authorities has signed it"},
      {"one that calls itself so", certificate_authority("ours").issue(for_client()).certificate, "signature"},
      {"signed by itself", certificate_authority::self_signed(for_client()).certificate,
       "none of the authorities has signed it"},
      {"for servers", ours.issue(server).certificate, "clientAuth"},
      {"expired", ours.issue(expired).certificate, "expired"},
      {"not yet", ours.issue(early).certificate, "not yet valid"},
  };
  for (const auto& c : cases) {
    const auto p = check(ours.certificate(), c.leaf, now);
    EXPECT_EQ(p.state, client_certificate::invalid) << c.name;
    EXPECT_THAT(p.fault, HasSubstr(c.fault)) << c.name;
    EXPECT_THAT(p.names, IsEmpty()) << c.name;
    EXPECT_EQ(p.until, now + 1s) << c.name;
  }
}

TEST_F(ClientAuthorities, AFileThatIsNoGoodIsNamed) {
  const std::string leaf = ours.issue().certificate;
  for (const std::string& text : {std::string(), std::string("hello"), ours.issue().key})
    EXPECT_EQ(client_authorities::parse(text, "ca.crt").error().message, "ca.crt: holds no certificate in PEM");
  const std::string cut = ours.certificate() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(client_authorities::parse(cut, "ca.crt").error().message, HasSubstr("cannot be read"));
  // A certificate that is no authority's counts for itself alone.
  const auto own = certificate_authority::self_signed(for_client());
  EXPECT_EQ(check(own.certificate, own.certificate, now).state, client_certificate::verified);
  EXPECT_EQ(check(own.certificate, ours.issue(for_client()).certificate, now).state, client_certificate::invalid);
}

}  // namespace
}  // namespace pinhook::server
