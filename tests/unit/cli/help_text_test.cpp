#include <pinhook/cli/help_text.hpp>

#include <pinhook/base/wrapped_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace pinhook::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string help_of(std::string_view name, std::size_t width = 80) {
  return help_text(describe_command_line(), name, width);
}

TEST(HelpText, OfTheProgramNamesEveryCommandInItsGroup) {
  const auto help = help_of("");
  for (const auto& one : describe_command_line()) EXPECT_THAT(help, HasSubstr("\n  " + one.name));
  EXPECT_THAT(help, AllOf(HasSubstr("\nUsage: pinhook [OPTIONS] COMMAND\n"), HasSubstr("\nImages in files:\n  pin "),
                          HasSubstr("-V, --version"), HasSubstr("\nExit codes: 0 fine; ")));
}

TEST(HelpText, OfACommandHasItsOptionsAndExitCodes) {
  for (const auto& one : describe_command_line()) {
    if (one.name.empty()) continue;
    const auto help = help_of(one.name);
    EXPECT_THAT(help, HasSubstr("Usage: pinhook " + one.name + " [OPTIONS]")) << one.name;
    EXPECT_THAT(help, HasSubstr("\nExit codes: 0 ")) << one.name;
    for (const auto& option : one.options) EXPECT_THAT(help, HasSubstr(spelled(option))) << one.name;
  }
  EXPECT_THAT(help_of("serve"), AllOf(HasSubstr("PINHOOK_"), Not(HasSubstr("explain"))));
  EXPECT_THAT(help_of("pin"), AllOf(HasSubstr("--format digest|tag-and-digest"), HasSubstr(" [PATH...]")));
  EXPECT_THAT(help_of("resolve"), HasSubstr("Usage: pinhook resolve [OPTIONS] REF..."));
  EXPECT_THAT(help_of("completion"), HasSubstr("  The shell (bash, zsh, fish)\n"));
  EXPECT_THAT(help_of("help"), Not(HasSubstr("--man")));
}

// Examples are typed as they are, so only they may be wider.
TEST(HelpText, KeepsToTheWidth) {
  for (const std::size_t width : {60U, 80U, 100U})
    for (const auto& one : describe_command_line()) {
      std::istringstream lines(help_of(one.name, width));
      for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("  ") && (line.contains("pinhook ") || line.contains("{"))) continue;
        EXPECT_LE(columns_of(line), width) << line;
      }
    }
}

TEST(HelpText, PutsTheDescriptionOfAnExampleOnItsOwnLineWhereItDoesNotFit) {
  const std::string command = "  pinhook lock --as kbld --file images.lock.yml deploy/";
  EXPECT_THAT(help_of("lock", 100), HasSubstr(command + "   write an ImagesLock of kbld\n"));
  EXPECT_THAT(help_of("lock", 80), HasSubstr(command + "\n      write an ImagesLock of kbld\n"));
}

TEST(HelpText, ReadsExamples) {
  EXPECT_FALSE(example_of("A sentence."));
  EXPECT_EQ(example_of("  pinhook pin -   a chart")->command, "pinhook pin -");
  EXPECT_EQ(example_of("  pinhook pin -   a chart")->description, "a chart");
  EXPECT_EQ(example_of("  pinhook pin -")->description, "");
  EXPECT_EQ(example_of("     expect: {}")->command, "   expect: {}");
}

}  // namespace
}  // namespace pinhook::cli
