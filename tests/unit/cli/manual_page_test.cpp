#include <pinhook/cli/manual_page.hpp>

#include "support/certificates.hpp"
#include "support/paths.hpp"

#include <pinhook/cli/help_text.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace pinhook::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string page(std::string_view name) {
  for (auto& one : manual_pages(describe_command_line()))
    if (one.name == name) return one.text;
  ADD_FAILURE() << name;
  return {};
}

bool is_there(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

TEST(ManualPage, ThereIsOneForTheProgramAndEachCommand) {
  const auto commands = describe_command_line();
  const auto pages = manual_pages(commands);
  ASSERT_EQ(pages.size(), commands.size());
  EXPECT_EQ(pages.front().name, "pinhook.1");
  for (std::size_t i = 1; i < pages.size(); ++i) EXPECT_EQ(pages[i].name, "pinhook-" + commands[i].name + ".1");
  EXPECT_THAT(page("pinhook.1"), AllOf(HasSubstr("\\fBpinhook\\-check\\fR(1)"), HasSubstr("\n.SH COMMANDS\n")));
}

TEST(ManualPage, HoldsWhatHelpHolds) {
  const auto text = page("pinhook-check.1");
  EXPECT_THAT(text, StartsWith(".TH PINHOOK\\-CHECK 1 "));
  EXPECT_THAT(text, HasSubstr("\n.SH NAME\npinhook\\-check \\- report images in files"));
  EXPECT_THAT(text, HasSubstr("\n.SH SYNOPSIS\npinhook check [OPTIONS] [PATH...]\n"));
  EXPECT_THAT(text, HasSubstr("\n.TP\n\\fB\\-\\-drift\\fR\nCompare pins"));
  EXPECT_THAT(text, HasSubstr("\n.SH EXAMPLES\n.PP\n.nf\npinhook check deploy/"));
  EXPECT_THAT(text, HasSubstr("\n.SH EXIT STATUS\n0 nothing found; 1 findings"));
  EXPECT_THAT(page("pinhook-help.1"), Not(HasSubstr("\\-man")));
}

// roff would take a leading dot or apostrophe for a request, and a backslash for an escape.
TEST(ManualPage, EscapesText) {
  const std::vector<described_command> odd{{"", "p", "", {}},
                                           {"it", "A 'b' \\c … -d", "G", {{"o", "", "", ".x", value_kind::none, {}}}}};
  const auto text = manual_pages(odd).at(1).text;
  EXPECT_THAT(text, HasSubstr("\\- a 'b' \\ec \\[u2026] \\-d\n"));
  EXPECT_THAT(text, HasSubstr("\n\\fB\\-o\\fR\n\\&.x\n"));
}

// As man shows them, without a warning of groff; mandoc, where it is installed, finds no error.
TEST(ManualPage, AreRendered) {
  if (!is_there("man") || !is_there("groff")) GTEST_SKIP() << "man is not installed";
  const testing::temporary_directory folder;
  for (const auto& one : manual_pages(describe_command_line())) {
    const auto file = folder.write(one.name, one.text).string();
    const auto out = (folder.path() / "out").string();
    const auto line =
        fmt::format("LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -P cat '{}' >'{}' 2>&1", file, out);
    ASSERT_EQ(std::system(line.c_str()), 0) << one.name;
    std::ifstream in(out);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_THAT(text, AllOf(HasSubstr("NAME"), HasSubstr("EXIT STATUS"), Not(HasSubstr("warning")))) << text;
    if (!is_there("mandoc")) continue;
    EXPECT_EQ(std::system(fmt::format("mandoc -T lint -W error '{}' >'{}' 2>&1", file, out).c_str()), 0) << one.name;
  }
}

}  // namespace
}  // namespace pinhook::cli
