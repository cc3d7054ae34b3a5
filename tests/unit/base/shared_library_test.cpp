#include <pinhook/base/shared_library.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <stdexcept>

namespace pinhook {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(SharedLibrary, CallsAFunctionByItsName) {
  shared_library library("libc.so.6");
  EXPECT_EQ(library.call<getpid>("getpid"), getpid());
}

TEST(SharedLibrary, SaysWhichPackageIsMissing) {
  shared_library one("libabsent.so.4");
  EXPECT_THAT([&] { one.call<getppid>("getppid"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("cannot load libabsent.so.4: "), HasSubstr("install Debian's package libabsent4"))));
  shared_library other("libabsent3.so.0");
  EXPECT_THAT([&] { other.call<getuid>("getuid"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("install Debian's package libabsent3-0")));
}

TEST(SharedLibrary, SaysWhichFunctionIsMissing) {
  shared_library library("libc.so.6");
  EXPECT_THAT([&] { library.call<getgid>("get_nothing"); },
              ThrowsMessage<std::runtime_error>("libc.so.6 has no function get_nothing"));
}

}  // namespace
}  // namespace pinhook
