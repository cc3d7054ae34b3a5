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
  EXPECT_EQ(translate(CURLE_RECV_ERROR, 0, 0, "Malformed encoding found in chunked-encoding").code,
            error_code::malformed);
  EXPECT_EQ(translate(CURLE_RECV_ERROR, 0, ECONNRESET, "Recv failure: Connection reset by peer").code,
            error_code::unavailable);
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

TEST(CurlError, QuotesThePeersText) {
  EXPECT_THAT(translate(CURLE_WEIRD_SERVER_REPLY, 0, 0, "a\r\nb").message, HasSubstr(R"("a\x0d\x0ab")"));
}

}  // namespace
}  // namespace pinhook::http
