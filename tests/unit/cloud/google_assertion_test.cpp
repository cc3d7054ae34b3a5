#include <pinhook/cloud/google_assertion.hpp>

#include <pinhook/base/json.hpp>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <vector>

namespace pinhook::cloud {
namespace {

struct freed {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed>;

const wall_time now{std::chrono::seconds(1'767'225'600)};

std::string pem_of(EVP_PKEY* key, const char* password = nullptr) {
  const std::unique_ptr<BIO, freed> out(BIO_new(BIO_s_mem()));
  const EVP_CIPHER* cipher = password == nullptr ? nullptr : EVP_aes_128_cbc();
  const int length = password == nullptr ? 0 : static_cast<int>(std::string_view(password).size());
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), key, cipher, password, length, nullptr, nullptr), 1);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string decoded(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  EXPECT_GT(size, 0);
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

struct GoogleAssertion : ::testing::Test {
  key_ptr key{EVP_RSA_gen(2048)};
  google_service_account account{"a@b.iam.gserviceaccount.com", "kid-7", secret(pem_of(key.get()))};

  result<secret> make() { return make_google_assertion(account, "https://aud.example/", "scope-1", now); }
  error failure(const std::string& pem) {
    account.private_key = secret(pem);
    const auto got = make();
    EXPECT_FALSE(got);
    return got ? error{} : got.error();
  }
};

TEST_F(GoogleAssertion, IsASignedJwt) {
  const auto made = make();
  ASSERT_TRUE(made);
  const std::string& text = made->reveal();
  const auto first = text.find('.');
  const auto last = text.rfind('.');
  ASSERT_NE(first, last);
  EXPECT_EQ(text.find_first_of("=+/"), std::string::npos) << "base64url without padding";

  EXPECT_EQ(decoded(text.substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"kid-7"})");
  EXPECT_EQ(decoded(text.substr(first + 1, last - first - 1)),
            R"({"iss":"a@b.iam.gserviceaccount.com","scope":"scope-1","aud":"https://aud.example/",)"
            R"("iat":1767225600,"exp":1767229200})");

  const std::string signature = decoded(text.substr(last + 1));
  const std::unique_ptr<EVP_MD_CTX, freed> context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()), 1);
  EXPECT_EQ(EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                             reinterpret_cast<const unsigned char*>(text.data()), last),
            1);
}

TEST_F(GoogleAssertion, WithoutAKeysIdNamesNone) {
  account.key_id.clear();
  const auto made = make();
  ASSERT_TRUE(made);
  EXPECT_EQ(decoded(made->reveal().substr(0, made->reveal().find('.'))), R"({"alg":"RS256","typ":"JWT"})");
}

TEST_F(GoogleAssertion, RefusesWhatIsNoKey) {
  const std::string good = account.private_key.reveal();
  for (const std::string& pem :
       {std::string(), std::string("SECRET-1"), good.substr(0, good.size() / 2), pem_of(key.get(), "a password")}) {
    const error e = failure(pem);
    EXPECT_EQ(e.code, error_code::invalid_input);
    EXPECT_EQ(e.message, "\"private_key\" is not a private key in PEM");
  }
  const key_ptr elliptic(EVP_EC_gen("P-256"));
  EXPECT_EQ(failure(pem_of(elliptic.get())).message, "\"private_key\" is not an RSA key");
}

}  // namespace
}  // namespace pinhook::cloud
