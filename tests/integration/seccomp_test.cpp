// The seccomp profile that is delivered: the demo runs under it, and calls that pinhook has no use for fail.
#include "support/paths.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class Seccomp : public ::testing::Test {
 protected:
  int run(const std::string& command) const {
    return stage_.run(
        fmt::format("cd '{}' && tests/support/with-seccomp manifests/seccomp/pinhook.json {}", source_dir(), command));
  }
  script_stage stage_;
};

// Sanitizers make calls of their own.
#ifndef PINHOOK_IS_SANITIZED
TEST_F(Seccomp, TheDemoRunsUnderTheProfile) {
  EXPECT_EQ(run(fmt::format("'{}' demo", program_path())), 0) << stage_.read("out") << stage_.read("errors");
  EXPECT_THAT(stage_.read("out"), HasSubstr("checks hold"));
}
#endif

TEST_F(Seccomp, CallsThatAttackersMakeFail) {
  for (const char* command : {"/usr/bin/unshare --user true", "/bin/mount -t tmpfs none /mnt"}) {
    EXPECT_NE(run(command), 0) << command;
    EXPECT_THAT(stage_.read("errors"), AnyOf(HasSubstr("not permitted"), HasSubstr("permission denied"))) << command;
  }
  EXPECT_EQ(run("/bin/true"), 0) << "the profile itself is in order: " << stage_.read("errors");
}

}  // namespace
}  // namespace pinhook::testing
