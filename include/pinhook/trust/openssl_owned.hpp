// OpenSSL values with owners, for the sources of this floor.
#pragma once

#include <openssl/asn1.h>
#include <openssl/ct.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

struct openssl_closer {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
  void operator()(STACK_OF(X509) * p) const { sk_X509_pop_free(p, X509_free); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
  void operator()(TS_RESP* p) const { TS_RESP_free(p); }
  void operator()(TS_TST_INFO* p) const { TS_TST_INFO_free(p); }
  void operator()(PKCS7* p) const { PKCS7_free(p); }
  void operator()(TS_VERIFY_CTX* p) const { TS_VERIFY_CTX_free(p); }
  void operator()(STACK_OF(SCT) * p) const { SCT_LIST_free(p); }
  void operator()(ASN1_OBJECT* p) const { ASN1_OBJECT_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, openssl_closer>;

inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Null: the bytes are not one certificate.
inline owned<X509> read_certificate(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  owned<X509> out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return out && at == bytes_of(der) + der.size() ? std::move(out) : nullptr;
}

/// Those that can be read.
inline owned<STACK_OF(X509)> read_certificates(const std::vector<std::string>& der, std::size_t from, std::size_t to) {
  owned<STACK_OF(X509)> out(sk_X509_new_null());
  for (std::size_t i = from; out && i < to && i < der.size(); ++i) {
    X509* const one = read_certificate(der[i]).release();
    if (one != nullptr && sk_X509_push(out.get(), one) <= 0) X509_free(one);
  }
  return out;
}

/// A store that trusts one certificate, asked at a moment (seconds since 1970).
inline owned<X509_STORE> store_of(X509* anchor, std::time_t when) {
  owned<X509_STORE> out(X509_STORE_new());
  if (!out || X509_STORE_add_cert(out.get(), anchor) != 1) return nullptr;
  X509_VERIFY_PARAM* with = X509_STORE_get0_param(out.get());
  X509_VERIFY_PARAM_set_time(with, when);
  // An anchor need not be self-signed.
  X509_VERIFY_PARAM_set_flags(with, X509_V_FLAG_PARTIAL_CHAIN);
  return out;
}

}  // namespace pinhook::trust
