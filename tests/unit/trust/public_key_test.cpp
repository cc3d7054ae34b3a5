// Keys on named curves are read by their points, Ed25519 keys by their bytes; what has another form is left to
// OpenSSL's reader.
#include <pinhook/trust/public_key.hpp>

#include <pinhook/base/hexadecimal.hpp>

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <ostream>
#include <string>

namespace pinhook::trust {
namespace {

struct curve_case {
  const char* name;
  public_key::kind kind;
  int bits;
};

void PrintTo(const curve_case& of, std::ostream* out) { *out << of.name; }

class PublicKeyOnCurve : public ::testing::TestWithParam<curve_case> {
 protected:
  [[nodiscard]] std::string spki() const {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_.get(), &der);
    const std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
  }
  [[nodiscard]] std::string signature_of(const std::string& message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* data = reinterpret_cast<const unsigned char*>(message.data());
    std::string out(256, '\0');
    std::size_t size = out.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, message.size());
    out.resize(size);
    return out;
  }

  std::shared_ptr<EVP_PKEY> key_{EVP_EC_gen(GetParam().name), EVP_PKEY_free};
};

TEST_P(PublicKeyOnCurve, IsReadByItsPoint) {
  const auto read = public_key::parse_der(spki());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->type(), GetParam().kind);
  EXPECT_EQ(read->bits(), GetParam().bits);
  EXPECT_EQ(read->spki(), spki());
  EXPECT_TRUE(read->verifies("text", signature_of("text"), hash::sha256));
  EXPECT_FALSE(read->verifies("other", signature_of("text"), hash::sha256));
}

TEST_P(PublicKeyOnCurve, WithACompressedPointIsTheSameKey) {
  const std::string whole = spki();
  EVP_PKEY_set_utf8_string_param(key_.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed");
  ASSERT_LT(spki().size(), whole.size());
  const auto read = public_key::parse_der(spki());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->type(), GetParam().kind);
  EXPECT_TRUE(read->verifies("text", signature_of("text"), hash::sha256));
}

TEST_P(PublicKeyOnCurve, IsRefusedWhenItIsNotOne) {
  const std::string whole = spki();
  EXPECT_FALSE(public_key::parse_der(whole + '\0'));
  EXPECT_FALSE(public_key::parse_der(whole.substr(0, whole.size() - 1)));
  std::string off_the_curve = whole;
  off_the_curve.back() = static_cast<char>(off_the_curve.back() ^ 1);
  EXPECT_FALSE(public_key::parse_der(off_the_curve));
}

INSTANTIATE_TEST_SUITE_P(Curves, PublicKeyOnCurve,
                         ::testing::Values(curve_case{"P-256", public_key::kind::p256, 256},
                                           curve_case{"P-384", public_key::kind::p384, 384},
                                           curve_case{"P-521", public_key::kind::p521, 521}));

// Test 1 of RFC 8032 §7.1 (the message is empty), in the form of RFC 8410 §4.
TEST(PublicKey, OfEd25519IsReadByItsBytes) {
  const std::string raw = *decode_hexadecimal("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const std::string signature = *decode_hexadecimal(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
      "d25bf5f0595bbe24655141438e7a100b");
  const std::string spki = *decode_hexadecimal("302a300506032b6570032100") + raw;
  const auto read = public_key::parse_der(spki);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->type(), public_key::kind::ed25519);
  EXPECT_EQ(read->spki(), spki);
  EXPECT_TRUE(read->verifies("", signature, hash::sha256));
  EXPECT_FALSE(read->verifies("other", signature, hash::sha256));
}

// The same bytes but for one place: other lengths, other algorithms (X25519, Ed448), parameters.
TEST(PublicKey, OfEd25519IsRefusedInAnotherForm) {
  const std::string raw(32, 'k');
  for (const char* prefix : {"302b300506032b6570032100", "302a300506032b6570032200", "302a300506032b656e032100",
                             "302a300506032b6571032100", "302c300706032b65700500032100"})
    EXPECT_FALSE(public_key::parse_der(*decode_hexadecimal(prefix) + raw)) << prefix;
  const std::string prefix = *decode_hexadecimal("302a300506032b6570032100");
  EXPECT_TRUE(public_key::parse_der(prefix + raw));
  EXPECT_FALSE(public_key::parse_der(prefix + raw + 'k'));
  EXPECT_FALSE(public_key::parse_der(prefix + raw.substr(1)));
  EXPECT_FALSE(public_key::parse_der(prefix));
}

}  // namespace
}  // namespace pinhook::trust
