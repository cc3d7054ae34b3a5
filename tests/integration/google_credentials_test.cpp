// Google's credentials from their source to the registry, through the real HTTP client: the metadata server, the token
// services and the registry are scripted servers on loopback.
#include <pinhook/cloud/google_credentials.hpp>

#include "support/registry_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* metadata_path = "/computeMetadata/v1/instance/service-accounts/default/token";
constexpr const char* image = "europe-docker.pkg.dev/p/r/a:1";

class GoogleCredentialsOnTheWire : public registry_world {
 protected:
  GoogleCredentialsOnTheWire() {
    variables["GCE_METADATA_HOST"] = metadata.host();
    // Basic of oauth2accesstoken:google-token opens the registry, by its token server.
    const std::string host = "europe-docker.pkg.dev";
    protect(host, "/v2/p/r/a/manifests/1", "Bearer realm=\"https://" + host + "/v2/token\",service=\"" + host + "\"",
            manifest_reply());
    net.at(host).handle("GET", "/v2/token", [](const recorded_request& r) {
      return r.header("Authorization") == "Basic b2F1dGgyYWNjZXNzdG9rZW46Z29vZ2xlLXRva2Vu"
                 ? token_reply(R"({"token":"token-1","expires_in":300})")
                 : refusal(403, "DENIED");
    });
  }
  static reply granted(const std::string& token = "google-token") {
    return {.headers = {{"Metadata-Flavor", "Google"}, {"Content-Type", "application/json"}},
            .body = R"({"access_token":")" + token + R"(","expires_in":3599,"token_type":"Bearer"})"};
  }

  result<std::vector<registry::credential>> ask() {
    if (!source)
      source =
          std::make_unique<cloud::google_credentials>(net, metadata_client, io.get_executor(), time, variables, limits);
    const auto ref = *registry::reference::parse(image);
    return run_on(io, source->credentials_for(ref, deadline::after(time.now(), 30s)));
  }
  std::string resolved() {
    auto credentials = ask();
    if (!credentials) return credentials.error().message;
    return digest_of(image, credentials->at(0));
  }
  void use_file(const std::string& text) {
    variables["GOOGLE_APPLICATION_CREDENTIALS"] = dir.write("adc.json", text).string();
  }
  void federate(const std::string& credential_source, const std::string& more = "") {
    use_file(R"({"type":"external_account","audience":"//iam/p","subject_token_type":"urn:jwt","token_url":)"
             R"("https://sts.googleapis.com/v1/token","credential_source":)" +
             credential_source + more + "}");
  }

  temporary_directory dir;
  scripted_server metadata;
  http::curl_client metadata_client{io, [] {
                                      http::curl_client_options o;
                                      o.guards_addresses = false;
                                      return o;
                                    }()};
  environment variables;
  cloud::google_options limits;
  std::unique_ptr<cloud::google_credentials> source;
};

TEST_F(GoogleCredentialsOnTheWire, TheMetadataServersTokenOpensTheRegistry) {
  metadata.on("GET", metadata_path, granted());
  EXPECT_EQ(resolved(), digest());
  ASSERT_THAT(metadata.requests(), SizeIs(1));
  EXPECT_EQ(metadata.requests()[0].target, metadata_path);
  EXPECT_EQ(metadata.requests()[0].header("Metadata-Flavor"), "Google");
  EXPECT_FALSE(metadata.requests()[0].has_header("Authorization"));
}

TEST_F(GoogleCredentialsOnTheWire, AFederatedWorkloadStandsForAServiceAccount) {
  const std::string path = "/v1/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com:generateAccessToken";
  federate(R"({"file":")" + dir.write("token", "subject-secret\n").string() + "\"}",
           R"(,"service_account_impersonation_url":"https://iamcredentials.googleapis.com)" + path + "\"");
  net.at("sts.googleapis.com").on("POST", "/v1/token", granted("federated-secret"));
  net.at("iamcredentials.googleapis.com")
      .on("POST", path, token_reply(R"({"accessToken":"google-token","expireTime":"2199-01-01T00:00:00Z"})"));
  EXPECT_EQ(resolved(), digest());
  const auto sts = net.at("sts.googleapis.com").requests().at(0);
  EXPECT_EQ(sts.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_THAT(sts.body, HasSubstr("subject_token=subject-secret&subject_token_type=urn%3Ajwt"));
  const auto iam = net.at("iamcredentials.googleapis.com").requests().at(0);
  EXPECT_EQ(iam.header("Authorization"), "Bearer federated-secret");
  EXPECT_EQ(iam.header("Content-Type"), "application/json");
  EXPECT_THAT(iam.body, HasSubstr("cloud-platform"));
  EXPECT_THAT(metadata.requests(), IsEmpty());
}

TEST_F(GoogleCredentialsOnTheWire, ASubjectTokenComesFromAServerBesideUs) {
  metadata.on("GET", "/subject", {.body = R"({"value":"subject-secret"})"});
  federate(R"({"url":")" + metadata.url("/subject?a=b") +
           R"(","headers":{"X-Let-Me":"in"},"format":{"type":"json","subject_token_field_name":"value"}})");
  net.at("sts.googleapis.com").on("POST", "/v1/token", granted());
  EXPECT_EQ(resolved(), digest());
  EXPECT_EQ(metadata.requests().at(0).target, "/subject?a=b");
  EXPECT_EQ(metadata.requests().at(0).header("X-Let-Me"), "in");
}

TEST_F(GoogleCredentialsOnTheWire, AUsersRefreshTokenOpensTheRegistry) {
  use_file(
      R"({"type":"authorized_user","client_id":"c","client_secret":"client-secret","refresh_token":"refresh-secret"})");
  net.at("oauth2.googleapis.com").on("POST", "/token", granted());
  EXPECT_EQ(resolved(), digest());
}

TEST_F(GoogleCredentialsOnTheWire, BrokenMetadataServersAreNamed) {
  struct row {
    reply bad;
    std::string says;
  };
  limits.metadata_limit = 200ms;
  limits.tokens.hold_failure = 0s;
  const std::string huge(70'000, 'x');
  for (const auto& [bad, says] : std::vector<row>{
           {{.act = behaviour::hang}, "Google: metadata server: "},
           {{.body = "{}", .act = behaviour::stall}, "Google: metadata server: "},
           {{.act = behaviour::reset}, "Google: metadata server: "},
           {{.act = behaviour::garbage}, "Google: metadata server: "},
           {{.act = behaviour::endless_body}, "Google: metadata server: "},
           {{.headers = {{"Metadata-Flavor", "Google"}}, .body = huge}, "Google: metadata server: "},
           {{.status = 404, .headers = {{"Metadata-Flavor", "Google"}}, .body = "<html>none</html>"}, "HTTP 404"},
           {{.status = 302, .headers = {{"Metadata-Flavor", "Google"}, {"Location", "https://evil.example/"}}},
            "not followed"},
           {token_reply(R"({"access_token":"google-token","expires_in":3599})"), "Metadata-Flavor"},
       }) {
    metadata.on("GET", metadata_path, bad);
    const auto got = ask();
    ASSERT_FALSE(got) << says;
    EXPECT_THAT(got.error().message, StartsWith("Google: metadata server: "));
    EXPECT_THAT(got.error().message, HasSubstr(says));
    EXPECT_THAT(got.error().message, Not(HasSubstr("google-token")));
  }
  EXPECT_THAT(net.log(), IsEmpty());
}

}  // namespace
}  // namespace pinhook::testing
