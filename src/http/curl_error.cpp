#include <pinhook/http/curl_error.hpp>

#include <fmt/core.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

namespace pinhook::http {
namespace {

struct row {
  CURLcode code;
  error_code ours;
  std::string_view text;
  bool shows_detail;
  remedy mended_by = remedy::of_code;
};

constexpr std::string_view long_line = "a header line is longer than 100 KiB";
constexpr std::string_view coded_or_long_line =
    "the answer has a transfer coding that was not requested (br, zstd), or a header line longer than 100 KiB";
// CURLE_TOO_LARGE, which curl 7.88 does not have.
constexpr auto too_large = static_cast<CURLcode>(100);

// Other codes are `unavailable` with curl's own text.
constexpr std::array rows{
    row{CURLE_URL_MALFORMAT, error_code::invalid_input, "the URL is malformed", false},
    row{CURLE_COULDNT_RESOLVE_HOST, error_code::unavailable, "the host name does not resolve", false,
        remedy::name_resolution},
    row{CURLE_COULDNT_RESOLVE_PROXY, error_code::unavailable,
        "the proxy's host name does not resolve: check the proxy setting", false, remedy::configuration},
    row{CURLE_COULDNT_CONNECT, error_code::unavailable, "no connection", false},
    row{CURLE_PROXY, error_code::unavailable, "the proxy did not connect", true},
    row{CURLE_OPERATION_TIMEDOUT, error_code::unavailable, "no connection in time, or no data for too long", true},
    row{CURLE_SSL_CONNECT_ERROR, error_code::unavailable,
        "no TLS connection: does it speak HTTPS? (a plain HTTP registry must be configured as such)", true},
    row{CURLE_SEND_ERROR, error_code::unavailable, "the connection broke while sending", true},
    row{CURLE_RECV_ERROR, error_code::unavailable, "the connection broke while receiving", true},
    row{CURLE_GOT_NOTHING, error_code::unavailable, "the connection was closed without an answer", false},
    row{CURLE_HTTP2, error_code::unavailable, "the HTTP/2 connection broke", true},
    row{CURLE_HTTP2_STREAM, error_code::unavailable, "the HTTP/2 stream was closed", true},
    row{CURLE_PARTIAL_FILE, error_code::malformed, "the answer ended before its announced length", false},
    row{CURLE_UNSUPPORTED_PROTOCOL, error_code::malformed, "the peer does not speak HTTP", true},
    row{CURLE_WEIRD_SERVER_REPLY, error_code::malformed, "the peer does not speak HTTP", true},
    row{CURLE_BAD_CONTENT_ENCODING, error_code::malformed, "the answer's encoding is broken", true},
    // "Out of memory" for a header line beyond curl's own 100 KiB (curl 7.88), and for a Transfer-Encoding whose
    // decoder the program leaves out (left_out.cpp.in). curl shows neither line.
    row{CURLE_OUT_OF_MEMORY, error_code::malformed, coded_or_long_line, false},
    row{too_large, error_code::malformed, long_line, false},
    row{CURLE_BAD_FUNCTION_ARGUMENT, error_code::internal, "libcurl refused the request", true},
    row{CURLE_FAILED_INIT, error_code::internal, "libcurl refused the request", true},
};

struct trust_row {
  long result;
  std::string_view text;
  remedy mended_by = remedy::configuration;
};

constexpr std::string_view not_trusted =
    "its certificate is signed by an authority that is not trusted: name the authority's PEM file in ca_file";

constexpr std::array trust_rows{
    trust_row{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, not_trusted},
    trust_row{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, not_trusted},
    trust_row{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, not_trusted},
    trust_row{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, not_trusted},
    trust_row{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
              "its certificate is signed by itself: name it, or its authority's PEM file, in ca_file"},
    trust_row{X509_V_ERR_CERT_HAS_EXPIRED, "its certificate has expired: it must be renewed there", remedy::in_message},
    trust_row{X509_V_ERR_CERT_NOT_YET_VALID, "its certificate is not valid yet: are both clocks right?",
              remedy::in_message},
    trust_row{X509_V_ERR_CERT_REVOKED, "its certificate is revoked", remedy::of_code},
    // curl leaves this when the chain is valid and only the names differ.
    trust_row{X509_V_ERR_UNSPECIFIED, "its certificate is for other names", remedy::of_code},
};

// `whose`: where the certificate is from.
error not_accepted(const curl_outcome& o, std::string_view whose, long result) {
  const auto found =
      std::find_if(trust_rows.begin(), trust_rows.end(), [&](const auto& r) { return r.result == result; });
  const bool is_known = found != trust_rows.end();
  std::string message =
      fmt::format("{}: {}{}", o.endpoint, whose, is_known ? found->text : "its certificate is not accepted");
  if (!is_known || result == X509_V_ERR_UNSPECIFIED) message += ": " + quoted(o.detail);
  return {error_code::unavailable, std::move(message), std::nullopt, is_known ? found->mended_by : remedy::of_code};
}

constexpr std::string_view plain_words = "it answers TLS in plain HTTP";

// OpenSSL takes the first bytes of "HTTP/1.1 400" for a TLS record with an invalid version (or, by 1.1 and older,
// length): ssl/record/methods/tls_common.c.
constexpr std::array<std::string_view, 3> plain_details{"wrong version number", "packet length too long",
                                                        "unknown protocol"};

bool is_plain_answer(const curl_outcome& o) {
  return o.code == CURLE_SSL_CONNECT_ERROR && std::ranges::any_of(plain_details, [&](std::string_view text) {
           return o.detail.find(text) != std::string::npos;
         });
}

}  // namespace

bool speaks_plain_http(const error& e) { return e.message.find(plain_words) != std::string::npos; }

error from_proxy_status(const std::string& endpoint, long status) {
  if (status == proxy_wants_credentials)
    return error{error_code::denied,
                 fmt::format("{}: the proxy requires a user name and password (HTTP 407): put valid ones into its URL",
                             endpoint),
                 std::nullopt, remedy::configuration};
  const bool is_its_rule = status == 401 || status == 403 || status == 405;
  return error{is_its_rule ? error_code::denied : error_code::unavailable,
               fmt::format("{}: the proxy {} (HTTP {})", endpoint,
                           is_its_rule ? "refuses to connect" : "could not connect", status),
               std::nullopt, is_its_rule ? remedy::other_source : remedy::of_code};
}

error from_curl(const curl_outcome& o) {
  constexpr long tunnel_opened = 200;
  if (o.proxy_status != 0 && o.proxy_status / 100 != tunnel_opened / 100)
    return from_proxy_status(o.endpoint, o.proxy_status);
  if (o.code == CURLE_PEER_FAILED_VERIFICATION && o.is_proxied && o.proxy_verify_result != 0)
    return not_accepted(o, "the proxy: ", o.proxy_verify_result);
  if (o.code == CURLE_PEER_FAILED_VERIFICATION) return not_accepted(o, {}, o.verify_result);
  const auto fails_with = [&](std::string_view text) {
    return o.code == CURLE_RECV_ERROR && o.detail.find(text) != std::string::npos;
  };
  // curl reports broken chunks as a failure to receive; only its text shows it: "… in chunked-encoding" (7.88), "chunk
  // hex-length char not a hex digit" (8.14).
  if (fails_with("chunk"))
    return error{error_code::malformed,
                 fmt::format("{}: the answer's framing is broken: {}", o.endpoint, quoted(o.detail)), std::nullopt};
  // An answer over TLS that was cut: curl 8.14 passes on what OpenSSL says, 7.88 counts the bytes.
  if (o.has_status && fails_with("unexpected eof"))
    return error{error_code::malformed, fmt::format("{}: the answer ended before its end", o.endpoint), std::nullopt};
  // Within TLS to a proxy curl 7.88 loses the reason: it sends the alert over another TLS connection, whose errors
  // replace this one's.
  if (o.code == CURLE_SSL_CONNECT_ERROR && o.proxy_status != 0)
    return error{error_code::unavailable,
                 fmt::format("{}: no TLS connection behind the proxy: does it speak HTTPS, and is the authority of its "
                             "certificate trusted (ca_file)? {}",
                             o.endpoint, quoted(o.detail)),
                 std::nullopt};
  if (is_plain_answer(o))
    return error{error_code::unavailable, fmt::format("{}: {}", o.endpoint, plain_words), std::nullopt};
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const row& r) { return r.code == o.code; });
  const row r = found != rows.end() ? *found : row{o.code, error_code::unavailable, curl_easy_strerror(o.code), true};
  std::string message = fmt::format("{}: {}", o.endpoint, r.text);
  if (o.is_proxied && o.code == CURLE_COULDNT_CONNECT) message += " to the proxy";
  if (o.os_error != 0) {
    message += fmt::format(": {}", std::generic_category().message(static_cast<int>(o.os_error)));
  } else if (r.shows_detail && !o.detail.empty()) {
    message += fmt::format(": {}", quoted(o.detail));
  }
  return error{r.ours, std::move(message), std::nullopt, r.mended_by};
}

}  // namespace pinhook::http
