#include <pinhook/cli/unknown_word.hpp>

#include <gtest/gtest.h>

namespace pinhook::cli {
namespace {

std::string message(std::string_view command, std::string_view word) {
  static const auto all = describe_command_line();
  return unknown_word(all, command, word);
}

TEST(UnknownWord, SuggestsWhatWasMeant) {
  const struct {
    const char* command;
    const char* word;
    const char* wanted;
  } rows[] = {
      {"", "chekc", "unknown command \"chekc\"; did you mean check?"},
      {"", "explian", "unknown command \"explian\"; did you mean explain?"},
      {"", "deploy/", "unknown command \"deploy/\""},
      {"", "-", "unknown command \"-\""},
      {"", "--versoin", "unknown flag \"--versoin\"; did you mean --version?"},
      {"check", "--formta=digest", "unknown flag \"--formta\"; did you mean --format?"},
      {"check", "-z", "unknown flag \"-z\""},
      {"check", "-i", "unknown flag \"-i\"; it is a flag of pin, unpin"},
      {"serve", "extra", "unexpected argument \"extra\""},
      {"", "--drift", "unknown flag \"--drift\"; write it after the command (check)"},
      {"", "a\x1b[31m", "unknown command \"a\\x1b[31m\""},
  };
  for (const auto& row : rows) EXPECT_EQ(message(row.command, row.word), row.wanted);
}

}  // namespace
}  // namespace pinhook::cli
