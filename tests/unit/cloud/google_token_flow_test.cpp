// Each way to a token with a failure at each step; the requests as they are sent.
#include <pinhook/cloud/google_token_flow.hpp>

#include "support/fake_http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::respond;
using ::testing::StartsWith;
using outcome = result<http::response>;

const wall_time now{std::chrono::seconds(1'767'225'600)};
constexpr const char* impersonation =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:"
    "generateAccessToken";

std::string external(const std::string& source, bool impersonates = false) {
  return R"({"type":"external_account","audience":"//iam/p","subject_token_type":"urn:jwt","token_url":)"
         R"("https://sts.googleapis.com/v1/token","credential_source":)" +
         source +
         (impersonates ? std::string(R"(,"service_account_impersonation_url":")") + impersonation + "\"}" : "}");
}

std::string key_file() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  std::string pem(text, static_cast<std::size_t>(size));
  for (auto at = pem.find('\n'); at != std::string::npos; at = pem.find('\n')) pem.replace(at, 1, "\\n");
  return R"({"type":"service_account","client_email":"a@b","private_key_id":"7","token_uri":"https://evil.example/",)"
         R"("private_key":")" +
         pem + "\"}";
}

outcome metadata(const std::string& body, int status = 200) {
  return respond(status, {{"Metadata-Flavor", "Google"}}, body);
}

// Everything secret that the tests show; no message may hold it.
void expect_no_secret(const std::string& message) {
  for (const char* one : {"subject-secret", "federated-secret", "final-secret", "client-secret", "refresh-secret",
                          "PRIVATE KEY", "header-secret"})
    EXPECT_THAT(message, Not(HasSubstr(one)));
}

struct GoogleTokenFlow : ::testing::Test {
  void begin(environment variables) {
    flow = std::make_unique<google_token_flow>(std::move(variables));
    step = flow->start();
  }
  void begin_with(const std::string& credentials) {
    begin({{"GOOGLE_APPLICATION_CREDENTIALS", "/etc/adc.json"}});
    EXPECT_EQ(reading().file, "/etc/adc.json");
    EXPECT_EQ(reading().limit, max_google_credentials_size);
    give_file(secret(credentials));
  }
  void give_file(const result<secret>& content) { step = flow->file_read(content, now); }
  void give(const outcome& reply) { step = flow->answered(reply, now); }
  void give(int status, const std::string& body) { give(respond(status, {}, body)); }

  const google_read& reading() { return std::get<google_read>(step); }
  const google_send& sending() { return std::get<google_send>(step); }
  std::string body() { return sending().request.body->reveal(); }
  std::string token() {
    const auto* got = std::get_if<access_token>(&step);
    return got == nullptr ? "none" : got->token.reveal();
  }
  error failure() {
    const auto* e = std::get_if<error>(&step);
    EXPECT_NE(e, nullptr);
    if (e == nullptr) return {};
    expect_no_secret(e->message);
    return *e;
  }

  // After `reach` the flow waits for an answer: every failure names the step.
  void expect_failures(const std::string& name, const std::function<void()>& reach, const std::string& secret_sent) {
    struct row {
      outcome reply;
      error_code code;
      std::string says;
    };
    const std::string echo = R"({"error":"invalid_grant","error_description":"bad )" + secret_sent + R"( here"})";
    for (const auto& [reply, code, says] : std::vector<row>{
             {fail(error_code::timed_out, "no answer in time"), error_code::timed_out, "no answer in time"},
             {fail(error_code::malformed, "the body has more than 65536 bytes"), error_code::malformed, "65536"},
             {metadata(echo, 400), error_code::denied, "HTTP 400, \"invalid_grant\": \"bad "},
             {metadata(R"({"error":{"status":"PERMISSION_DENIED","message":"no"}})", 403), error_code::denied,
              "HTTP 403, \"PERMISSION_DENIED\": \"no\""},
             {metadata("", 429), error_code::rate_limited, "HTTP 429"},
             {metadata("oops", 503), error_code::unavailable, "HTTP 503, \"oops\""},
             {metadata("", 302), error_code::malformed, "redirect"},
             {metadata("{"), error_code::malformed, ""},
             {metadata("{}"), error_code::malformed, ""},
             {metadata(R"({"Access_Token":"final-secret","AccessToken":"final-secret","expires_in":3600})"),
              error_code::malformed, ""},
         }) {
      reach();
      give(reply);
      EXPECT_EQ(failure().code, code) << name;
      EXPECT_THAT(failure().message, StartsWith(name));
      EXPECT_THAT(failure().message, HasSubstr(says));
    }
  }

