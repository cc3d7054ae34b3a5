#include <pinhook/registry/cloud_hosts.hpp>

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

TEST(CloudHosts, PrivateEcrIsKnownByItsWholeName) {
  for (const char* host :
       {"123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov"})
    EXPECT_TRUE(is_ecr_private(host)) << host;
  for (const char* host :
       {"12345678901.dkr.ecr.us-east-1.amazonaws.com", "1234567890123.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example", "123456789012.dkr.ecr.evil.example.amazonaws.com",
        "x123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr..amazonaws.com",
        "123456789012.s3.us-east-1.amazonaws.com", "public.ecr.aws", "", "123456789012"})
    EXPECT_FALSE(is_ecr_private(host)) << host;
}

TEST(CloudHosts, TokensOfCloudsStayAtHome) {
  for (const char* host : {"gcr.io", "eu.gcr.io", "europe-west1-docker.pkg.dev", "acme.azurecr.io",
                           "my-acme.azurecr.cn", "public.ecr.aws"})
    EXPECT_TRUE(keeps_tokens_at_home(host)) << host;
  for (const char* host : {"ghcr.io", "registry-1.docker.io", "azurecr.io", "a.b.azurecr.io",
                           "acme.azurecr.io.evil.example", "evilgcr.io", "pkg.dev", "-docker.pkg.dev.evil.example"})
    EXPECT_FALSE(keeps_tokens_at_home(host)) << host;
}

}  // namespace
}  // namespace pinhook::registry
