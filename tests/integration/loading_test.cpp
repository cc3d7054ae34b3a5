// What the program loads, and when: libcurl only with the first use of the network (src/http/libcurl.cpp).
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

class Loading : public ::testing::Test {
 protected:
  // In a place where libcurl is an empty file.
  int run_without_libcurl(const std::string& arguments) const {
    stage_.write("libcurl.so.4", "");
    stage_.write("pod.yaml",
                 "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx:1}]}\n");
    return stage_.run(fmt::format("LD_LIBRARY_PATH=$WORK '{}' {}", program_path(), arguments));
  }
  script_stage stage_;
};

TEST_F(Loading, TheProgramIsNotLinkedWithLibcurl) {
  ASSERT_EQ(stage_.run(fmt::format("LC_ALL=C readelf -d '{}'", program_path())), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("out"), AllOf(HasSubstr("[libssl.so.3]"), Not(HasSubstr("libcurl"))));
}

TEST_F(Loading, CheckOfAFileNeedsNoLibcurl) {
  EXPECT_EQ(run_without_libcurl("check $WORK/pod.yaml"), 1);
  EXPECT_THAT(stage_.read("out"), HasSubstr("unpinned  nginx:1"));
}

TEST_F(Loading, WithoutLibcurlALookUpSaysWhatToInstall) {
  EXPECT_EQ(run_without_libcurl("resolve localhost:1/team/app:1"), 3);
  EXPECT_THAT(stage_.read("errors"), AllOf(HasSubstr("cannot load libcurl.so.4: "), HasSubstr("file too short"),
                                           HasSubstr("install Debian's package libcurl4")));
}

TEST_F(Loading, TheImageHasLibcurlAndWhatItNeeds) {
  ASSERT_EQ(stage_.run(fmt::format("cd '{0}' && version=$('{1}' version) && .ci/image-files '{1}' $WORK/image "
                                   "\"${{version#* }}\" 0 && find $WORK/image",
                                   source_dir(), program_path())),
            0)
      << stage_.read("errors");
  EXPECT_THAT(stage_.read("out"),
              AllOf(HasSubstr("/libcurl.so.4\n"), HasSubstr("/libnghttp2.so.14\n"), HasSubstr("/status.d/libcurl4"),
                    HasSubstr("/doc/libcurl4"), HasSubstr("/libssl.so.3\n")));
}

}  // namespace
}  // namespace pinhook::testing
