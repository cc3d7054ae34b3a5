// Translates libcurl's errors: the one place that knows its codes.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <curl/curl.h>

#include <string>

namespace pinhook::http {

/// The end of a transfer.
struct curl_outcome {
  CURLcode code = CURLE_OK;
  /// "example.com:443": every message starts with it.
  std::string endpoint;
  /// CURLINFO_SSL_VERIFYRESULT: OpenSSL's reason for not trusting the certificate (X509_V_ERR_…), or 0.
  long verify_result = 0;
  /// CURLINFO_OS_ERRNO: the system's reason for a failed connection, or 0.
  long os_error = 0;
  /// CURLOPT_ERRORBUFFER. May hold text of the peer: it is quoted.
  std::string detail;
  /// The peer's answer had begun.
  bool has_status = false;
  /// The request went through a proxy, which `endpoint` names then.
  bool is_proxied = false;
  /// CURLINFO_HTTP_CONNECTCODE: the proxy's answer to the request for a tunnel, or 0.
  long proxy_status = 0;
  /// CURLINFO_PROXY_SSL_VERIFYRESULT: the same as `verify_result` for an https proxy's certificate.
  long proxy_verify_result = 0;
};

/// `o.code` is not CURLE_OK.
[[nodiscard]] error from_curl(const curl_outcome& o);

/// The status with which a proxy requires a user name and password.
inline constexpr long proxy_wants_credentials = 407;

/// Translates a proxy's refusal: denied for 401, 403, 405 and 407 (its rules, or its credentials), else unavailable.
[[nodiscard]] error from_proxy_status(const std::string& endpoint, long status);

/// True when such an error is a plain HTTP server's answer to a TLS handshake.
[[nodiscard]] bool speaks_plain_http(const error& e);

}  // namespace pinhook::http
