#include <pinhook/registry/credential_helper.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

const helper_call call{"ecr-login", "public.ecr.aws"};

result<std::optional<credential>> answer(int exit_code, std::string output) {
  process_output out;
  out.exit_code = exit_code;
  out.output = secret(std::move(output));
  return read_helper_answer(call, out);
}

TEST(CredentialHelper, IsAskedForAServer) {
  const auto request = helper_request(call);
  EXPECT_EQ(request.argv, (std::vector<std::string>{"docker-credential-ecr-login", "get"}));
  EXPECT_EQ(request.input.reveal(), "public.ecr.aws");
  EXPECT_EQ(request.output_limit, 64U * 1024);
}

TEST(CredentialHelper, IdentityNamesHelperAndServer) {
  EXPECT_EQ(helper_identity(call), R"(helper ecr-login "public.ecr.aws")");
  EXPECT_NE(helper_identity({"a", "b"}), helper_identity({"b", "a"}));
}

TEST(CredentialHelper, AnswersWithAPassword) {
  const auto got = answer(0, R"({"ServerURL":"public.ecr.aws","Username":"AWS","Secret":"s3cret"})"
                             "\n");
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->kind, credential_kind::basic);
  EXPECT_EQ((*got)->username, "AWS");
  EXPECT_EQ((*got)->secret.reveal(), "s3cret");
  EXPECT_EQ((*got)->source, "credential helper ecr-login: public.ecr.aws");
  EXPECT_EQ((*got)->identity, helper_identity(call));
}

TEST(CredentialHelper, AnswersWithAnIdentityToken) {
  const auto got = answer(0, R"({"Username":"<token>","Secret":"t"})");
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->kind, credential_kind::identity_token);
  EXPECT_EQ((*got)->username, "");
  EXPECT_EQ((*got)->secret.reveal(), "t");
}

TEST(CredentialHelper, MayHaveNoCredentials) {
  for (const auto& got :
       {answer(1, "credentials not found in native keychain\n"),
        answer(1, "Error: credentials not found in native keychain"), answer(0, R"({"Username":"","Secret":""})")}) {
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_FALSE(got->has_value());
  }
}

TEST(CredentialHelper, FailureIsToldInItsOwnWords) {
  const auto got = answer(3, "  no AWS region\x1b[31m \n");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_EQ(got.error().message,
            R"(docker-credential-ecr-login for "public.ecr.aws": exit code 3: "no AWS region\x1b[31m")");
  EXPECT_LT(answer(1, std::string(60'000, '\x01')).error().message.size(), 1000U);
}

TEST(CredentialHelper, SenselessAnswersAreNotShown) {
  for (const char* text : {"", "hunter2", "[\"hunter2\"]", R"({"Secret":"hunter2"})", R"({"Username":"hunter2"})",
                           R"({"Username":7,"Secret":"hunter2"})", R"({"username":"u","secret":"hunter2"})",
                           R"({"Username":"","Secret":"hunter2"})", R"({"Username":"u","Secret":"hunter2"}x)",
                           "[[[[[[[[[\"hunter2\"]]]]]]]]]"}) {
    SCOPED_TRACE(text);
    const auto got = answer(0, text);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::malformed);
    EXPECT_TRUE(got.error().message.starts_with(R"(docker-credential-ecr-login for "public.ecr.aws": )"));
    EXPECT_EQ(got.error().message.find("hunter2"), std::string::npos) << got.error().message;
  }
}

}  // namespace
}  // namespace pinhook::registry
