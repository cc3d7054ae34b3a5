#include <pinhook/cloud/aws_keys.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(AwsKeys, ATokenMayStandInAHeader) {
  EXPECT_TRUE(is_aws_token("ASIAEXAMPLE"));
  EXPECT_TRUE(is_aws_token("a+/=~!"));
  EXPECT_TRUE(is_aws_token(std::string(max_aws_key_size, 'a')));
  for (const auto text : {""sv, "a b"sv, "a\r\nX-Evil: 1"sv, "a\n"sv, "\0"sv, "\x7f"sv, "\xc3\xa9"sv})
    EXPECT_FALSE(is_aws_token(text)) << text;
  EXPECT_FALSE(is_aws_token(std::string(max_aws_key_size + 1, 'a')));
}

}  // namespace
}  // namespace pinhook::cloud
