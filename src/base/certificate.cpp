#include <pinhook/base/certificate.hpp>

#include <boost/asio/ip/address.hpp>
#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string_view>

namespace pinhook {
namespace {

struct closer {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(ASN1_INTEGER* p) const { ASN1_INTEGER_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, closer>;

std::unexpected<error> openssl_failed(std::string_view action) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return fail(error_code::internal, fmt::format("{}: OpenSSL: {}", action, quoted(text.data())));
}

owned<BIO> reading(std::string_view text) {
  return owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool add_extension(X509* to, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

// True for a host name that is valid in a certificate; text with another meaning in OpenSSL's configuration syntax (a
// comma starts another name) must not pass.
bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (const char c : name) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!good) return false;
  }
  return true;
}

result<std::string> alternative_names(const certificate_request& request) {
  std::string out;
  for (const auto& name : request.dns_names) {
    if (!is_dns_name(name)) return fail(error_code::invalid_input, fmt::format("{} is not a host name", quoted(name)));
    out += fmt::format("{}DNS:{}", out.empty() ? "" : ",", name);
  }
  for (const auto& text : request.addresses) {
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(text, ec);
    if (ec) return fail(error_code::invalid_input, fmt::format("{} is not an IP address", quoted(text)));
    out += fmt::format("{}IP:{}", out.empty() ? "" : ",", address.to_string());
  }
  return out;
}

// 20 octets at most, positive (RFC 5280 §4.1.2.2); random, so that two authorities of one name never share one.
bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x01U);
  const owned<BIGNUM> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, const certificate_request& request, const clock& time) {
  using std::chrono::system_clock;
  const auto now = system_clock::to_time_t(time.wall());
  const auto from = now - request.backdated.count();
  const auto until = now + request.lifetime.count();
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr;
}

struct signer {
  X509* certificate;  // null: the certificate signs itself
  EVP_PKEY* key;
};

struct extension {
  int nid;
  std::string value;
};

// `by` without a certificate: self-signed with the new key.
result<key_pair> make(const certificate_request& request, const clock& time, signer by,
                      const std::vector<extension>& extensions) {
  if (request.common_name.empty() || request.common_name.size() > 64)
    return fail(error_code::invalid_input,
                fmt::format("{} is not a common name, which has 1 to 64 bytes", quoted(request.common_name)));
  const owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const owned<X509> certificate(X509_new());
  if (!key || !certificate) return openssl_failed("making a key");
  X509* c = certificate.get();
  X509_NAME* subject = X509_get_subject_name(c);
  const auto* name = reinterpret_cast<const unsigned char*>(request.common_name.data());
  X509* issuer = by.certificate == nullptr ? c : by.certificate;
  bool good = X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) && set_validity(c, request, time) &&
              X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name,
                                         static_cast<int>(request.common_name.size()), -1, 0) == 1 &&
              X509_set_issuer_name(c, X509_get_subject_name(issuer)) == 1 && X509_set_pubkey(c, key.get()) == 1;
  for (const auto& e : extensions) good = good && add_extension(c, issuer, e.nid, e.value);
  if (!good || X509_sign(c, by.certificate == nullptr ? key.get() : by.key, EVP_sha256()) == 0)
    return openssl_failed("making a certificate");

  const owned<BIO> certificate_out(BIO_new(BIO_s_mem()));
  const owned<BIO> key_out(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_X509(certificate_out.get(), c) != 1 ||
      PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_failed("writing a certificate");
  return key_pair{text_of(certificate_out.get()), secret(text_of(key_out.get()))};
}

}  // namespace

result<key_pair> make_authority(const certificate_request& request, const clock& time) {
  return make(request, time, {nullptr, nullptr},
              {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
               {NID_key_usage, "critical,keyCertSign,cRLSign"},
               {NID_subject_key_identifier, "hash"}});
}

result<key_pair> make_leaf(const key_pair& authority, const certificate_request& request, const clock& time) {
  const auto certificate_in = reading(authority.certificate);
  const auto key_in = reading(authority.key.reveal());
  const owned<X509> issuer(PEM_read_bio_X509(certificate_in.get(), nullptr, nullptr, nullptr));
  const owned<EVP_PKEY> issuer_key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1 ||
      X509_check_ca(issuer.get()) != 1) {
    ERR_clear_error();
    return fail(error_code::invalid_input, "the authority must be a CA certificate with its key");
  }
  const auto names = alternative_names(request);
  if (!names) return fail(names.error());
  if (names->empty())
    return fail(error_code::invalid_input,
                fmt::format("a certificate for {} needs a host name or an address", quoted(request.common_name)));
  return make(request, time, {issuer.get(), issuer_key.get()},
              {{NID_basic_constraints, "critical,CA:FALSE"},
               {NID_key_usage, "critical,digitalSignature"},
               {NID_ext_key_usage, "serverAuth"},
               {NID_subject_key_identifier, "hash"},
               {NID_authority_key_identifier, "keyid:always"},
               {NID_subject_alt_name, *names}});
}

}  // namespace pinhook
