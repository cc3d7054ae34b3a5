#include <pinhook/http/curl_error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <set>

namespace pinhook::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

error translate(CURLcode code, long verify = 0, long os_error = 0, std::string detail = "") {
  curl_outcome o;
  o.code = code;
  o.endpoint = "one.example:443";
  o.verify_result = verify;
  o.os_error = os_error;
  o.detail = std::move(detail);
  return from_curl(o);
}

TEST(CurlError, EveryCodeGetsWordsAndTheEndpoint) {
  for (int code = 1; code < CURL_LAST; ++code) {
    const error e = translate(static_cast<CURLcode>(code));
    EXPECT_THAT(e.message, StartsWith("one.example:443: ")) << code;
    EXPECT_GT(e.message.size(), std::string("one.example:443: ").size()) << code;
  }
}

TEST(CurlError, TellsWhatTheCallerCanDecideOn) {
  EXPECT_EQ(translate(CURLE_COULDNT_RESOLVE_HOST).code, error_code::unavailable);
  EXPECT_EQ(translate(CURLE_COULDNT_CONNECT).code, error_code::unavailable);
  EXPECT_EQ(translate(CURLE_SSL_CONNECT_ERROR).code, error_code::unavailable);
  EXPECT_EQ(translate(CURLE_RECV_ERROR).code, error_code::unavailable);
  EXPECT_EQ(translate(CURLE_GOT_NOTHING).code, error_code::unavailable);
  EXPECT_EQ(translate(CURLE_PARTIAL_FILE).code, error_code::malformed);
  EXPECT_EQ(translate(CURLE_UNSUPPORTED_PROTOCOL).code, error_code::malformed);
  EXPECT_EQ(translate(CURLE_WEIRD_SERVER_REPLY).code, error_code::malformed);
  EXPECT_EQ(translate(CURLE_URL_MALFORMAT).code, error_code::invalid_input);
  EXPECT_EQ(translate(CURLE_BAD_FUNCTION_ARGUMENT).code, error_code::internal);
}

TEST(CurlError, TellsBrokenChunksFromABrokenConnection) {
  for (const char* detail :
       {"Malformed encoding found in chunked-encoding", "chunk hex-length char not a hex digit: 0x6e"})
    EXPECT_EQ(translate(CURLE_RECV_ERROR, 0, 0, detail).code, error_code::malformed) << detail;
  EXPECT_EQ(translate(CURLE_RECV_ERROR, 0, ECONNRESET, "Recv failure: Connection reset by peer").code,
            error_code::unavailable);
}

// As curl 8.14 reports it: the code of a connection that broke, with OpenSSL's words.
TEST(CurlError, TellsACutAnswerFromNone) {
  curl_outcome o;
  o.code = CURLE_RECV_ERROR;
  o.detail = "OpenSSL SSL_read: OpenSSL/3.5.9: error:0A000126:SSL routines::unexpected eof while reading, errno 0";
  EXPECT_EQ(from_curl(o).code, error_code::unavailable);
  o.has_status = true;
  EXPECT_EQ(from_curl(o).code, error_code::malformed);
}

TEST(CurlError, KnowsALongLineByTheCodesOfBothVersions) {
  constexpr int too_large = 100;
  for (const auto code : {CURLE_OUT_OF_MEMORY, static_cast<CURLcode>(too_large)})
    EXPECT_THAT(translate(code).message, HasSubstr("header line")) << code;
  EXPECT_THAT(translate(CURLE_OUT_OF_MEMORY).message, HasSubstr("transfer coding"));
}

TEST(CurlError, TellsPlainHttpFromBrokenTls) {
  const auto with = [](const char* detail) { return translate(CURLE_SSL_CONNECT_ERROR, 0, 0, detail); };
  EXPECT_TRUE(speaks_plain_http(with("error:0A00010B:SSL routines::wrong version number")));
  EXPECT_TRUE(speaks_plain_http(with("error:1408F10B:SSL routines:ssl3_get_record:wrong version number")));
  EXPECT_FALSE(speaks_plain_http(with("error:0A000410:SSL routines::sslv3 alert handshake failure")));
  EXPECT_FALSE(speaks_plain_http(translate(CURLE_RECV_ERROR, 0, 0, "wrong version number")));
}

TEST(CurlError, SaysWhyTheSystemDidNotConnect) {
  EXPECT_THAT(translate(CURLE_COULDNT_CONNECT, 0, ECONNREFUSED).message, HasSubstr("Connection refused"));
}

