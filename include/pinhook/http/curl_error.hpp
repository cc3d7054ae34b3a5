// What libcurl says went wrong, as an error of ours: the one place that knows its codes.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <curl/curl.h>

#include <string>

namespace pinhook::http {

/// How a transfer ended.
struct curl_outcome {
  CURLcode code = CURLE_OK;
  /// "example.com:443": every message starts with it.
  std::string endpoint;
  /// CURLINFO_SSL_VERIFYRESULT: OpenSSL's reason for not trusting the certificate (X509_V_ERR_…), or 0.
  long verify_result = 0;
  /// CURLINFO_OS_ERRNO: why the connection failed, or 0.
  long os_error = 0;
  /// CURLOPT_ERRORBUFFER. May hold text of the peer: it is quoted.
  std::string detail;
};

/// `o.code` is not CURLE_OK.
[[nodiscard]] error from_curl(const curl_outcome& o);

}  // namespace pinhook::http
