#include "support/certificates.hpp"
#include "support/timestamp_authority.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ts.h>

#include <array>
#include <chrono>
#include <stdexcept>

namespace pinhook::testing {
namespace {

using bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

void check(bool is_good, const char* action) {
  if (!is_good) throw std::runtime_error(std::string("OpenSSL: ") + action);
}

bio reader_of(const std::string& bytes) {
  return {BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), BIO_free_all};
}

template <class T>
std::string der_of(int (*write)(const T*, unsigned char**), const T* value) {
  unsigned char* bytes = nullptr;
  const int size = write(value, &bytes);
  check(size > 0, "writing DER");
  std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::string request_for(const std::string& data) {
  const std::unique_ptr<TS_REQ, decltype(&TS_REQ_free)> request(TS_REQ_new(), TS_REQ_free);
  const std::unique_ptr<TS_MSG_IMPRINT, decltype(&TS_MSG_IMPRINT_free)> imprint(TS_MSG_IMPRINT_new(),
                                                                                TS_MSG_IMPRINT_free);
  const std::unique_ptr<X509_ALGOR, decltype(&X509_ALGOR_free)> by(X509_ALGOR_new(), X509_ALGOR_free);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data());
  X509_ALGOR_set_md(by.get(), EVP_sha256());
  check(TS_MSG_IMPRINT_set_algo(imprint.get(), by.get()) == 1 &&
            TS_MSG_IMPRINT_set_msg(imprint.get(), digest.data(), static_cast<int>(digest.size())) == 1 &&
            TS_REQ_set_version(request.get(), 1) == 1 && TS_REQ_set_msg_imprint(request.get(), imprint.get()) == 1 &&
            TS_REQ_set_cert_req(request.get(), 0) == 1,
        "a request for a timestamp");
  return der_of(i2d_TS_REQ, request.get());
}

ASN1_INTEGER* next_serial(TS_RESP_CTX*, void*) {
  ASN1_INTEGER* out = ASN1_INTEGER_new();
  ASN1_INTEGER_set(out, 1);
  return out;
}

int time_of(TS_RESP_CTX*, void* seconds, long* to, long* fraction) {
  *to = *static_cast<long*>(seconds);
  *fraction = 0;
  return 1;
}

}  // namespace

timestamp_authority::timestamp_authority() {
  constexpr std::chrono::seconds twenty_years = std::chrono::hours(24 * 365 * 20);
  const key_pair made = certificate_authority::self_signed({.common_name = "timestamps",
                                                            .not_before = -twenty_years,
                                                            .not_after = twenty_years,
                                                            .usage = "critical,timeStamping"});
  key_.reset(PEM_read_bio_PrivateKey(reader_of(made.key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  certificate_.reset(PEM_read_bio_X509(reader_of(made.certificate).get(), nullptr, nullptr, nullptr), X509_free);
  check(key_ && certificate_, "reading a certificate with its key");
}

trust::trusted_authority timestamp_authority::trusted() const { return {{der_of(i2d_X509, certificate_.get())}, {}}; }

std::string timestamp_authority::stamp(const std::string& data, wall_time when) const {
  const std::unique_ptr<TS_RESP_CTX, decltype(&TS_RESP_CTX_free)> with(TS_RESP_CTX_new(), TS_RESP_CTX_free);
  const std::unique_ptr<ASN1_OBJECT, decltype(&ASN1_OBJECT_free)> policy(OBJ_txt2obj("1.2.3.4", 1), ASN1_OBJECT_free);
  long seconds = std::chrono::system_clock::to_time_t(when);
  check(TS_RESP_CTX_set_signer_cert(with.get(), certificate_.get()) == 1 &&
            TS_RESP_CTX_set_signer_key(with.get(), key_.get()) == 1 &&
            TS_RESP_CTX_set_signer_digest(with.get(), EVP_sha256()) == 1 &&
            TS_RESP_CTX_set_def_policy(with.get(), policy.get()) == 1 &&
            TS_RESP_CTX_add_md(with.get(), EVP_sha256()) == 1,
        "a timestamp authority");
  TS_RESP_CTX_set_serial_cb(with.get(), next_serial, nullptr);
  TS_RESP_CTX_set_time_cb(with.get(), time_of, &seconds);
  const std::string request = request_for(data);
  const bio from = reader_of(request);
  const std::unique_ptr<TS_RESP, decltype(&TS_RESP_free)> response(TS_RESP_create_response(with.get(), from.get()),
                                                                   TS_RESP_free);
  check(response && TS_RESP_get_token(response.get()) != nullptr, "a timestamp");
  return der_of(i2d_TS_RESP, response.get());
}

}  // namespace pinhook::testing
