#include <pinhook/base/start_pages.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace pinhook {
namespace {

// The memory of this process by kind (proc_pid_status(5)), in KB.
long memory(const std::string& kind) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(kind + ":")) return std::stol(line.substr(kind.size() + 1));
  ADD_FAILURE() << kind << " is not in /proc/self/status";
  return 0;
}

// Written at the start: its address is in a page that the loader changed (RELRO), which must not be lost.
int answer() { return 42; }
int (*const volatile relocated)() = answer;
int written = 1;

TEST(StartPages, OfTheProgramAndItsLibrariesAreUnmapped) {
  const long files = memory("RssFile");
  release_start_pages();
  EXPECT_LT(memory("RssFile"), files * 3 / 4);
}

TEST(StartPages, ThatTheProcessWroteStay) {
  written = 2;
  const long own = memory("RssAnon");
  release_start_pages();
  EXPECT_GE(memory("RssAnon"), own - 64);
  EXPECT_EQ(relocated(), 42);
  EXPECT_EQ(written, 2);
}

// Tables of exceptions, of symbols and the code itself are read from the file again.
TEST(StartPages, ComeBackWhenTheyAreTouched) {
  for (int i = 0; i < 3; ++i) {
    release_start_pages();
    EXPECT_THROW(static_cast<void>(std::stol("no number")), std::invalid_argument);
    EXPECT_EQ(std::stod("1.5"), 1.5);
  }
}

}  // namespace
}  // namespace pinhook
