#include <pinhook/base/json_skip.hpp>

#include "support/exact_text.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace pinhook::json {
namespace {

TEST(JsonSkip, OpenStringFindsTheQuoteBeforeTheEnd) {
  const std::string text = R"({"a":")" + std::string(100, 'x') + R"(\"y\\","b":{"c":"z"}})";
  const testing::exact_text copy(text);
  for (std::size_t n = 0; n <= text.size(); ++n) {
    std::size_t expected = std::string::npos;
    for (std::size_t i = 0; i < n; ++i) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        expected = expected == std::string::npos ? i : std::string::npos;
    }
    EXPECT_EQ(open_string(copy.view().substr(0, n)), expected) << n;
  }
}

}  // namespace
}  // namespace pinhook::json
