#include <pinhook/server/listen_address.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::server {
namespace {

TEST(ParseAddress, TakesAddressAndPortAndWritesThemAlike) {
  for (const auto* text : {"0.0.0.0:8443", "127.0.0.1:0", "[::]:8443", "[::1]:65535"}) {
    const auto got = parse_address(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(got->to_string(), text);
  }
}

TEST(ParseAddress, RefusesTheRestAndSaysHow) {
  for (const auto* text :
       {"", ":", "8443", ":8443", "0.0.0.0", "0.0.0.0:", "0.0.0.0:65536", "0.0.0.0:-1", "0.0.0.0:84x", "localhost:8443",
        "::1:8443", "[127.0.0.1]:8443", "[]:1", "[::1]", "1.2.3:80"}) {
    const auto got = parse_address(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, ::testing::HasSubstr("0.0.0.0:8443"));
  }
}

}  // namespace
}  // namespace pinhook::server
