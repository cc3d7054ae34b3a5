#include <pinhook/cli/messages.hpp>

#include <gtest/gtest.h>

namespace pinhook::cli {
namespace {

TEST(MessageLine, NamesTheCommandAndIsPrintable) {
  EXPECT_EQ(message_line("pin", "a.yaml: bad"), "pinhook pin: a.yaml: bad\n");
  EXPECT_EQ(message_line("", "bad \x1b[31m"), "pinhook: bad \\x1b[31m\n");
}

TEST(MessageLine, IsBrokenAtAWidth) {
  EXPECT_EQ(message_line("pin", "one two three four", 20), "pinhook pin: one two\n  three four\n");
  EXPECT_EQ(message_line("pin", "one two three four"), "pinhook pin: one two three four\n");
}

}  // namespace
}  // namespace pinhook::cli
