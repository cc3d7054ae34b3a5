#include <pinhook/base/base64.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook {
namespace {

TEST(Base64, DecodesWithAndWithoutPadding) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", ""},
      {"dQ==", "u"},
      {"dQ", "u"},
      {"dTo=", "u:"},
      {"dTo", "u:"},
      {"dTpw", "u:p"},
      {"dTpwYXNz", "u:pass"},
      {"+/+/", "\xfb\xff\xbf"},
      {"dT\r\npw", "u:p"},
      {"dQ=\n=", "u"},
      {"dR==", "u"},
      {"AAAA", std::string(3, '\0')},
  };
  for (const auto& [text, plain] : rows) EXPECT_EQ(decode_base64(text), plain) << text;
}

TEST(Base64, RefusesEverythingElse) {
  for (const std::string text : {"d", "dTpwd", "=", "==", "====", "dQ=", "dQ===", "dTo==", "dTpw=", "dTpw==",
                                 "dTpw====", "dQ==dQ==", "d Tpw", "dTpw ", "-_-_", "dTpw*", "\xc3\xa4\xc3\xa4"})
    EXPECT_FALSE(decode_base64(text)) << text;
  EXPECT_FALSE(decode_base64(std::string("dTp\0", 4)));
}

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

// Beside OpenSSL's encoder: every length around the steps of wide instructions, every value of a byte, behind any text.
TEST(Base64, IsOpenSslsForEveryLengthAndByte) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) bytes += static_cast<char>(i * 7 + i / 256);
  for (std::size_t from = 0; from < 3; ++from) {
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      const std::string part = bytes.substr(from, size);
      std::string expected((size + 2) / 3 * 4 + 1, '\0');
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(expected.data()),
                      reinterpret_cast<const unsigned char*>(part.data()), static_cast<int>(size));
      expected.pop_back();
      std::string out = "x";
      append_base64(out, part);
      ASSERT_EQ(out, "x" + expected) << size;
    }
  }
}

}  // namespace
}  // namespace pinhook
