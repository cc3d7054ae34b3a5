#include <pinhook/base/base64.hpp>
#include <pinhook/kube/base64.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pinhook::kube {
namespace {

TEST(Base64, WritesWhatRfc4648Lists) {
  const std::pair<const char*, const char*> table[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : table) EXPECT_EQ(encode_base64(bytes), text);
}

TEST(Base64, WritesWhatReadsBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 37);
  }
}

}  // namespace
}  // namespace pinhook::kube
