// The hosts to which the handshake sends credentials and headers: credentials that a cloud made, denied hosts, headers
// for one host alone.
#include "auth_flow_world.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pinhook::registry {
namespace {

credential cloud_user() {
  credential out = user();
  out.source = "Azure";
  out.cloud_minted = true;
  return out;
}

TEST(AuthFlow, WhatACloudMadeIsShownToItsRegistriesAlone) {
  for (const char* url : {"https://r.example/v2/a/manifests/1", "https://acme.azurecr.io.evil.org/v2/a/manifests/1",
                          "https://evilazurecr.io/v2/a/manifests/1", "http://acme.azurecr.io/v2/a/manifests/1",
                          "https://acme.data.azurecr.io/v2/a/manifests/1", "http://localhost:5000/v2/a/manifests/1"}) {
    drive d(cloud_user(), url);
    EXPECT_EQ(d.start(), "error denied") << url;
    EXPECT_NE(d.failed.message.find("Azure"), std::string::npos);
  }
  drive d(cloud_user(), "https://acme.azurecr.io/v2/a/manifests/1");
  EXPECT_EQ(d.start(), "send");
  EXPECT_EQ(d.answer(challenged(R"(Bearer realm="https://acme.azurecr.io/oauth2/token")")),
            "token https://acme.azurecr.io/oauth2/token repository:acme/api:pull");
}

TEST(AuthFlow, WhatACloudMadeGoesToNoOtherRealm) {
  for (const char* registry : {"https://acme.azurecr.io", "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"}) {
    for (const char* realm : {"https://evil.example/token", "https://evil.azurecr.io/oauth2/token",
                              "https://acme.azurecr.io:8443/oauth2/token", "https://169.254.169.254/token"}) {
      drive d(cloud_user(), std::string(registry) + "/v2/a/manifests/1");
      d.start();
      EXPECT_TRUE(d.answer(challenged("Bearer realm=\"" + std::string(realm) + "\"")).starts_with("error ")) << realm;
    }
  }
  // Unless an operator named it.
  drive d(cloud_user(), "https://acme.azurecr.io/v2/a/manifests/1");
  d.target.realm_hosts = {"tokens.corp"};
  d.start();
  EXPECT_EQ(d.answer(challenged(R"(Bearer realm="https://tokens.corp/t")")),
            "token https://tokens.corp/t repository:acme/api:pull");
}

TEST(AuthFlow, PublicEcrIsNeverShownAPasswordOutsideItsTokenServer) {
  for (const char* host : {"https://public.ecr.aws", "https://ecr-public.aws.com"}) {
    drive d(cloud_user(), std::string(host) + "/v2/a/manifests/1");
    d.start();
    EXPECT_EQ(d.answer(challenged(R"(Basic realm="x")")), "error unauthorized") << host;
  }
}

TEST(AuthFlow, ADeniedHostIsNoRealm) {
  const auto rules = access_rules::make({}, {"auth.example"}).value();
  drive d;
  d.target.rules = &rules;
  d.start();
  EXPECT_EQ(d.answer(challenged(bearer)), "error denied");
  EXPECT_NE(d.failed.message.find("\"auth.example\" in registry.deny"), std::string::npos) << d.failed.message;
  drive other;
  other.target.rules = &rules;
  other.start();
  EXPECT_EQ(other.answer(challenged(other_bearer)), ask_second);
}

TEST(AuthFlow, WhatIsForTheHostAloneGoesToNoOtherRealm) {
  const auto own = std::make_shared<const http::tls_settings>();
  const auto elsewhere = std::make_shared<const http::tls_settings>();
  const auto asked_at = [&](const char* realm) {
    drive d;
    d.target.tls = own;
    d.target.tls_elsewhere = elsewhere;
    d.target.headers = {{"X-Team", "t"}};
    d.start();
    d.answer(challenged("Bearer realm=\"" + std::string(realm) + "\""));
    return d.requested;
  };
  EXPECT_EQ(asked_at("https://r.example/token").tls, own);
  EXPECT_EQ(asked_at("https://r.example/token").headers.size(), 1U);
  EXPECT_EQ(asked_at("https://auth.example/token").tls, elsewhere);
  EXPECT_TRUE(asked_at("https://auth.example/token").headers.empty());
  EXPECT_TRUE(asked_at("https://r.example:8443/token").headers.empty());
}

}  // namespace
}  // namespace pinhook::registry