  std::unique_ptr<google_token_flow> flow;
  google_step step;
};

// ---- The metadata server ----

TEST_F(GoogleTokenFlow, AsksTheMetadataServerWhenNothingIsConfigured) {
  begin({});
  EXPECT_TRUE(sending().to_metadata);
  EXPECT_EQ(sending().request.verb, http::method::get);
  EXPECT_EQ(sending().request.url, "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token");
  EXPECT_EQ(http::find_header(sending().request.headers, "Metadata-Flavor"), "Google");
  give(metadata(R"({"access_token":"final-secret","expires_in":3599,"token_type":"Bearer"})"));
  EXPECT_EQ(token(), "final-secret");
  EXPECT_EQ(std::get<access_token>(step).life, 3599s);
}

TEST_F(GoogleTokenFlow, AsksTheMetadataServerThatIsNamed) {
  for (const char* host : {"127.0.0.1:8080", "metadata.google.internal", "[fd20:ce::254]"}) {
    begin({{"GCE_METADATA_HOST", host}});
    EXPECT_EQ(sending().request.url,
              "http://" + std::string(host) + "/computeMetadata/v1/instance/service-accounts/default/token");
  }
  for (const char* host : {"a/b", "user@host", "a b", "a?b", "http://x", "a\nb"}) {
    begin({{"GCE_METADATA_HOST", host}});
    EXPECT_EQ(failure().code, error_code::invalid_input) << host;
    EXPECT_THAT(failure().message, HasSubstr("GCE_METADATA_HOST"));
  }
}

TEST_F(GoogleTokenFlow, BelievesGooglesMetadataServerAlone) {
  const std::string good = R"({"access_token":"final-secret","expires_in":3599})";
  for (const auto& headers : {http::headers{}, http::headers{{"Metadata-Flavor", "google"}},
                              http::headers{{"Metadata-Flavor", ""}}, http::headers{{"Metadata", "true"}}})
    for (const int status : {200, 404}) {
      begin({});
      give(respond(status, headers, good));
      EXPECT_EQ(failure().code, error_code::malformed);
      EXPECT_THAT(failure().message, StartsWith("Google: metadata server: HTTP " + std::to_string(status)));
      EXPECT_THAT(failure().message, HasSubstr("Metadata-Flavor"));
    }
}

TEST_F(GoogleTokenFlow, AsksAgainForATokenThatIsAboutToEnd) {
  begin({});
  give(metadata(R"({"access_token":"old","expires_in":9})"));
  EXPECT_TRUE(sending().to_metadata);
  give(metadata(R"({"access_token":"new","expires_in":3600})"));
  EXPECT_EQ(token(), "new");

  begin({});
  for (int i = 0; i < 2; ++i) {
    give(metadata(R"({"access_token":"old","expires_in":9})"));
    ASSERT_TRUE(std::holds_alternative<google_send>(step)) << i;
  }
  give(metadata(R"({"access_token":"last","expires_in":9})"));
  EXPECT_EQ(token(), "last");

  begin({});
  give(metadata(R"({"access_token":"enough","expires_in":10})"));
  EXPECT_EQ(token(), "enough");
}

TEST_F(GoogleTokenFlow, MetadataFailuresNameTheStep) {
  expect_failures("Google: metadata server: ", [this] { begin({}); }, "");
}

// ---- The file ----

TEST_F(GoogleTokenFlow, AFileThatFailsIsTheEnd) {
  for (const auto code : {error_code::not_found, error_code::denied, error_code::unavailable}) {
    begin({{"GOOGLE_APPLICATION_CREDENTIALS", "/etc/adc.json"}});
    give_file(fail(code, "cannot read /etc/adc.json: why"));
    EXPECT_EQ(failure().code, error_code::unavailable);
    EXPECT_EQ(failure().message, "Google: GOOGLE_APPLICATION_CREDENTIALS: cannot read /etc/adc.json: why");
  }
  begin({{"GOOGLE_APPLICATION_CREDENTIALS", "/etc/adc.json"}});
  give_file(fail(error_code::invalid_input, "/etc/adc.json has more than 65536 bytes"));
  EXPECT_EQ(failure().code, error_code::invalid_input);
  begin_with("{}");
  EXPECT_EQ(failure().code, error_code::invalid_input);
  EXPECT_THAT(failure().message, StartsWith("Google: GOOGLE_APPLICATION_CREDENTIALS: /etc/adc.json: \"type\""));
  begin_with(external(R"({"environment_id":"aws1"})"));
  EXPECT_EQ(failure().code, error_code::unsupported);
}

