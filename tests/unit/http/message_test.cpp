#include <pinhook/http/message.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace pinhook::http {
namespace {

const headers sample{{"Content-Type", "a"}, {"WWW-Authenticate", "Negotiate"}, {"www-authenticate", "Bearer"}};

TEST(Message, FindsTheFirstHeaderWithoutCase) {
  EXPECT_EQ(find_header(sample, "content-TYPE"), "a");
  EXPECT_EQ(find_header(sample, "WWW-AUTHENTICATE"), "Negotiate");
  EXPECT_EQ(find_header(sample, "Content-Typ"), std::nullopt);
  EXPECT_EQ(find_header({}, ""), std::nullopt);
}

TEST(Message, FindsAllHeadersInOrder) {
  EXPECT_EQ(find_headers(sample, "WWW-Authenticate"), (std::vector<std::string_view>{"Negotiate", "Bearer"}));
  EXPECT_TRUE(find_headers(sample, "Location").empty());
}

TEST(Message, NamesItsMethods) {
  EXPECT_EQ(to_string(method::get), "GET");
  EXPECT_EQ(to_string(method::head), "HEAD");
  EXPECT_EQ(to_string(method::post), "POST");
  EXPECT_EQ(to_string(method::put), "PUT");
  EXPECT_EQ(to_string(method::patch), "PATCH");
}

}  // namespace
}  // namespace pinhook::http
