#include <pinhook/base/log.hpp>

#include "support/hostile_text.hpp"
#include "support/strict_json.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/base/printable.hpp>
#include <pinhook/base/secret.hpp>

#include <gtest/gtest.h>

#include <type_traits>

namespace pinhook::log {
namespace {

constexpr std::string_view noon = "2026-01-01T12:00:00.000Z";

TEST(Log, WritesOneJsonObjectALine) {
  const std::vector<std::string> images{"nginx:1.25", "redis"};
  const auto line = render(format::json, noon, level::info, "pinned",
                           {{"namespace", "shop"}, {"slots", 2}, {"ms", 1.5}, {"dry", false}, {"images", images}});
  EXPECT_EQ(line,
            R"({"time":"2026-01-01T12:00:00.000Z","level":"info","message":"pinned","namespace":"shop","slots":2,)"
            R"("ms":1.5,"dry":false,"images":["nginx:1.25","redis"]})");
}

TEST(Log, HostileTextStaysInsideItsLine) {
  const auto line = render(format::json, noon, level::warning, "a\nb", {{"peer", std::string("x\"\n\x1b\xff")}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto parsed = json::parse(line);
  ASSERT_TRUE(parsed) << line;
  EXPECT_EQ(json::find_string(*parsed, "peer"), "x\"\n\x1b\xef\xbf\xbd");
  const auto text = render(format::text, noon, level::warning, "a\nb", {{"peer", "x\n\x1b[2J"}});
  EXPECT_EQ(text, "2026-01-01T12:00:00.000Z warning a\\x0ab peer=x\\x0a\\x1b[2J");
}

TEST(Log, NoTextBreaksALineOrTheTerminal) {
  testing::for_each_hostile_text(
      [](std::string_view text, std::string_view) {
        const auto line = render(format::json, text, level::info, text,
                                 {{"name", std::string(text)}, {"all", std::vector<std::string>{std::string(text)}}});
        const auto read = testing::read_strict_json(line);
        ASSERT_TRUE(read) << line;
        for (const std::size_t member : {0U, 2U, 3U}) ASSERT_EQ(read->elements[member].text, text);
        ASSERT_EQ(read->elements[4].elements.front().text, text);
        ASSERT_EQ(printable(line), line);
        const auto shown = render(format::text, noon, level::info, text, {{"name", std::string(text)}});
        ASSERT_EQ(printable(shown), shown);
      },
      1);
}

TEST(Log, ASecretIsNoField) { EXPECT_FALSE((std::is_constructible_v<std::string_view, secret>)); }

}  // namespace
}  // namespace pinhook::log
