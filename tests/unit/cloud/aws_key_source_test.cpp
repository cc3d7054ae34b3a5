#include <pinhook/cloud/aws_identity.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::cloud {
namespace {

struct chosen_row {
  environment env;
  aws_key_source_kind kind;
  std::string url;
};

TEST(AwsKeySource, IsTheFirstThatIsConfigured) {
  const environment keys{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "k"}};
  const environment web{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}};
  const environment full{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"}};
  const environment relative{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"}};
  const auto both = [](environment a, const environment& b) {
    a.insert(b.begin(), b.end());
    return a;
  };
  for (const chosen_row& row : {
           chosen_row{both(keys, both(web, full)), aws_key_source_kind::environment_keys, ""},
           {both(web, full), aws_key_source_kind::web_identity, ""},
           {full, aws_key_source_kind::container, "http://169.254.170.23/v1/credentials"},
           {both(relative, full), aws_key_source_kind::container, "http://169.254.170.2/v2/x"},
           {{}, aws_key_source_kind::instance, "http://169.254.169.254"},
           {{{"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}}, aws_key_source_kind::instance, "http://169.254.169.254"},
           {{{"AWS_EC2_METADATA_DISABLED", "false"}}, aws_key_source_kind::instance, "http://169.254.169.254"},
           {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}},
            aws_key_source_kind::instance,
            "http://[fd00:ec2::254]"},
           {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/"},
             {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}},
            aws_key_source_kind::instance,
            "http://127.0.0.1:1338"},
       }) {
    const auto source = choose_aws_key_source(row.env);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->kind, row.kind);
    EXPECT_EQ(source->url, row.url);
  }
}

TEST(AwsKeySource, HalfASettingIsAnErrorAndNotAnotherPrincipal) {
  struct row {
    environment env;
    std::string message;
  };
  for (const row& one : {
           row{{{"AWS_ACCESS_KEY_ID", "AKID"}}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"},
           {{{"AWS_SECRET_ACCESS_KEY", "hunter2"}}, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"},
           {{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "hunter2 "}},
            "AWS_SECRET_ACCESS_KEY holds no key of AWS"},
           {{{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "k"}, {"AWS_SESSION_TOKEN", "hunter2\n"}},
            "AWS_SESSION_TOKEN holds no key of AWS"},
           {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}}, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not"},
           {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/t"}, {"AWS_ROLE_ARN", "role"}},
            R"(AWS_ROLE_ARN is "role", which is not an ARN)"},
           {{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "evil.example/"}},
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with '/'"},
           {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5"}},
            R"(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is "IPv5", neither "IPv4" nor "IPv6")"},
       }) {
    const auto source = choose_aws_key_source(one.env);
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, error_code::invalid_input);
    EXPECT_EQ(source.error().message, one.message);
  }
  EXPECT_FALSE(choose_aws_key_source({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "nonsense"}}));
  EXPECT_FALSE(choose_aws_key_source({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "ftp://x/"}}));
}

TEST(AwsKeySource, NothingConfiguredAndNoMetadataService) {
  for (const char* yes : {"true", "TRUE", "True"}) {
    const auto source = choose_aws_key_source({{"AWS_EC2_METADATA_DISABLED", yes}});
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().code, error_code::not_found);
    EXPECT_TRUE(
        source.error().message.starts_with("no AWS identity: no keys in the environment, no web identity token"));
  }
}

TEST(AwsKeySource, KeysOfAgentsComeFromAFewPlacesAlone) {
  for (const char* url : {"http://169.254.170.2/x", "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1",
                          "http://127.0.0.1:5000/x", "http://127.8.9.1/x", "http://localhost:1/x", "http://[::1]:8/x",
                          "https://agent.example/x", "https://10.0.0.1/x"})
    EXPECT_TRUE(choose_aws_key_source({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})) << url;
  for (const char* url :
       {"http://169.254.170.3/x", "http://169.254.169.254/x", "http://agent.example/x", "http://10.0.0.1/x",
        "http://169.254.170.23.evil.example/x", "http://169.254.170.2@evil.example/x",
        "http://localhost.evil.example/x", "http://[fd00:ec2::254]/x", "http://[fd00:ec2::24]/x", "http://0.0.0.0/x"})
    EXPECT_FALSE(choose_aws_key_source({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}})) << url;
}

TEST(AwsKeySource, StsIsTheRegionsOwn) {
  EXPECT_EQ(aws_sts_region({}, "eu-west-1").value(), "eu-west-1");
  EXPECT_EQ(aws_sts_region({{"AWS_DEFAULT_REGION", "us-west-2"}}, "eu-west-1").value(), "us-west-2");
  EXPECT_EQ(aws_sts_region({{"AWS_REGION", "us-east-2"}, {"AWS_DEFAULT_REGION", "us-west-2"}}, "eu-west-1").value(),
            "us-east-2");
  EXPECT_EQ(aws_sts_region({{"AWS_STS_REGIONAL_ENDPOINTS", "legacy"}}, "eu-west-1").value(), "eu-west-1");
  const auto evil = aws_sts_region({{"AWS_REGION", "evil.example/"}}, "eu-west-1");
  ASSERT_FALSE(evil);
  EXPECT_EQ(evil.error().message, R"(AWS_REGION is "evil.example/", which is not a region)");
}

}  // namespace
}  // namespace pinhook::cloud
