// Any bytes as an envelope of Notation (JWS and COSE), which is then signed again by a certificate that the trust store
// has: what is verified names the image.
#include "fuzz/fuzz_signer.hpp"
#include "fuzz/json_mutator.hpp"

#include <pinhook/trust/notation.hpp>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace {

namespace trust = pinhook::trust;
using pinhook::fuzz::require;

constexpr std::string_view hexadecimal = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

// A P-256 key with a certificate of its own, for signing code, valid for 100 years from 1970 on.
class certified_key {
 public:
  certified_key() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), 0);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), std::int64_t{3600} * 24 * 365 * 100);
    X509_NAME* name = X509_get_subject_name(made.get());
    for (const auto& [field, text] : {std::pair("C", "US"), std::pair("O", "Acme"), std::pair("CN", "acme")})
      X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    X509_set_pubkey(made.get(), key_.get());
    for (const auto& [nid, text] :
         {std::pair(NID_key_usage, "critical,digitalSignature"), std::pair(NID_ext_key_usage, "codeSigning")}) {
      X509_EXTENSION* one = X509V3_EXT_conf_nid(nullptr, nullptr, nid, text);
      X509_add_ext(made.get(), one, -1);
      X509_EXTENSION_free(one);
    }
    X509_sign(made.get(), key_.get(), EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509(made.get(), &der);
    certificate_.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  }
  [[nodiscard]] const std::string& certificate() const { return certificate_; }
  // ES256: two numbers side by side.
  [[nodiscard]] std::string sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::array<unsigned char, 128> der{};
    std::size_t size = der.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    EVP_DigestSign(context.get(), der.data(), &size, reinterpret_cast<const unsigned char*>(message.data()),
                   message.size());
    const unsigned char* at = der.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), ECDSA_SIG_free);
    std::array<unsigned char, 64> out{};
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out.data() + 32, 32);
    return {reinterpret_cast<const char*>(out.data()), out.size()};
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::string certificate_;
};

void verify(pinhook::result<trust::notation_signature> read) {
  static const certified_key by;
  static const trust::notation_policy policy =
      trust::notation_policy::parse(
          R"({"version":"1.0","trustPolicies":[{"name":"a","registryScopes":["*"],"signatureVerification":{"level":"strict"},)"
          R"("trustStores":["ca:a","signingAuthority:a","tsa:a"],"trustedIdentities":["*"]}]})")
          .value();
  if (!read) return;
  read->certificates = {by.certificate()};
  read->value = by.sign(read->message);
  const trust::trust_stores stores{
      {"ca:a", {by.certificate()}}, {"signingAuthority:a", {by.certificate()}}, {"tsa:a", {by.certificate()}}};
  const pinhook::wall_time now{std::chrono::hours(24 * 365 * 57)};
  const trust::notation_subject image{"sha256:" + std::string(hexadecimal),
                                      "application/vnd.oci.image.manifest.v1+json", 528};
  const auto seen = trust::verify_notation(*read, image, policy.rules.front(), stores, now);
  if (seen.is_verified() && read->payload.find('\\') == std::string::npos)
    require(read->payload.find(hexadecimal) != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  verify(trust::parse_notation_jws(text));
  verify(trust::parse_notation_cose(text));
  return 0;
}
