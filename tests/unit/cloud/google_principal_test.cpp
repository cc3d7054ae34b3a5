#include <pinhook/cloud/google_principal.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::string external(const std::string& source, const std::string& more = "",
                     const std::string& token_url = "https://sts.googleapis.com/v1/token") {
  return R"({"type":"external_account","audience":"//iam.googleapis.com/projects/1","subject_token_type":)"
         R"("urn:ietf:params:oauth:token-type:jwt","token_url":")" +
         token_url + "\",\"credential_source\":" + source + more + "}";
}

google_external_account read(const std::string& text) {
  const auto got = parse_google_principal(text);
  if (!got) ADD_FAILURE() << got.error().message;
  return got ? std::get<google_external_account>(*got) : google_external_account{};
}

error failure(const std::string& text) {
  const auto got = parse_google_principal(text);
  EXPECT_FALSE(got) << text;
  return got ? error{} : got.error();
}

TEST(GooglePrincipal, ReadsAFederatedWorkload) {
  const auto plain = read(external(R"({"file":"/var/run/token"})"));
  EXPECT_EQ(plain.audience, "//iam.googleapis.com/projects/1");
  EXPECT_EQ(plain.subject_token_type, "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ(plain.token_url, "https://sts.googleapis.com/v1/token");
  EXPECT_EQ(plain.source.file, "/var/run/token");
  EXPECT_EQ(plain.source.json_field, "");
  EXPECT_EQ(plain.impersonation_url, "");

  const std::string impersonation =
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com"
      ":generateAccessToken";
  const auto rich = read(external(
      R"({"url":"http://127.0.0.1/t?a=b","headers":{"Metadata":"True","X":"y"},"format":{"type":"json","subject_token_field_name":"id_token"}})",
      R"(,"service_account_impersonation_url":")" + impersonation +
          R"(","service_account_impersonation":{"token_lifetime_seconds":1200},"universe_domain":"googleapis.com")"));
  EXPECT_EQ(rich.source.url, "http://127.0.0.1/t?a=b");
  ASSERT_EQ(rich.source.headers.size(), 2U);
  EXPECT_EQ(rich.source.headers[0].name, "Metadata");
  EXPECT_EQ(rich.source.headers[0].value, "True");
  EXPECT_EQ(rich.source.json_field, "id_token");
  EXPECT_EQ(rich.impersonation_url, impersonation);
  EXPECT_EQ(rich.impersonation_life, 1200s);
}

TEST(GooglePrincipal, ReadsKeysAndUsers) {
  const auto key = parse_google_principal(
      R"({"type":"service_account","client_email":"a@b","private_key_id":"7","private_key":"PEM"})");
  ASSERT_TRUE(key);
  EXPECT_EQ(std::get<google_service_account>(*key).email, "a@b");
  EXPECT_EQ(std::get<google_service_account>(*key).key_id, "7");
  EXPECT_EQ(std::get<google_service_account>(*key).private_key.reveal(), "PEM");
  const auto user =
      parse_google_principal(R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"})");
  ASSERT_TRUE(user);
  EXPECT_EQ(std::get<google_authorized_user>(*user).client_id, "c");
  EXPECT_EQ(std::get<google_authorized_user>(*user).client_secret.reveal(), "s");
  EXPECT_EQ(std::get<google_authorized_user>(*user).refresh_token.reveal(), "r");
}

TEST(GooglePrincipal, SaysWhatIsWrong) {
  const std::string file = R"({"file":"/t"})";
  struct row {
    std::string text, says;
  };
  for (const auto& [text, says] : {
           row{"", "JSON"},
           row{"[]", "not a JSON object"},
           row{"{}", "\"type\""},
           row{R"({"Type":"service_account"})", "\"type\""},
           row{R"({"type":"service_account"})", "\"client_email\""},
           row{R"({"type":"service_account","client_email":"a","private_key":7})", "\"private_key\""},
           row{R"({"type":"service_account","client_email":"a","Private_Key":"SECRET-1"})", "\"private_key\""},
           row{R"({"type":"authorized_user","client_id":"c","client_secret":"SECRET-1"})", "\"refresh_token\""},
           row{R"({"type":"external_account"})", "\"audience\""},
           row{external(file, "", "http://sts.googleapis.com/v1/token"), "\"token_url\""},
           row{external(file, "", "https://sts.googleapis.com.evil.example/v1/token"), "\"token_url\""},
           row{external(file, "", "https://iamcredentials.googleapis.com/v1/token"), "\"token_url\""},
           row{external("7"), "\"credential_source\""},
           row{external("{}"), "either \"file\" or \"url\""},
           row{external(R"({"file":"/t","url":"https://x.example/"})"), "either \"file\" or \"url\""},
           row{external(R"({"url":"file:///etc/passwd"})"), "\"url\" is not an http URL"},
           row{external(R"({"url":"https://x.example/","headers":[]})"), "\"headers\" is not an object"},
           row{external(R"({"url":"https://x.example/","headers":{"a":7}})"), "\"headers\""},
           row{external(R"({"file":"/t","format":{"type":"xml"}})"), "\"xml\""},
           row{external(R"({"file":"/t","format":{"type":"json"}})"), "\"subject_token_field_name\""},
           row{external(file, R"(,"service_account_impersonation":{"token_lifetime_seconds":599})"), "600"},
           row{external(file, R"(,"service_account_impersonation":{"token_lifetime_seconds":43201})"), "43200"},
       }) {
    const error e = failure(text);
    EXPECT_EQ(e.code, error_code::invalid_input) << text;
    EXPECT_THAT(e.message, HasSubstr(says)) << text;
    EXPECT_THAT(e.message, Not(HasSubstr("SECRET"))) << text;
  }
}

TEST(GooglePrincipal, ImpersonationGoesToIamcredentialsAlone) {
  for (const char* url :
       {"http://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a:generateAccessToken",
        "https://iamcredentials.googleapis.com.evil.example/v1/projects/-/serviceAccounts/a:generateAccessToken",
        "https://evil.example/v1/projects/-/serviceAccounts/a:generateAccessToken",
        "https://sts.googleapis.com/v1/projects/-/serviceAccounts/a:generateAccessToken",
        "https://iamcredentials.googleapis.com:8443/v1/projects/-/serviceAccounts/a:generateAccessToken",
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a:generateIdToken",
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a?:generateAccessToken",
        "https://iamcredentials.googleapis.com", "https://iamcredentials.googleapis.com/"}) {
    const error e =
        failure(external(R"({"file":"/t"})", R"(,"service_account_impersonation_url":")" + std::string(url) + "\""));
    EXPECT_EQ(e.code, error_code::invalid_input) << url;
    EXPECT_THAT(e.message, HasSubstr("service_account_impersonation_url")) << url;
  }
}

TEST(GooglePrincipal, SaysWhatIsNotSupported) {
  struct row {
    std::string text, says;
  };
  for (const auto& [text, says] : {
           row{external(R"({"environment_id":"aws1"})"), "AWS"},
           row{external(R"({"executable":{"command":"x"}})"), "executable"},
           row{external(R"({"certificate":{}})"), "certificate"},
           row{external(R"({"file":"/t"})", R"(,"workforce_pool_user_project":"1")"), "workforce"},
           row{external(R"({"file":"/t"})", R"(,"universe_domain":"other.example")"), "\"other.example\""},
           row{R"({"type":"impersonated_service_account"})", "\"impersonated_service_account\""},
           row{R"({"type":"gdch_service_account"})", "\"gdch_service_account\""},
       }) {
    const error e = failure(text);
    EXPECT_EQ(e.code, error_code::unsupported) << text;
    EXPECT_THAT(e.message, HasSubstr(says)) << text;
  }
}

TEST(GooglePrincipal, LimitsSizes) {
  std::string headers;
  for (std::size_t i = 0; i <= max_source_headers; ++i)
    headers += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"v\"";
  EXPECT_THAT(failure(external(R"({"url":"https://x.example/","headers":{)" + headers + "}}")).message,
              HasSubstr("more than 20"));
  EXPECT_EQ(failure("\"" + std::string(max_google_credentials_size, 'x') + "\"").code, error_code::invalid_input);
  EXPECT_LT(failure(R"({"type":")" + std::string(10'000, 'x') + "\"}").message.size(), 300U);
}

}  // namespace
}  // namespace pinhook::cloud
