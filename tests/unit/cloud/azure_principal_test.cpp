#include <pinhook/cloud/azure_principal.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::cloud {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const environment workload{{"AZURE_FEDERATED_TOKEN_FILE", "/var/run/token"},
                           {"AZURE_CLIENT_ID", "client-1"},
                           {"AZURE_TENANT_ID", "11111111-2222-3333-4444-555555555555"},
                           {"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"}};

environment with(environment all, const std::string& name, const std::string& value) {
  all[name] = value;
  return all;
}

TEST(AzurePrincipal, IsAWorkloadWhereATokenFileIs) {
  const auto got = find_azure_principal(workload);
  ASSERT_TRUE(got) << got.error().message;
  const auto& identity = std::get<azure_workload>(*got);
  EXPECT_EQ(identity.token_url,
            "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token");
  EXPECT_EQ(identity.client_id, "client-1");
  EXPECT_EQ(identity.token_file, "/var/run/token");
  const auto china = find_azure_principal(with(workload, "AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn"));
  EXPECT_THAT(std::get<azure_workload>(*china).token_url, StartsWith("https://login.chinacloudapi.cn/1111"));
  // A secret that is there too does not matter: the workload's own identity is the one the platform gave.
  EXPECT_TRUE(find_azure_principal(with(workload, "AZURE_CLIENT_SECRET", "s")));
}

TEST(AzurePrincipal, IsTheMachineElse) {
  const auto plain = find_azure_principal({});
  ASSERT_TRUE(plain);
  EXPECT_EQ(std::get<azure_managed>(*plain).client_id, "");
  const auto chosen = find_azure_principal({{"AZURE_CLIENT_ID", "client-1"}, {"AZURE_TENANT_ID", "t"}});
  ASSERT_TRUE(chosen);
  EXPECT_EQ(std::get<azure_managed>(*chosen).client_id, "client-1");
}

TEST(AzurePrincipal, AsksTheMetadataServiceThatIsNamed) {
  const auto endpoint = [](const std::string& value) -> std::string {
    const auto got = find_azure_principal({{"AZURE_POD_IDENTITY_AUTHORITY_HOST", value}});
    return got ? std::get<azure_managed>(*got).endpoint : got.error().message;
  };
  EXPECT_EQ(endpoint(""), "http://169.254.169.254");
  EXPECT_EQ(endpoint("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  EXPECT_EQ(endpoint("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
  for (const char* value :
       {"127.0.0.1", "ftp://x", "http://x/y", "http://x?y", "http://x#y", "http://u@x", "http://", "http://a b"})
    EXPECT_EQ(endpoint(value), "Azure: AZURE_POD_IDENTITY_AUTHORITY_HOST is not an http URL without a path") << value;
}

TEST(AzurePrincipal, IsNobodyElseThanWasMeant) {
  for (const char* name :
       {"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"}) {
    const auto got = find_azure_principal({{name, "value-secret"}});
    ASSERT_FALSE(got) << name;
    EXPECT_EQ(got.error().code, error_code::unsupported);
    EXPECT_THAT(got.error().message, StartsWith(std::string("Azure: ") + name + " is set"));
    EXPECT_EQ(got.error().message.find("value-secret"), std::string::npos);
  }
}

TEST(AzurePrincipal, SaysWhatIsWrong) {
  struct row {
    std::string name, value;
  };
  for (const auto& [name, value] :
       {row{"AZURE_CLIENT_ID", ""}, row{"AZURE_TENANT_ID", ""}, row{"AZURE_TENANT_ID", "a/b"},
        row{"AZURE_TENANT_ID", "../x"}, row{"AZURE_TENANT_ID", "a?b"}, row{"AZURE_TENANT_ID", std::string(254, 'a')},
        row{"AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com/"},
        row{"AZURE_AUTHORITY_HOST", "https://evil.example/"}}) {
    const auto got = find_azure_principal(with(workload, name, value));
    ASSERT_FALSE(got) << name << ' ' << value;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, StartsWith("Azure: "));
    EXPECT_THAT(got.error().message, HasSubstr(name));
    EXPECT_LT(got.error().message.size(), 200U);
  }
}

TEST(AzurePrincipal, AsksForAToken) {
  const auto identity = std::get<azure_workload>(*find_azure_principal(workload));
  const http::request r = workload_request(identity, secret("a.b.c"));
  EXPECT_EQ(r.verb, http::method::post);
  EXPECT_EQ(r.url, identity.token_url);
  EXPECT_EQ(http::find_header(r.headers, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(r.body->reveal(),
            "grant_type=client_credentials&client_id=client-1"
            "&scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default"
            "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
            "&client_assertion=a.b.c");
}

TEST(AzurePrincipal, AsksTheMachine) {
  const http::request r = managed_request({});
  EXPECT_EQ(r.verb, http::method::get);
  EXPECT_EQ(r.url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01"
            "&resource=https%3A%2F%2Fcontainerregistry.azure.net");
  EXPECT_EQ(http::find_header(r.headers, "Metadata"), "true");
  EXPECT_TRUE(managed_request({"a&b"}).url.ends_with("&client_id=a%26b"));
}

}  // namespace
}  // namespace pinhook::cloud
