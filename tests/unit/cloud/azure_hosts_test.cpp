#include <pinhook/cloud/azure_hosts.hpp>

#include <gtest/gtest.h>

namespace pinhook::cloud {
namespace {

TEST(AzureHosts, LoginServersAreKnownByTheirWholeNames) {
  struct row {
    std::string host, name;
  };
  for (const auto& [host, name] :
       {row{"acmeregistry.azurecr.io", "acmeregistry"}, row{"acme1.azurecr.cn", "acme1"},
        row{"acme1.azurecr.de", "acme1"}, row{"acme1.azurecr.us", "acme1"},
        row{"contoso-abc123.azurecr.io", "contoso-abc123"}, row{"acme1.eastus.geo.azurecr.io", "acme1"},
        row{"acme1-d7cf.eastus2euap.geo.azurecr.cn", "acme1-d7cf"}})
    EXPECT_EQ(acr_name(host), name) << host;
}

TEST(AzureHosts, NobodyElseIsALoginServer) {
  for (const char* host : {"",
                           "azurecr.io",
                           ".azurecr.io",
                           "mcr.microsoft.com",
                           "acme1.azurecr.io.",
                           "acme1.azurecr.io:443",
                           "acme1.azurecr.io:5000",
                           "ACME1.azurecr.io",
                           "acme1.AZURECR.io",
                           "acme1.azurecr.io.evil.example",
                           "acme1.azurecr.com",
                           "acme1azurecr.io",
                           "acme1.evilazurecr.io",
                           "acme1-azurecr.io",
                           "acme_1.azurecr.io",
                           "-acme1.azurecr.io",
                           "acme1-.azurecr.io",
                           "acme1..azurecr.io",
                           "evil.acme1.azurecr.io",
                           "acm.azurecr.io",
                           "data.azurecr.io",
                           "geo.azurecr.io",
                           "acme1.data.azurecr.io",
                           "acme1.eastus.data.azurecr.io",
                           "acme1.geo.azurecr.io",
                           "acme1..geo.azurecr.io",
                           "acme1.east.us.geo.azurecr.io",
                           "eastus.geo.azurecr.io.evil.example",
                           "acme1.eastus.geox.azurecr.io",
                           "acme1.eastus.xgeo.azurecr.io",
                           "acme1.eastus.geo.data.azurecr.io",
                           "acme1.east_us.geo.azurecr.io",
                           "acme1/x.azurecr.io",
                           "acme1%2e.azurecr.io",
                           "u@acme1.azurecr.io",
                           "evil.example#acme1.azurecr.io",
                           "evil.example",
                           "docker.io"})
    EXPECT_FALSE(acr_name(host)) << host;
  EXPECT_TRUE(acr_name(std::string(63, 'a') + ".azurecr.io"));
  EXPECT_FALSE(acr_name(std::string(64, 'a') + ".azurecr.io"));
}

TEST(AzureHosts, AuthoritiesAreThoseOfAzuresClouds) {
  EXPECT_EQ(azure_authority(""), "https://login.microsoftonline.com");
  for (const char* host : {"login.microsoftonline.com", "login.chinacloudapi.cn", "login.partner.microsoftonline.cn",
                           "login.microsoftonline.us", "login.microsoftonline.de"}) {
    const std::string url = std::string("https://") + host;
    EXPECT_EQ(azure_authority(url), url);
    EXPECT_EQ(azure_authority(url + "/"), url);
  }
  for (const char* text :
       {"http://login.microsoftonline.com/", "login.microsoftonline.com",
        "https://login.microsoftonline.com.evil.example/", "https://evil.example/",
        "https://login.microsoftonline.com:8443/", "https://login.microsoftonline.com//",
        "https://login.microsoftonline.com/tenant", "https://login.microsoftonline.com@evil.example",
        "https://LOGIN.microsoftonline.com", "https://xlogin.microsoftonline.com", " https://login.microsoftonline.com",
        "https://login.microsoftonline.com?x=", "https://login.microsoftonline.com#"})
    EXPECT_FALSE(azure_authority(text)) << text;
}

}  // namespace
}  // namespace pinhook::cloud
