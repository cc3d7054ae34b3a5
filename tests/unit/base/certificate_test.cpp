#include <pinhook/base/certificate.hpp>

#include "support/fake_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace pinhook {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct closer {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, closer>;

owned<X509> parsed(const std::string& pem) {
  const owned<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return owned<X509>(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

// OpenSSL's own verdict on the chain, as a server's certificate, at a moment.
int verify(const key_pair& authority, const key_pair& leaf, wall_time at) {
  const auto ca = parsed(authority.certificate);
  const auto certificate = parsed(leaf.certificate);
  const owned<X509_STORE> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.get());
  const owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

class Certificate : public ::testing::Test {
 protected:
  key_pair authority() { return make_authority({.common_name = "test authority", .lifetime = 2h}, time_).value(); }

  testing::fake_clock time_;
};

TEST_F(Certificate, VerifiesUnderItsAuthorityAndNoOther) {
  const auto ca = authority();
  const auto leaf = make_leaf(ca, {.common_name = "pinhook", .dns_names = {"pinhook.svc"}, .lifetime = 1h}, time_);
  ASSERT_TRUE(leaf) << leaf.error().message;
  EXPECT_EQ(verify(ca, *leaf, time_.wall()), X509_V_OK);
  EXPECT_NE(verify(authority(), *leaf, time_.wall()), X509_V_OK);
}

TEST_F(Certificate, IsValidFromAMomentAgoToTheEndOfItsLife) {
  const auto ca = authority();
  const auto leaf = make_leaf(ca, {.common_name = "x", .dns_names = {"x"}, .lifetime = 1h}, time_);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(verify(ca, *leaf, time_.wall() - 4min), X509_V_OK);
  EXPECT_EQ(verify(ca, *leaf, time_.wall() - 6min), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(verify(ca, *leaf, time_.wall() + 59min), X509_V_OK);
  EXPECT_EQ(verify(ca, *leaf, time_.wall() + 61min), X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_F(Certificate, CarriesItsNames) {
  const auto leaf = make_leaf(
      authority(), {.common_name = "x", .dns_names = {"a.example", "b.example"}, .addresses = {"127.0.0.1", "::1"}},
      time_);
  ASSERT_TRUE(leaf) << leaf.error().message;
  const auto certificate = parsed(leaf->certificate);
  for (const char* name : {"a.example", "b.example"})
    EXPECT_EQ(X509_check_host(certificate.get(), name, 0, 0, nullptr), 1) << name;
  EXPECT_EQ(X509_check_host(certificate.get(), "c.example", 0, 0, nullptr), 0);
  for (const char* address : {"127.0.0.1", "::1"})
    EXPECT_EQ(X509_check_ip_asc(certificate.get(), address, 0), 1) << address;
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_check_ca(certificate.get()), 0) << "a leaf that may sign";
}

TEST_F(Certificate, KeyIsTheCertificatesAndP256) {
  const auto leaf = make_leaf(authority(), {.common_name = "x", .dns_names = {"x"}}, time_);
  ASSERT_TRUE(leaf);
  const auto certificate = parsed(leaf->certificate);
  const auto& text = leaf->key.reveal();
  const owned<BIO> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  ASSERT_TRUE(key);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
  EXPECT_EQ(EVP_PKEY_get_bits(key.get()), 256);
}

TEST_F(Certificate, TwoNeverShareASerialNumber) {
  const auto ca = authority();
  const auto a = make_leaf(ca, {.common_name = "x", .dns_names = {"x"}}, time_);
  const auto b = make_leaf(ca, {.common_name = "x", .dns_names = {"x"}}, time_);
  ASSERT_TRUE(a && b);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(parsed(a->certificate).get()),
                             X509_get0_serialNumber(parsed(b->certificate).get())),
            0);
}

TEST_F(Certificate, RefusesWhatItCannotSay) {
  const auto ca = authority();
  const auto reason = [&](const certificate_request& request) {
    const auto leaf = make_leaf(ca, request, time_);
    EXPECT_FALSE(leaf);
    EXPECT_EQ(leaf.error().code, error_code::invalid_input);
    return leaf.error().message;
  };
  EXPECT_THAT(reason({.common_name = "", .dns_names = {"x"}}), HasSubstr("common name"));
  EXPECT_THAT(reason({.common_name = std::string(65, 'x'), .dns_names = {"x"}}), HasSubstr("common name"));
  EXPECT_THAT(reason({.common_name = "x"}), HasSubstr("needs a host name"));
  EXPECT_THAT(reason({.common_name = "x", .dns_names = {"a,DNS:b"}}), HasSubstr("not a host name"));
  EXPECT_THAT(reason({.common_name = "x", .addresses = {"300.1.1.1"}}), HasSubstr("not an IP address"));

  const auto leaf = make_leaf(ca, {.common_name = "x", .dns_names = {"x"}}, time_);
  ASSERT_TRUE(leaf);
  EXPECT_FALSE(make_leaf(*leaf, {.common_name = "y", .dns_names = {"y"}}, time_)) << "signed by a leaf";
  EXPECT_FALSE(make_leaf({"no PEM", secret("no PEM")}, {.common_name = "y", .dns_names = {"y"}}, time_));
  EXPECT_FALSE(make_leaf({ca.certificate, leaf->key}, {.common_name = "y", .dns_names = {"y"}}, time_));
}

}  // namespace
}  // namespace pinhook
