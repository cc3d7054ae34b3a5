// .ci/image-twice with a program in buildah's place: two builds from clones, compared byte for byte.
#include "support/paths.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ImageTwice : public ::testing::Test {
 protected:
  void SetUp() override {
    // A repository that is small, so that clones of it take no time.
    ASSERT_EQ(stage_.run(fmt::format(
                  "mkdir -p $WORK/src/.ci && cd $WORK/src && cp '{0}/.ci/image' '{0}/.ci/image-twice' .ci/ && "
                  "cp '{0}/CMakeLists.txt' . && git init -q . && git add . && "
                  "git -c user.name=a -c user.email=a@example.com commit -qm one",
                  source_dir())),
              0)
        << stage_.read("errors");
    stage_.put_program("docker", "exit 1");
    stage_.put_program("buildah",
                       "echo \"buildah $* in $PWD, $(umask)\" >>\"$WORK/calls\"\n"
                       "case $1 in\n"
                       "  push) folder=${@: -1:1}; folder=${folder#*:}; mkdir -p \"$folder\"\n"
                       "    case $* in *twice-2*) cp \"$WORK/second\" \"$folder/blob\" ;; *) cp \"$WORK/first\" "
                       "\"$folder/blob\" ;; esac ;;\n"
                       "  inspect) echo 65532:65532 ;;\n"
                       "esac");
    stage_.write("first", "one layer\n");
    stage_.write("second", "one layer\n");
  }
  int run(const std::string& environment = "") const {
    return stage_.run(fmt::format("cd $WORK/src && PLATFORMS=linux/amd64 {} .ci/image-twice", environment));
  }
  script_stage stage_;
};

TEST_F(ImageTwice, ComparesWhatWouldBePushed) {
  ASSERT_EQ(run(), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("out"), HasSubstr("the same image twice: 1 files"));
  // The second compiles anew; neither takes layers of an earlier build, nor the tests.
  const std::string calls = stage_.read("calls");
  const std::string first = calls.substr(0, calls.find("twice-2"));
  const std::string second = calls.substr(first.size());
  EXPECT_THAT(first, AllOf(HasSubstr("buildah build"), HasSubstr("--no-cache"), HasSubstr("/one,"),
                           Not(HasSubstr("CCACHE_DISABLE"))));
  EXPECT_THAT(second, AllOf(HasSubstr("--no-cache"), HasSubstr("CCACHE_DISABLE=1"), HasSubstr("/another/folder,"),
                            HasSubstr("TESTS=off")));
}

TEST_F(ImageTwice, ADifferenceIsAnError) {
  stage_.write("second", "another layer\n");
  EXPECT_EQ(run("CACHED=1"), 1);
  EXPECT_THAT(stage_.read("errors"), AllOf(HasSubstr("the two images differ"), HasSubstr("another layer")));
  EXPECT_THAT(stage_.read("calls"), Not(HasSubstr("CCACHE_DISABLE")));
}

TEST_F(ImageTwice, ABuildThatFailsShowsItsEnd) {
  stage_.put_program("buildah", "[ \"$1\" != build ] || { echo 'no space left' >&2; exit 5; }");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(stage_.read("errors"), AllOf(HasSubstr("no space left"), HasSubstr("build 1 failed")));
}

}  // namespace
}  // namespace pinhook::testing
