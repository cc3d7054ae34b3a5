#include <pinhook/http/trust.hpp>

#include "support/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace pinhook::http {
namespace {

using testing::certificate_authority;
using testing::temporary_directory;

bool is_trusted(x509_store_st* store, const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store, leaf.get(), nullptr);
  return X509_verify_cert(context.get()) == 1;
}

class environment_variable {
 public:
  environment_variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~environment_variable() { unsetenv(name_); }
  environment_variable(const environment_variable&) = delete;
  environment_variable& operator=(const environment_variable&) = delete;

 private:
  const char* name_;
};

TEST(Trust, AddsTheCaFileToTheSystems) {
  const temporary_directory directory;
  const certificate_authority system("the system");
  const certificate_authority own("our own");
  const certificate_authority stranger("a stranger");
  const environment_variable file("SSL_CERT_FILE", directory.write("system.pem", system.certificate()).string());
  const auto alone = make_trust_store({});
  ASSERT_TRUE(alone);
  EXPECT_TRUE(is_trusted(alone->get(), system.issue().certificate));
  EXPECT_FALSE(is_trusted(alone->get(), own.issue().certificate));
  const auto both = make_trust_store({pem{directory.write("own.pem", own.certificate()).string(), {}}});
  ASSERT_TRUE(both);
  EXPECT_TRUE(is_trusted(both->get(), system.issue().certificate));
  EXPECT_TRUE(is_trusted(both->get(), own.issue().certificate));
  EXPECT_FALSE(is_trusted(both->get(), stranger.issue().certificate));
}

TEST(Trust, HoldsTheMachinesAuthorities) {
  const auto store = make_trust_store({});
  ASSERT_TRUE(store);
  // Any root that the machine trusts is trusted by us: its own bundle is the sample.
  const std::string bundle = "/etc/ssl/certs/ca-certificates.crt";
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_file(bundle.c_str(), "r"), BIO_free);
  ASSERT_NE(bio, nullptr) << bundle << ": install the Debian package ca-certificates";
  const std::unique_ptr<X509, decltype(&X509_free)> root(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  ASSERT_NE(root, nullptr);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store->get(), root.get(), nullptr);
  EXPECT_EQ(X509_verify_cert(context.get()), 1)
      << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace
}  // namespace pinhook::http
