#include <pinhook/pin/recorded_pins.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pin {
namespace {

registry::digest digest_of(char c) { return *registry::digest::parse("sha256:" + std::string(64, c)); }

std::string entry(std::string_view reference, char c) {
  return fmt::format(R"("{}":"{}")", reference, digest_of(c).to_string());
}

TEST(RecordedPins, KeepsTheOrderItReads) {
  const std::string text =
      "{" + entry("docker.io/library/nginx:1.25", 'a') + "," + entry("ghcr.io/acme/api:v2", 'b') + "}";
  const auto pins = recorded_pins::parse(text);
  ASSERT_TRUE(pins) << pins.error().message;
  EXPECT_EQ(pins->text(), text);
  ASSERT_NE(pins->find("ghcr.io/acme/api:v2"), nullptr);
  EXPECT_EQ(*pins->find("ghcr.io/acme/api:v2"), digest_of('b'));
  EXPECT_EQ(pins->find("ghcr.io/acme/api:v3"), nullptr);
  EXPECT_EQ(recorded_pins::parse("{}")->text(), "{}");
}

TEST(RecordedPins, RefusesWhatIsNoRecord) {
  const std::string cases[] = {
      "",
      "null",
      "[]",
      "{",
      R"({"docker.io/library/nginx:1.25":1})",
      R"({"docker.io/library/nginx:1.25":"sha256:abc"})",
      "{" + entry("nginx:1.25", 'a') + "}",
      "{" + entry("docker.io/library/nginx", 'a') + "}",
      "{" + entry("docker.io/library/nginx@" + digest_of('a').to_string(), 'a') + "}",
      "{" + entry("docker.io/library/nginx:1.25", 'a') + "," + entry("docker.io/library/nginx:1.25", 'b') + "}"};
  for (const std::string& text : cases) {
    const auto pins = recorded_pins::parse(text);
    ASSERT_FALSE(pins) << text;
    EXPECT_EQ(pins.error().code, error_code::invalid_input);
  }
}

TEST(RecordedPins, ReadsSoManyEntriesAndBytes) {
  const auto many = [](std::size_t n) {
    std::string text = "{";
    for (std::size_t i = 0; i < n; ++i)
      text += (i == 0 ? "" : ",") + entry(fmt::format("docker.io/library/a:{}", i), 'a');
    return text + "}";
  };
  EXPECT_TRUE(recorded_pins::parse(many(max_recorded_pins)));
  EXPECT_FALSE(recorded_pins::parse(many(max_recorded_pins + 1)));
  const std::string text = "{" + entry("docker.io/library/nginx:1.25", 'a') + "}";
  EXPECT_TRUE(recorded_pins::parse(text + std::string(max_recorded_size - text.size(), ' ')));
  EXPECT_FALSE(recorded_pins::parse(text + std::string(max_recorded_size - text.size() + 1, ' ')));
}

TEST(RecordedPins, FindsTheNewestTagOfADigest) {
  const auto pins =
      recorded_pins::parse("{" + entry("docker.io/library/nginx:1.25.3", 'a') + "," +
                           entry("docker.io/library/nginx:1.25", 'a') + "," + entry("ghcr.io/acme/nginx:9", 'a') + "}");
  ASSERT_TRUE(pins);
  const auto tag_of = [&](const std::string& image) {
    const auto tag = pins->tag_of(*registry::reference::parse(image));
    return tag ? tag->canonical() : "";
  };
  const std::string a = "@" + digest_of('a').to_string();
  EXPECT_EQ(tag_of("nginx" + a), "docker.io/library/nginx:1.25.3");
  EXPECT_EQ(tag_of("docker.io/library/nginx" + a), "docker.io/library/nginx:1.25.3");
  EXPECT_EQ(tag_of("ghcr.io/acme/nginx" + a), "ghcr.io/acme/nginx:9");
  EXPECT_EQ(tag_of("nginx:1.25" + a), "docker.io/library/nginx:1.25");
  EXPECT_EQ(tag_of("nginx:1.24" + a), "");
  EXPECT_EQ(tag_of("redis" + a), "");
  EXPECT_EQ(tag_of("nginx@" + digest_of('b').to_string()), "");
  EXPECT_EQ(tag_of("nginx:1.25"), "");
}

TEST(RecordedPins, PutsTheNewestInFront) {
  auto pins = *recorded_pins::parse("{" + entry("docker.io/library/a:1", 'a') + "," +
                                    entry("docker.io/library/b:1", 'b') + "}");
  pins.put_newest({{"docker.io/library/c:1", digest_of('c')},
                   {"docker.io/library/b:1", digest_of('d')},
                   {"docker.io/library/c:1", digest_of('e')}});
  EXPECT_EQ(pins.text(), "{" + entry("docker.io/library/c:1", 'c') + "," + entry("docker.io/library/b:1", 'd') + "," +
                             entry("docker.io/library/a:1", 'a') + "}");
  pins.append_older(*recorded_pins::parse("{" + entry("docker.io/library/a:1", 'f') + "," +
                                          entry("docker.io/library/z:1", 'f') + "}"));
  EXPECT_EQ(*pins.find("docker.io/library/a:1"), digest_of('a'));
  EXPECT_EQ(pins.entries().back().reference, "docker.io/library/z:1");
}

TEST(RecordedPins, WritesNoMoreThanItReads) {
  recorded_pins pins;
  for (std::size_t i = 0; i < max_recorded_pins + 5; ++i)
    pins.put_newest({{fmt::format("docker.io/library/a:{}", i), digest_of('a')}});
  const auto again = recorded_pins::parse(pins.text());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->entries().size(), max_recorded_pins);
  EXPECT_EQ(again->entries().front().reference, fmt::format("docker.io/library/a:{}", max_recorded_pins + 4));

  recorded_pins long_names;
  for (char c = 'a'; c <= 'z'; ++c)
    long_names.put_newest({{"example.com/" + std::string(255, c) + ":" + std::string(128, 't'), digest_of('a')}});
  EXPECT_LE(long_names.text().size(), max_recorded_size);
  EXPECT_GT(long_names.text().size(), max_recorded_size - 500);
  EXPECT_TRUE(recorded_pins::parse(long_names.text()));
}

}  // namespace
}  // namespace pinhook::pin
