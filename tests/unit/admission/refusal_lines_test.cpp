#include <pinhook/admission/refusal_lines.hpp>

#include "support/handler_fixture.hpp"

#include <pinhook/resolve/help_text.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::review_of;
using ::testing::StartsWith;

TEST(FindingLines, OneStandsBehindTheHeadAndSeveralBelowIt) {
  EXPECT_THAT(finding_lines("head", {"a"}, 1, 100), ElementsAre("head: a"));
  EXPECT_THAT(finding_lines("head", {"a", "b"}, 2, 100), ElementsAre("head:", "- a", "- b"));
  EXPECT_THAT(finding_lines("head", {"a", "b"}, 5, 100), ElementsAre("head:", "- a", "- b", "- and 3 more"));
}

TEST(FindingLines, StayWithinTheirSize) {
  std::vector<std::string> many;
  for (int i = 0; i < 50; ++i) many.push_back(fmt::format("{}{}", i, std::string(40, 'f')));
  for (std::size_t size = 80; size < 3'000; size += 7) {
    const auto lines = finding_lines("head", many, many.size(), size);
    EXPECT_LE(size_of(lines), size);
    ASSERT_GE(lines.size(), 3U) << "the first finding is always there";
    if (lines.size() != many.size() + 1) {
      EXPECT_EQ(lines.back(), fmt::format("- and {} more", many.size() + 2 - lines.size()));
    }
  }
  EXPECT_LE(size_of(finding_lines("head", {std::string(500, 'f')}, 1, 80)), 80U);
}

// A name or a message may hold anything, and must not look like a line of pinhook's.
TEST(FindingLines, AFindingIsOneLine) {
  EXPECT_THAT(finding_lines("head", {"a\n- b", "c\x1b[2J"}, 2, 100),
              ElementsAre("head:", "- a\\x0a- b", "- c\\x1b[2J"));
  EXPECT_THAT(finding_lines("head", {"a\r\nb"}, 1, 100), ElementsAre("head: a\\x0d\\x0ab"));
}

TEST(FindingLines, DetailsStandBelowTheirFindingWhereThereIsRoom) {
  EXPECT_THAT(detailed_finding_lines("head", {{"a", {"x", "y"}}}, 1, 100), ElementsAre("head: a", "  - x", "  - y"));
  EXPECT_THAT(detailed_finding_lines("head", {{"a", {"x"}}, {"b", {"y"}}}, 2, 100),
              ElementsAre("head:", "- a", "  - x", "- b", "  - y"));
  EXPECT_THAT(detailed_finding_lines("head", {{"a", {"x\n- b"}}}, 1, 100), ElementsAre("head: a", "  - x\\x0a- b"));
  std::vector<finding_text> many;
  for (int i = 0; i < 20; ++i)
    many.push_back({fmt::format("finding {}", i), {std::string(60, 'd'), std::string(9, 'e')}});
  for (std::size_t size = 100; size < 2'000; size += 13) {
    const auto lines = detailed_finding_lines("head", many, many.size(), size);
    EXPECT_LE(size_of(lines), size);
    std::size_t findings = 0;
    for (const std::string& line : lines) findings += line.starts_with("- finding") ? 1 : 0;
    std::size_t alone = 0;
    std::vector<std::string> texts;
    for (const finding_text& one : many) texts.push_back(one.text);
    for (const std::string& line : finding_lines("head", texts, texts.size(), size))
      alone += line.starts_with("- finding") ? 1 : 0;
    EXPECT_EQ(findings, alone) << "details take no room of findings";
  }
}

TEST(ModeLine, NamesTheNamespaceAndItsMode) {
  EXPECT_THAT(mode_line("shop", pin::mode::enforce),
              StartsWith("Namespace shop is labelled pinhook.dev/pin=enforce: "));
  EXPECT_THAT(mode_line("shop", pin::mode::best_effort),
              StartsWith("Namespace shop is labelled pinhook.dev/pin=best-effort: "));
  EXPECT_THAT(mode_line("", pin::mode::enforce), StartsWith("pinhook works in mode enforce: "));
  for (const pin::mode m : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit})
    EXPECT_LE(mode_line(std::string(500, 'n'), m).size(), max_mode_size);
}