TEST(CurlError, SaysWhatToDoAboutTrust) {
  EXPECT_THAT(translate(CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY).message,
              HasSubstr("ca_file"));
  EXPECT_THAT(translate(CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT).message,
              HasSubstr("ca_file"));
  EXPECT_THAT(translate(CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_CERT_HAS_EXPIRED).message, HasSubstr("expired"));
  EXPECT_THAT(translate(CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_UNSPECIFIED, 0, "no match").message,
              AllOf(HasSubstr("other names"), HasSubstr("\"no match\"")));
  EXPECT_THAT(translate(CURLE_PEER_FAILED_VERIFICATION, X509_V_ERR_INVALID_PURPOSE, 0, "unsuitable").message,
              AllOf(HasSubstr("not accepted"), HasSubstr("unsuitable")));
}

TEST(CurlError, TellsWhatMendsIt) {
  const auto trust = [](long result) { return translate(CURLE_PEER_FAILED_VERIFICATION, result).mended_by; };
  EXPECT_EQ(translate(CURLE_COULDNT_RESOLVE_HOST).mended_by, remedy::name_resolution);
  EXPECT_EQ(translate(CURLE_COULDNT_CONNECT).mended_by, remedy::of_code);
  EXPECT_EQ(trust(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN), remedy::configuration);
  EXPECT_EQ(trust(X509_V_ERR_CERT_HAS_EXPIRED), remedy::in_message) << "no configuration helps";
  EXPECT_EQ(trust(X509_V_ERR_CERT_REVOKED), remedy::of_code);
  EXPECT_EQ(trust(X509_V_ERR_INVALID_PURPOSE), remedy::of_code);
  EXPECT_EQ(from_proxy_status("r.example:443", 407).mended_by, remedy::configuration);
  EXPECT_EQ(from_proxy_status("r.example:443", 403).mended_by, remedy::other_source);
  EXPECT_EQ(from_proxy_status("r.example:443", 502).mended_by, remedy::of_code);
}

TEST(CurlError, QuotesThePeersText) {
  EXPECT_THAT(translate(CURLE_WEIRD_SERVER_REPLY, 0, 0, "a\r\nb").message, HasSubstr(R"("a\x0d\x0ab")"));
}

// --- Proxies ---

error by_proxy(CURLcode code, long proxy_status, long proxy_verify = 0) {
  curl_outcome o;
  o.code = code;
  o.endpoint = "one.example:443 through the proxy proxy.example:3128";
  o.is_proxied = true;
  o.proxy_status = proxy_status;
  o.proxy_verify_result = proxy_verify;
  return from_curl(o);
}

TEST(CurlError, ProxiesRefuseByTheirRulesOrFail) {
  struct row {
    long status;
    error_code code;
    const char* words;
  };
  for (const auto& [status, code, words] : {
           row{407, error_code::denied, "requires a user name and password (HTTP 407)"},
           row{403, error_code::denied, "refuses to connect (HTTP 403)"},
           row{401, error_code::denied, "refuses to connect (HTTP 401)"},
           row{405, error_code::denied, "refuses to connect (HTTP 405)"},
           row{502, error_code::unavailable, "could not connect (HTTP 502)"},
           row{504, error_code::unavailable, "could not connect (HTTP 504)"},
           row{302, error_code::unavailable, "could not connect (HTTP 302)"},
       }) {
    const error e = by_proxy(CURLE_RECV_ERROR, status);
    EXPECT_EQ(e.code, code) << status;
    EXPECT_THAT(e.message, StartsWith("one.example:443 through the proxy proxy.example:3128: the proxy ")) << status;
    EXPECT_THAT(e.message, HasSubstr(words)) << status;
  }
}

TEST(CurlError, TellsTheProxysTroublesFromTheServers) {
  EXPECT_THAT(by_proxy(CURLE_COULDNT_CONNECT, 0).message, HasSubstr("no connection to the proxy"));
  EXPECT_THAT(by_proxy(CURLE_COULDNT_RESOLVE_PROXY, 0).message, HasSubstr("the proxy's host name does not resolve"));
  EXPECT_THAT(by_proxy(CURLE_PEER_FAILED_VERIFICATION, 0, X509_V_ERR_CERT_HAS_EXPIRED).message,
              HasSubstr(": the proxy: its certificate has expired"));
  EXPECT_THAT(by_proxy(CURLE_SSL_CONNECT_ERROR, 200).message, HasSubstr("no TLS connection behind the proxy"));
  EXPECT_THAT(by_proxy(CURLE_SSL_CONNECT_ERROR, 0).message, HasSubstr("no TLS connection: does it speak HTTPS?"));
  EXPECT_THAT(by_proxy(CURLE_GOT_NOTHING, 200).message, HasSubstr("closed without an answer"));
}

}  // namespace
}  // namespace pinhook::http
