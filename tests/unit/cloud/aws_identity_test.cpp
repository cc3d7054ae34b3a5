#include <pinhook/cloud/aws_identity.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::cloud {
namespace {

// The message of a step that is an error; else "".
std::string message_of(const aws_step& step) {
  const auto* e = std::get_if<error>(&step);
  return e == nullptr ? "" : e->message;
}
TEST(AwsIdentity, KeysOfTheEnvironmentNeedNobody) {
  const auto source = choose_aws_key_source(
      {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "key"}, {"AWS_SESSION_TOKEN", "session"}});
  ASSERT_TRUE(source);
  const auto flow = make_aws_identity_flow(*source, "");
  const auto step = flow->start();
  const auto* keys = std::get_if<aws_keys>(&step);
  ASSERT_NE(keys, nullptr);
  EXPECT_EQ(keys->access_key_id, "AKID");
  EXPECT_EQ(keys->secret_access_key.reveal(), "key");
  EXPECT_EQ(keys->session_token.reveal(), "session");
  EXPECT_EQ(keys->expires, std::nullopt);
  EXPECT_EQ(keys->principal, "keys of the environment");
  EXPECT_EQ(message_of(flow->on_file(secret("x"))), "a file that was not requested");
  EXPECT_EQ(message_of(flow->on_answer(http::response())), "an answer that was not requested");
}

}  // namespace
}  // namespace pinhook::cloud
