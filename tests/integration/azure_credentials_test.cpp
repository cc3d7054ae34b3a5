// Azure's credentials from their source to the registry, through the real HTTP client: the metadata service, the
// authority and the registry with its token server are scripted servers on loopback.
#include <pinhook/cloud/azure_credentials.hpp>

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

constexpr const char* imds_path = "/metadata/identity/oauth2/token";
constexpr const char* host = "acme1.azurecr.io";
constexpr const char* image = "acme1.azurecr.io/a:1";
// {"exp":4102444800}
constexpr const char* refresh_token = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.refresh-secret";

class AzureCredentialsOnTheWire : public registry_world {
 protected:
  AzureCredentialsOnTheWire() {
    variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = metadata.url("");
    protect(host, "/v2/a/manifests/1",
            "Bearer realm=\"https://acme1.azurecr.io/oauth2/token\",service=\"acme1.azurecr.io\","
            "scope=\"repository:a:pull\"",
            manifest_reply());
    net.at(host).handle("POST", "/oauth2/exchange", [](const recorded_request& r) {
      return r.body.find("access_token=azure-secret") != std::string::npos
                 ? token_reply(std::string(R"({"refresh_token":")") + refresh_token + "\"}")
                 : refusal(401, "UNAUTHORIZED");
    });
    net.at(host).handle("POST", "/oauth2/token", [](const recorded_request& r) {
      return r.body.find(std::string("refresh_token=") + refresh_token) != std::string::npos
                 ? token_reply(R"({"access_token":"token-1"})")
                 : refusal(401, "UNAUTHORIZED");
    });
    metadata.on("GET", imds_path,
                token_reply(R"({"access_token":"azure-secret","expires_in":"86399","token_type":"Bearer"})"));
  }

  result<std::vector<registry::credential>> ask() {
    if (!source)
      source =
          std::make_unique<cloud::azure_credentials>(net, metadata_client, io.get_executor(), time, variables, limits);
    const auto ref = *registry::reference::parse(image);
    return run_on(io, source->credentials_for(ref, deadline::after(time.now(), 30s)));
  }
  std::string resolved() {
    auto credentials = ask();
    if (!credentials) return credentials.error().message;
    return digest_of(image, credentials->at(0));
  }

  temporary_directory dir;
  scripted_server metadata;
  http::curl_client metadata_client{io, [] {
                                      http::curl_client_options o;
                                      o.guards_addresses = false;
                                      return o;
                                    }()};
  environment variables;
  cloud::azure_options limits;
  std::unique_ptr<cloud::azure_credentials> source;
};

TEST_F(AzureCredentialsOnTheWire, TheMachinesIdentityOpensTheRegistry) {
  variables["AZURE_CLIENT_ID"] = "client-1";
  EXPECT_EQ(resolved(), digest());
  ASSERT_THAT(metadata.requests(), SizeIs(1));
  EXPECT_EQ(metadata.requests()[0].header("Metadata"), "true");
  EXPECT_EQ(metadata.requests()[0].query(),
            "api-version=2018-02-01&resource=https%3A%2F%2Fcontainerregistry.azure.net&client_id=client-1");
  const auto exchange = net.at(host).requests("POST", "/oauth2/exchange").at(0);
  EXPECT_EQ(exchange.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(exchange.body, "grant_type=access_token&service=acme1.azurecr.io&access_token=azure-secret");
  const auto token = net.at(host).requests("POST", "/oauth2/token").at(0);
  EXPECT_THAT(token.body, StartsWith("grant_type=refresh_token&service=acme1.azurecr.io&"));
  EXPECT_THAT(token.body, HasSubstr("scope=repository%3Aa%3Apull"));
  EXPECT_THAT(net.at(host).requests("GET", "/oauth2/token"), IsEmpty());
}

TEST_F(AzureCredentialsOnTheWire, AWorkloadsIdentityOpensTheRegistry) {
  variables = {{"AZURE_FEDERATED_TOKEN_FILE", dir.write("token", "subject-secret\n").string()},
               {"AZURE_CLIENT_ID", "client-1"},
               {"AZURE_TENANT_ID", "tenant-1"},
               {"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"}};
  net.at("login.microsoftonline.us")
      .on("POST", "/tenant-1/oauth2/v2.0/token", token_reply(R"({"access_token":"azure-secret","expires_in":3599})"));
  EXPECT_EQ(resolved(), digest());
  EXPECT_THAT(net.at("login.microsoftonline.us").requests().at(0).body,
              HasSubstr("client_id=client-1&scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default&"));
  EXPECT_THAT(metadata.requests(), IsEmpty());
}

TEST_F(AzureCredentialsOnTheWire, WhereTheGrantIsRefusedTheUserOfZerosIsShown) {
  for (const int status : {400, 404, 405}) {
    restart();
    net.at(host).on("POST", "/oauth2/token", refusal(status, "UNSUPPORTED"));
    net.at(host).handle("GET", "/oauth2/token", [](const recorded_request& r) {
      // Basic of 00000000-0000-0000-0000-000000000000 and the refresh token.
      return r.header("Authorization").starts_with("Basic MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOmV5Smhi")
                 ? token_reply(R"({"access_token":"token-1"})")
                 : refusal(401, "UNAUTHORIZED");
    });
    EXPECT_EQ(resolved(), digest()) << status;
  }
}

TEST_F(AzureCredentialsOnTheWire, BrokenPeersAreNamed) {
  limits.metadata_limit = 200ms;
  limits.api_limit = 200ms;
  limits.tokens.hold_failure = 0s;
  const reply good = token_reply(R"({"access_token":"azure-secret","expires_in":60})");
  const std::string huge(70'000, 'x');
  for (const bool is_registry : {false, true}) {
    for (const auto& bad : std::vector<reply>{
             {.act = behaviour::hang},
             {.act = behaviour::reset},
             {.act = behaviour::garbage},
             {.body = "{}", .act = behaviour::truncate},
             {.act = behaviour::endless_body},
             {.body = huge},
             {.body = "{"},
             {.status = 302, .headers = {{"Location", "https://evil.example/"}}},
             refusal(401, "UNAUTHORIZED", "not azure-secret"),
             {.status = 503},
         }) {
      metadata.on("GET", imds_path, is_registry ? good : bad);
      net.at(host).on("POST", "/oauth2/exchange", bad);
      source.reset();
      const auto got = ask();
      ASSERT_FALSE(got);
      EXPECT_THAT(got.error().message, StartsWith(is_registry ? "Azure: token exchange at acme1.azurecr.io: "
                                                              : "Azure: managed identity: "));
      // Only the server that was shown it may repeat it.
      if (is_registry) {
        EXPECT_THAT(got.error().message, Not(HasSubstr("azure-secret")));
      }
    }
  }
  for (const auto& asked : net.log()) EXPECT_THAT(asked.url, Not(HasSubstr("evil.example")));
}

}  // namespace
}  // namespace pinhook::testing
