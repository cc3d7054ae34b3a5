#include <pinhook/base/terminal.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <optional>

namespace pinhook {
namespace {

TEST(Terminal, TheUsersColumnsWinOverTheTerminals) {
  EXPECT_EQ(text_columns("", std::nullopt), 80U);
  EXPECT_EQ(text_columns("", 100), 100U);
  EXPECT_EQ(text_columns("60", 100), 60U);
  EXPECT_EQ(text_columns("60", std::nullopt), 60U);
  EXPECT_EQ(text_columns("", 500), most_columns);
  EXPECT_EQ(text_columns("5", std::nullopt), least_columns);
  for (const char* invalid : {"wide", "-1", "0", "80x", "99999999999999999999999"})
    EXPECT_EQ(text_columns(invalid, 100), 100U) << invalid;
}

TEST(Terminal, KnowsItsColumns) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  winsize size{};
  size.ws_col = 97;
  ASSERT_EQ(ioctl(terminal, TIOCSWINSZ, &size), 0);
  EXPECT_TRUE(is_terminal(terminal));
  EXPECT_EQ(columns_of_terminal(terminal), 97U);
  size.ws_col = 0;
  ASSERT_EQ(ioctl(terminal, TIOCSWINSZ, &size), 0);
  EXPECT_EQ(columns_of_terminal(terminal), std::nullopt);
  close(terminal);
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(is_terminal(file));
  EXPECT_EQ(columns_of_terminal(file), std::nullopt);
  close(file);
}

}  // namespace
}  // namespace pinhook
