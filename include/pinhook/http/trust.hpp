// The authorities whose signatures on a server's certificate are trusted.
//
// Construction on one thread; the store is reference-counted by OpenSSL and may be used from any.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <memory>
#include <vector>

struct x509_store_st;

namespace pinhook::http {

/// A store with all certificates of `authorities` and, by default, the system's. The system's are OpenSSL's directory,
/// or where that is not prepared the bundle that libcurl was built with; SSL_CERT_DIR and SSL_CERT_FILE replace them. A
/// certificate that is itself in the store is trusted even when it is not an authority. invalid_input: one of
/// `authorities` cannot be read or holds no certificate.
[[nodiscard]] result<std::shared_ptr<x509_store_st>> make_trust_store(const std::vector<pem>& authorities,
                                                                      bool with_system = true);

}  // namespace pinhook::http
