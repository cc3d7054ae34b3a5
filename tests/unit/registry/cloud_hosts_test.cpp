#include <pinhook/registry/cloud_hosts.hpp>

#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using namespace std::string_view_literals;

struct known_row {
  std::string_view host, region, suffix;
  bool fips, dual_stack;
};

TEST(CloudHosts, PrivateEcrIsKnownByItsWholeName) {
  for (const known_row& row : {
           known_row{"123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", "amazonaws.com", false, false},
           {"000000000000.dkr.ecr.ap-southeast-5.amazonaws.com", "ap-southeast-5", "amazonaws.com", false, false},
           {"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "amazonaws.com", true, false},
           {"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", "amazonaws.com.cn", false, false},
           {"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1", "amazonaws.com.cn", false,
            true},
           {"123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", "amazonaws.com", false, true},
           {"123456789012.dkr-ecr-fips.us-west-2.on.aws", "us-west-2", "amazonaws.com", true, true},
           {"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "amazonaws.eu", false, false},
           {"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "c2s.ic.gov", false, false},
           {"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", "sc2s.sgov.gov", false, false},
           {"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", "cloud.adc-e.uk", false, false},
           {"123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", "csp.hci.ic.gov", false, false},
       }) {
    EXPECT_TRUE(is_ecr_private(row.host)) << row.host;
    const auto got = parse_ecr_private(row.host);
    ASSERT_TRUE(got) << row.host;
    EXPECT_EQ(got->account, row.host.substr(0, 12));
    EXPECT_EQ(got->region, row.region);
    EXPECT_EQ(got->partition->suffix, row.suffix);
    EXPECT_EQ(got->fips, row.fips) << row.host;
    EXPECT_EQ(got->dual_stack, row.dual_stack) << row.host;
  }
}

// Each would get a password that opens every repository of the account, if it passed.
TEST(CloudHosts, PrivateEcrIsNotFooled) {
  for (const std::string_view host : {
           // The account.
           "12345678901.dkr.ecr.us-east-1.amazonaws.com"sv,
           "1234567890123.dkr.ecr.us-east-1.amazonaws.com"sv,
           "x123456789012.dkr.ecr.us-east-1.amazonaws.com"sv,
           "12345678901x.dkr.ecr.us-east-1.amazonaws.com"sv,
           "123456789012x.dkr.ecr.us-east-1.amazonaws.com"sv,
           "a.123456789012.dkr.ecr.us-east-1.amazonaws.com"sv,
           ".dkr.ecr.us-east-1.amazonaws.com"sv,
           "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6.dkr.ecr.us-east-1.amazonaws.com"sv,
           // The service.
           "123456789012.s3.us-east-1.amazonaws.com"sv,
           "123456789012.dkrxecr.us-east-1.amazonaws.com"sv,
           "123456789012.dkr.ecr-fipsy.us-east-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.fips.us-east-1.amazonaws.com"sv,
           "123456789012-dkr.ecr.us-east-1.amazonaws.com"sv,
           "123456789012.dkr_ecr.us-east-1.on.aws"sv,
           // The region: where customers choose names under Amazon's own suffixes.
           "123456789012.dkr.ecr.s3.amazonaws.com"sv,
           "123456789012.dkr.ecr.s3-us-west-2.amazonaws.com"sv,
           "123456789012.dkr.ecr.s3-website-us-east-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.elb.amazonaws.com"sv,
           "123456789012.dkr.ecr..amazonaws.com"sv,
           "123456789012.dkr.ecr.amazonaws.com"sv,
           "123456789012.dkr.ecr.evil.example.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1.elb.amazonaws.com"sv,
           "123456789012.dkr-ecr.lambda-url.us-east-1.on.aws"sv,
           "123456789012.dkr.ecr.us_east_1.amazonaws.com"sv,
           "123456789012.dkr.ecr.-us-east-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1-.amazonaws.com"sv,
           "123456789012.dkr.ecr.us--1.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-123.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-ea\xc5\x9ft-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1\0.amazonaws.com"sv,
           // The suffix.
           "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example"sv,
           "123456789012.dkr.ecr.us-east-1.evilamazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.community"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.co"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com."sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn"sv,
           "123456789012.dkr.ecr.cn-north-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1.on.aws"sv,
           "123456789012.dkr-ecr.us-east-1.amazonaws.com"sv,
           "123456789012.dkr-ecr.us-iso-east-1."sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws\xe3\x80\x82"
           "com"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com\0"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com\n"sv,
           // Another place of the same name.
           "123456789012.dkr.ecr.us-east-1.amazonaws.com:443"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com:5000"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com@evil.example"sv,
           "user@123456789012.dkr.ecr.us-east-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1.amazonaws.com/x"sv,
           "https://123456789012.dkr.ecr.us-east-1.amazonaws.com"sv,
           // Letter case.
           "123456789012.DKR.ECR.us-east-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.US-EAST-1.amazonaws.com"sv,
           "123456789012.dkr.ecr.us-east-1.AmazonAWS.com"sv,
           "public.ecr.aws"sv,
           ""sv,
           "123456789012"sv,
           "123456789012.dkr.ecr."sv,
       })
    EXPECT_FALSE(parse_ecr_private(host)) << host;
}

TEST(CloudHosts, PublicEcrIsTwoNames) {
  EXPECT_TRUE(is_ecr_public("public.ecr.aws"));
  EXPECT_TRUE(is_ecr_public("ecr-public.aws.com"));
  for (const char* host : {"public.ecr.aws:443", "public.ecr.aws.", "Public.ecr.aws", "xpublic.ecr.aws", "ecr.aws",
                           "x.public.ecr.aws", "public.ecr.aws.evil.example", "public-ecr.aws", "aws.com", ""})
    EXPECT_FALSE(is_ecr_public(host)) << host;
}

TEST(CloudHosts, RegionsOfAmazonHaveAForm) {
  for (const char* region : {"us-east-1", "eu-central-2", "us-gov-west-1", "ap-northeast-3", "mx-central-1"})
    EXPECT_TRUE(is_aws_region(region)) << region;
  for (const char* region : {"", "us", "us-east", "east-1", "us-east-", "us-east-1a", "us-east-1.evil", "US-east-1",
                             "us-east-1/", "us-verylongverylongverylongverylong-1"})
    EXPECT_FALSE(is_aws_region(region)) << region;
}

TEST(CloudHosts, TokensOfCloudsStayAtHome) {
  for (const char* host : {"gcr.io", "eu.gcr.io", "europe-west1-docker.pkg.dev", "acme.azurecr.io",
                           "my-acme.azurecr.cn", "public.ecr.aws", "ecr-public.aws.com"})
    EXPECT_TRUE(keeps_tokens_at_home(host)) << host;
  for (const char* host : {"ghcr.io", "registry-1.docker.io", "azurecr.io", "a.b.azurecr.io",
                           "acme.azurecr.io.evil.example", "evilgcr.io", "pkg.dev", "-docker.pkg.dev.evil.example"})
    EXPECT_FALSE(keeps_tokens_at_home(host)) << host;
}

TEST(CloudHosts, OnlyTheirRegistriesTakeTheirCredentials) {
  for (const char* host :
       {"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "public.ecr.aws", "gcr.io", "eu.gcr.io",
        "europe-docker.pkg.dev", "docker.us-east1.rep.pkg.dev", "acme.azurecr.io", "acme.westeurope.geo.azurecr.io"})
    EXPECT_TRUE(takes_cloud_credentials(host)) << host;
  for (const char* host :
       {"docker.io", "gcr.io.evil.org", "evilgcr.io", "a.b.gcr.io", "docker.rep.pkg.dev", "docker.a.b.rep.pkg.dev",
        "xdocker.us-east1.rep.pkg.dev", "docker.us-east1.rep.pkg.dev.evil.org", "acme.azurecr.io.evil.org",
        "acme.data.azurecr.io", "acme.a.b.geo.azurecr.io", ".westeurope.geo.azurecr.io", "acme.geo.azurecr.io.evil.org",
        "acme.geo.azurecr.io", "mcr.microsoft.com", "12345678901.dkr.ecr.eu-west-1.amazonaws.com", ""})
    EXPECT_FALSE(takes_cloud_credentials(host)) << host;
}

}  // namespace
}  // namespace pinhook::registry
