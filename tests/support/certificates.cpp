#include "support/certificates.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>

namespace pinhook::testing {
namespace {

void check(bool good, const char* action) {
  if (!good) throw std::runtime_error(std::string("OpenSSL: ") + action);
}

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using x509_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using key_ptr = std::shared_ptr<EVP_PKEY>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const bio_ptr bio(BIO_new(BIO_s_mem()), BIO_free);
  check(PEM_write_bio_X509(bio.get(), certificate) == 1, "writing a certificate");
  return text_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const bio_ptr bio(BIO_new(BIO_s_mem()), BIO_free);
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "writing a key");
  return text_of(bio.get());
}

key_ptr make_key() {
  key_ptr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  check(key != nullptr, "making a key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  check(extension != nullptr, value.c_str());
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  check(added, "adding an extension");
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(name, not_an_address);
    if (!out.empty()) out += ',';
    if (name.starts_with("URI:"))
      out += name;
    else
      out += (not_an_address ? "DNS:" : "IP:") + name;
  }
  return out;
}

// With the certificate's own name and key as issuer it is signed by itself.
x509_ptr make_certificate(const leaf_options& o, EVP_PKEY* key, const std::string& issuer_name, EVP_PKEY* issuer_key,
                          bool is_authority) {
  x509_ptr certificate(X509_new(), X509_free);
  check(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1, "making a certificate");
  std::uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random bytes");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), (serial >> 2U) + 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), o.not_before.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), o.not_after.count());
  const auto set_name = [](X509_NAME* name, const std::string& text) {
    check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()),
                                     -1, -1, 0) == 1,
          "naming a certificate");
  };
  set_name(X509_get_subject_name(certificate.get()), o.common_name);
  X509_NAME* issuer = X509_NAME_new();
  set_name(issuer, issuer_name);
  X509_set_issuer_name(certificate.get(), issuer);
  X509_NAME_free(issuer);
  check(X509_set_pubkey(certificate.get(), key) == 1, "setting the key");
  if (is_authority) {
    add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(certificate.get(), certificate.get(), NID_ext_key_usage, o.usage);
    add_extension(certificate.get(), certificate.get(), NID_subject_alt_name, alternative_names(o.names));
  }
  check(X509_sign(certificate.get(), issuer_key, EVP_sha256()) != 0, "signing");
  return certificate;
}

}  // namespace

temporary_directory::temporary_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "pinhook-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory: " + pattern);
  path_ = pattern;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path temporary_directory::write(std::string_view name, std::string_view text) const {
  const auto whole = path_ / name;
  const auto partial = path_ / (std::string(name) + ".partial");
  std::filesystem::create_directories(whole.parent_path());
  std::ofstream out(partial, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + partial.string());
  std::filesystem::rename(partial, whole);
  return whole;
}

certificate_authority::certificate_authority(std::string common_name)
    : common_name_(std::move(common_name)), key_(make_key()) {
  leaf_options o;
  o.common_name = common_name_;
  certificate_ = pem_of(make_certificate(o, key_.get(), common_name_, key_.get(), true).get());
}

key_pair certificate_authority::issue(const leaf_options& o) const {
  const key_ptr key = make_key();
  return {pem_of(make_certificate(o, key.get(), common_name_, key_.get(), false).get()), pem_of(key.get())};
}

key_pair certificate_authority::self_signed(const leaf_options& o) {
  const key_ptr key = make_key();
  return {pem_of(make_certificate(o, key.get(), o.common_name, key.get(), false).get()), pem_of(key.get())};
}

}  // namespace pinhook::testing