TEST(LastLines, EndWithTheHelp) {
  EXPECT_EQ(last_lines("shop", pin::mode::enforce, "").size(), 1U);
  EXPECT_EQ(last_lines("shop", pin::mode::enforce, "wiki/{namespace}").at(1), "Help: wiki/shop");
}

TEST(AddHelp, StandsWhereItFitsWhole) {
  const std::string help = "Help: wiki";
  for (std::size_t size = 1; size <= max_warning_size; ++size) {
    std::vector<warning> all{{std::string(size, 'w')}, {std::string(size, 'l'), true}};
    add_help(all, help);
    const bool fits = size + 2 + help.size() <= max_warning_size;
    EXPECT_EQ(all[0].text, std::string(size, 'w') + (fits ? ". " + help : "")) << size;
    EXPECT_EQ(all[1].text, std::string(size, 'l')) << "a line to copy stays alone";
  }
  std::vector<warning> none{{""}};
  add_help(none, help);
  EXPECT_EQ(none[0].text, "") << "a warning that is only counted";
}

// --- In answers ---

struct Help : testing::handler_fixture {
  Help() { help = "https://wiki.example.com/pins?of={namespace}"; }
  const std::string filled = "Help: https://wiki.example.com/pins?of=shop";
};

TEST_F(Help, EndsEveryRefusal) {
  ask(review_of(deployment(container("web", "nope:1"))));
  EXPECT_EQ(lines().back(), filled);
  use_rules("[{name: x, require: tag, action: deny}]");
  for (const pin::mode m : {pin::mode::enforce, pin::mode::best_effort}) {
    ask(review_of(deployment(container("web", "nope"))), m);
    EXPECT_EQ(lines().back(), filled);
  }
  std::string containers;
  for (int i = 0; i < 1'001; ++i) containers += (i == 0 ? "" : ",") + container(fmt::format("c{}", i), "nope");
  ask(review_of(deployment(containers)));
  EXPECT_EQ(lines().back(), filled) << "too large";
}

TEST_F(Help, EndsARefusalOfAThousandImagesWithTheLongestHelp) {
  help = std::string(resolve::max_help_size - 63, 'h') + "{namespace}";
  use_rules("[{name: x, require: tag, action: deny, message: '" + std::string(200, 'm') + "'}]");
  std::string containers;
  for (int i = 0; i < 1'000; ++i)
    containers += (i == 0 ? "" : ",") + container(fmt::format("c{}", i), i % 2 == 0 ? "nope" : "nope:1");
  ask(review_of(deployment(containers)));
  EXPECT_LE(message().size(), max_message_size);
  EXPECT_EQ(lines().back(), "Help: " + std::string(resolve::max_help_size - 63, 'h') + "shop");
  EXPECT_THAT(lines().at(lines().size() - 2), StartsWith("Namespace shop is labelled "));
  EXPECT_THAT(message(), HasSubstr("\npinhook cannot pin 1000 of 1000 images:\n- container c0"));
}

TEST_F(Help, EndsWarningsThatHaveRoom) {
  const std::string image = "registry.example.com/" + std::string(100, 'r') + ":1";
  ask(review_of(deployment(container("web", "nope:1") + "," + container("b", image))), pin::mode::best_effort);
  ASSERT_EQ(warnings().size(), 2U);
  EXPECT_THAT(warnings()[0], StartsWith("not pinned: "));
  EXPECT_THAT(warnings()[0], EndsWith("(container web, image nope:1). " + filled));
  EXPECT_THAT(warnings()[1], Not(HasSubstr("Help: ")));
  EXPECT_LE(warnings()[1].size(), max_warning_size);
}

TEST_F(Help, IsNotThereWhenThereIsNone) {
  help.clear();
  ask(review_of(deployment(container("web", "nope:1"))));
  EXPECT_THAT(message(), Not(HasSubstr("Help:")));
  ask(review_of(deployment(container("web", "nope:1"))), pin::mode::best_effort);
  EXPECT_THAT(warnings().at(0), EndsWith("(container web, image nope:1)"));
}

}  // namespace
}  // namespace pinhook::admission
