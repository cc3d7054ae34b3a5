#include <pinhook/registry/digest.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::registry {
namespace {

std::string digits(std::size_t count, char c = 'a') { return std::string(count, c); }

TEST(Digest, ReadsTheAlgorithmsOfTheKubelet) {
  for (const auto& [name, size] : {std::pair{"sha256", 64U}, {"sha384", 96U}, {"sha512", 128U}}) {
    const std::string text = std::string(name) + ":" + digits(size, '9');
    const auto d = digest::parse(text);
    ASSERT_TRUE(d) << d.error().message;
    EXPECT_EQ(d->to_string(), text);
    EXPECT_EQ(d->algorithm(), name);
    EXPECT_EQ(d->hex(), digits(size, '9'));
  }
}

TEST(Digest, TakesJustTheDigitsInEachPlace) {
  constexpr std::string_view taken = "0123456789abcdef";
  for (const auto& [name, size] : {std::pair{"sha256", 64U}, {"sha384", 96U}, {"sha512", 128U}}) {
    std::string text = std::string(name) + ":";
    for (unsigned i = 0; i < size; ++i) text += taken[i * 7 % taken.size()];
    for (std::size_t at = text.find(':') + 1; at < text.size(); ++at) {
      const char before = text[at];
      for (unsigned byte = 0; byte < 256; ++byte) {
        text[at] = static_cast<char>(byte);
        const auto read = digest::read(text);
        EXPECT_EQ(read.has_value(), taken.contains(text[at])) << text;
        if (!read) {
          EXPECT_EQ(read.error().position, at + 1) << text;
        }
      }
      text[at] = before;
    }
  }
}

TEST(Digest, RefusesEverythingElseAndSaysWhere) {
  struct row {
    std::string text;
    std::size_t position;
    std::string reason;
  };
  const std::vector<row> rows{
      {"", 1, "empty"},
      {"sha256", 7, "':'"},
      {":" + digits(64), 1, "unknown digest algorithm \"\""},
      {"sha256:", 8, "64 hexadecimal digits, not 0"},
      {"sha256:" + digits(63), 71, "64 hexadecimal digits, not 63"},
      {"sha256:" + digits(65), 72, "64 hexadecimal digits, not 65"},
      {"sha384:" + digits(64), 72, "96 hexadecimal digits, not 64"},
      {"sha512:" + digits(127), 135, "128 hexadecimal digits, not 127"},
      {"sha512:" + digits(129), 136, "128 hexadecimal digits, not 129"},
      {"sha256:" + digits(63) + "A", 71, "lower-case"},
      {"sha256:" + digits(10) + "g" + digits(53), 18, "\"g\" is not a hexadecimal digit"},
      {"sha256:" + digits(63) + " ", 71, "\" \""},
      {"sha256:" + digits(63) + std::string(1, '\0'), 71, R"("\x00")"},
      {" sha256:" + digits(64), 1, "unknown digest algorithm"},
      {"SHA256:" + digits(64), 1, "unknown digest algorithm \"SHA256\""},
      {"sha1:" + digits(40), 1, "unknown digest algorithm \"sha1\""},
      {"md5:" + digits(32), 1, "unknown digest algorithm \"md5\""},
      {"sha256+b64:" + digits(64), 1, "unknown digest algorithm"},
      {digits(64), 1, "unknown digest algorithm"},
      {"sha256:sha256:" + digits(64), 8, "\"s\" is not a hexadecimal digit"},
      {"../../etc/passwd", 1, "unknown digest algorithm"},
  };
  for (const auto& r : rows) {
    const auto d = digest::read(r.text);
    ASSERT_FALSE(d) << r.text;
    EXPECT_EQ(d.error().position, r.position) << r.text << ": " << d.error().reason;
    EXPECT_NE(d.error().reason.find(r.reason), std::string::npos) << r.text << ": " << d.error().reason;
  }
}

TEST(Digest, ErrorHoldsTextPositionAndReason) {
  const auto d = digest::parse("sha256:xyz");
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().code, error_code::invalid_input);
  EXPECT_EQ(d.error().message, R"(invalid digest "sha256:xyz", position 8: "x" is not a hexadecimal digit)");
}

TEST(Digest, ErrorIsBoundedWhateverTheText) {
  const auto d = digest::parse(std::string(100'000, '\x01'));
  ASSERT_FALSE(d);
  EXPECT_LT(d.error().message.size(), 1500U);
}

TEST(Digest, HashesBytes) {
  // FIPS 180-4 examples.
  EXPECT_EQ(digest::of("").to_string(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest::of("abc").to_string(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest::parse(digest::of("abc").to_string()), digest::of("abc"));
  EXPECT_NE(digest::of("abc"), digest::of(std::string_view("abc\0", 4)));
}

TEST(Digest, IsShortenedForPeople) {
  EXPECT_EQ(digest::of("abc").shortened(), "sha256:ba7816bf8f01");
  EXPECT_EQ(digest::parse("sha512:" + digits(128))->shortened(), "sha512:" + digits(12));
}

TEST(ShortenDigest, CutsTheDigestOfATextAndNothingElse) {
  const std::string name = "sha256:01234567" + digits(56);
  EXPECT_EQ(shorten_digest("a/b@" + name), "a/b@sha256:01234567…");
  EXPECT_EQ(shorten_digest("a/b:1"), "a/b:1");
  EXPECT_EQ(shorten_digest("a/b@sha256:0123"), "a/b@sha256:0123");
  EXPECT_EQ(shorten_digest(name + " and more"), "sha256:01234567… and more");
}

}  // namespace
}  // namespace pinhook::registry