// ---- Keys and users ----

TEST_F(GoogleTokenFlow, AKeySignsForAToken) {
  const std::string file = key_file();
  begin_with(file);
  EXPECT_FALSE(sending().to_metadata);
  EXPECT_EQ(sending().request.verb, http::method::post);
  EXPECT_EQ(sending().request.url, "https://oauth2.googleapis.com/token") << "not where the file says";
  EXPECT_EQ(http::find_header(sending().request.headers, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_THAT(body(), StartsWith("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ"));
  const std::string assertion = body().substr(body().find("assertion=") + 10);
  give(200, R"({"access_token":"final-secret","expires_in":3599})");
  EXPECT_EQ(token(), "final-secret");

  begin_with(file);
  give(400, R"({"error":"invalid_grant","error_description":"bad )" + assertion + "\"}");
  EXPECT_EQ(failure().message, R"(Google: service account key: HTTP 400, "invalid_grant": "bad [redacted]")");
  expect_failures("Google: service account key: ", [&] { begin_with(file); }, "");
}

TEST_F(GoogleTokenFlow, AKeyThatIsNoneIsNamed) {
  begin_with(R"({"type":"service_account","client_email":"a@b","private_key":"subject-secret"})");
  EXPECT_EQ(failure().code, error_code::invalid_input);
  EXPECT_EQ(failure().message,
            "Google: service account key: /etc/adc.json: \"private_key\" is not a private key in PEM");
}

TEST_F(GoogleTokenFlow, AUsersRefreshTokenIsChanged) {
  const std::string file =
      R"({"type":"authorized_user","client_id":"c.apps","client_secret":"client-secret","refresh_token":"refresh-secret"})";
  begin_with(file);
  EXPECT_EQ(sending().request.url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(body(),
            "grant_type=refresh_token&client_id=c.apps&client_secret=client-secret&refresh_token=refresh-secret");
  give(200, R"({"access_token":"final-secret","expires_in":3599})");
  EXPECT_EQ(token(), "final-secret");
  expect_failures("Google: refresh token of a user: ", [&] { begin_with(file); }, "refresh-secret");
}

// ---- Workload identity federation ----

TEST_F(GoogleTokenFlow, ASubjectTokenFromAFileIsExchanged) {
  begin_with(external(R"({"file":"/var/run/token"})"));
  EXPECT_EQ(reading().file, "/var/run/token");
  EXPECT_EQ(reading().limit, max_subject_token_size);
  give_file(secret("  subject-secret\n"));
  EXPECT_FALSE(sending().to_metadata);
  EXPECT_EQ(sending().request.verb, http::method::post);
  EXPECT_EQ(sending().request.url, "https://sts.googleapis.com/v1/token");
  EXPECT_FALSE(sending().request.authorization);
  EXPECT_EQ(body(),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=%2F%2Fiam%2Fp"
            "&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform"
            "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
            "&subject_token=subject-secret&subject_token_type=urn%3Ajwt");
  give(200, R"({"access_token":"federated-secret","issued_token_type":"x","token_type":"Bearer","expires_in":3600})");
  EXPECT_EQ(token(), "federated-secret");
}

TEST_F(GoogleTokenFlow, ASubjectTokenMayStandInJson) {
  const std::string file = external(R"({"file":"/t","format":{"type":"json","subject_token_field_name":"id_token"}})");
  begin_with(file);
  give_file(secret(R"({"id_token":"subject-secret"})"));
  EXPECT_THAT(body(), HasSubstr("subject_token=subject-secret&"));
  for (const char* text :
       {"subject-secret", R"({"ID_TOKEN":"subject-secret"})", R"({"id_token":7})", R"({"id_token":""})", "{}", ""}) {
    begin_with(file);
    give_file(secret(text));
    EXPECT_EQ(failure().code, error_code::malformed) << text;
    EXPECT_THAT(failure().message, StartsWith("Google: subject token: "));
  }
}

TEST_F(GoogleTokenFlow, SubjectFilesThatFailAreNamed) {
  struct row {
    result<secret> content;
    error_code code;
  };
  for (const auto& [content, code] :
       std::vector<row>{{fail(error_code::not_found, "cannot read /t: why"), error_code::unavailable},
                        {fail(error_code::denied, "cannot read /t: why"), error_code::unavailable},
                        {fail(error_code::invalid_input, "/t has more than 16384 bytes"), error_code::invalid_input},
                        {secret(""), error_code::malformed},
                        {secret(" \n"), error_code::malformed}}) {
    begin_with(external(R"({"file":"/t"})"));
    give_file(content);
    EXPECT_EQ(failure().code, code);
    EXPECT_THAT(failure().message, StartsWith("Google: subject token: "));
  }
}

TEST_F(GoogleTokenFlow, ASubjectTokenMayBeAskedFor) {
  const auto reach = [this] {
    begin_with(external(R"({"url":"http://127.0.0.1:9/t?x=y","headers":{"Metadata":"True","Authorization":)"
                        R"("header-secret"},"format":{"type":"json","subject_token_field_name":"access_token"}})"));
  };
  reach();
  EXPECT_TRUE(sending().to_metadata);
  EXPECT_EQ(sending().request.verb, http::method::get);
  EXPECT_EQ(sending().request.url, "http://127.0.0.1:9/t?x=y");
  EXPECT_EQ(http::find_header(sending().request.headers, "Metadata"), "True");
  EXPECT_EQ(http::find_header(sending().request.headers, "Authorization"), "header-secret");
  EXPECT_EQ(sending().request.limits.body, max_subject_token_size);
  give(200, R"({"access_token":"subject-secret"})");
  EXPECT_THAT(body(), HasSubstr("subject_token=subject-secret&"));
  expect_failures("Google: subject token: ", reach, "header-secret");

  begin_with(external(R"({"url":"https://issuer.example/t"})"));
  give(200, std::string(max_subject_token_size + 1, 's'));
  EXPECT_EQ(failure().message, "Google: subject token: it has more than 16384 bytes");
  begin_with(external(R"({"url":"https://issuer.example/t"})"));
  give(200, std::string(max_subject_token_size, 's'));
  EXPECT_TRUE(std::holds_alternative<google_send>(step));

  begin_with(external(R"({"url":"https://issuer.example/t"})"));
  EXPECT_FALSE(sending().to_metadata);
  give(200, "subject-secret\n");
  EXPECT_THAT(body(), HasSubstr("subject_token=subject-secret&"));
}

TEST_F(GoogleTokenFlow, ExchangeFailuresNameTheStep) {
  expect_failures(
      "Google: STS token exchange: ",
      [this] {
        begin_with(external(R"({"file":"/t"})"));
        give_file(secret("subject-secret"));
      },
      "subject-secret");
}

struct GoogleImpersonation : GoogleTokenFlow {
  void reach() {
    begin_with(external(R"({"file":"/t"})", true));
    give_file(secret("subject-secret"));
    give(200, R"({"access_token":"federated-secret","expires_in":3600})");
  }
};

TEST_F(GoogleImpersonation, TheFederatedTokenMayStandForAServiceAccount) {
  reach();
  EXPECT_FALSE(sending().to_metadata);
  EXPECT_EQ(sending().request.verb, http::method::post);
  EXPECT_EQ(sending().request.url, impersonation);
  EXPECT_EQ(sending().request.authorization->reveal(), "Bearer federated-secret");
  EXPECT_EQ(http::find_header(sending().request.headers, "Content-Type"), "application/json");
  EXPECT_EQ(body(), R"({"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"3600s"})");
  give(200, R"({"accessToken":"final-secret","expireTime":"2026-01-01T00:30:00Z"})");
  EXPECT_EQ(token(), "final-secret");
  EXPECT_EQ(std::get<access_token>(step).life, 1800s);
}

// Whatever our clock makes of its end.
TEST_F(GoogleImpersonation, ATokenLivesNoLongerThanItWasAskedFor) {
  reach();
  give(200, R"({"accessToken":"final-secret","expireTime":"2026-01-01T04:00:00Z"})");
  EXPECT_EQ(std::get<access_token>(step).life, 3600s);
}

TEST_F(GoogleImpersonation, FailuresNameTheStep) {
  expect_failures("Google: generateAccessToken: ", [this] { reach(); }, "federated-secret");
  for (const char* text : {R"({"accessToken":"final-secret"})", R"({"accessToken":"final-secret","expireTime":"soon"})",
                           R"({"accessToken":"final-secret","expireTime":"2026-01-01T00:00:00Z"})",
                           R"({"accessToken":"final-secret","expireTime":"2025-01-01T00:00:00Z"})",
                           R"({"expireTime":"2026-01-01T00:30:00Z"})"}) {
    reach();
    give(200, text);
    EXPECT_EQ(failure().code, error_code::malformed) << text;
    EXPECT_THAT(failure().message, StartsWith("Google: generateAccessToken: "));
  }
}

}  // namespace
}  // namespace pinhook::cloud
