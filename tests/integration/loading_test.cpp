// What the program loads, and when: some libraries only with the first use of one of their functions
// (include/pinhook/base/shared_library.hpp).
#include "support/paths.hpp"
#include "support/script_stage.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

class Loading : public ::testing::Test {
 protected:
  // The names by which the libraries are loaded, as the build wrote them.
  std::vector<std::string> loaded() const {
    EXPECT_EQ(stage_.run(fmt::format("cat \"$(dirname '{}')/loaded_libraries\"", program_path())), 0);
    std::istringstream lines(stage_.read("out"));
    return {std::istream_iterator<std::string>(lines), {}};
  }

  // In a place where each of those libraries is an empty file.
  int run_without_libraries(const std::string& arguments) const {
    for (const std::string& name : loaded()) stage_.write(name, "");
    stage_.write("pod.yaml",
                 "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx:1}]}\n");
    stage_.write(
        "alias.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: &a a}\nspec: {containers: [{name: *a, image: nginx:1}]}\n");
    return stage_.run(fmt::format("LD_LIBRARY_PATH=$WORK '{}' {}", program_path(), arguments));
  }
  script_stage stage_;
};

TEST_F(Loading, TheProgramIsNotLinkedWithWhatItLoads) {
  const auto names = loaded();
  EXPECT_THAT(names, IsSupersetOf({"libfyaml.so.0", "libsqlite3.so.0", "libsodium.so.23"}));
  ASSERT_EQ(stage_.run(fmt::format("LC_ALL=C readelf -d '{}'", program_path())), 0) << stage_.read("errors");
  EXPECT_THAT(stage_.read("out"), HasSubstr("[libstdc++.so.6]"));
  for (const std::string& name : names) EXPECT_THAT(stage_.read("out"), Not(HasSubstr(name)));
  // Linked as archives.
  EXPECT_THAT(stage_.read("out"),
              Not(ContainsRegex("lib(re2|absl|pugixml|boost_url|spdlog|curl|nghttp2|z|ssl|crypto|zstd)\\.")));
}

// What the program defines in place of libraries, or has of them, is not given to a shared library that asks for the
// name.
TEST_F(Loading, ItsFunctionsAreNotThoseOfASharedLibrary) {
  ASSERT_EQ(stage_.run(fmt::format("nm -D --defined-only '{}'", program_path())), 0) << stage_.read("errors");
  EXPECT_THAT(
      stage_.read("out"),
      Not(ContainsRegex(" T (BrotliDecoder|RTMP_|ZSTD_|ber_|gss_|idn2_|ldap_|libssh2_|nghttp3_|psl_|SSL_|EVP_)")));
}

TEST_F(Loading, CheckOfAFileNeedsNoneOfThem) {
  EXPECT_EQ(run_without_libraries("check $WORK/pod.yaml"), 1);
  EXPECT_THAT(stage_.read("out"), HasSubstr("unpinned  nginx:1"));
}

TEST_F(Loading, ARequestNeedsNoneOfThem) {
  EXPECT_EQ(run_without_libraries("resolve localhost:1/team/app:1"), 3);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("Connection refused"));
}

TEST_F(Loading, WithoutALibraryItsFirstUseSaysWhatToInstall) {
  EXPECT_NE(run_without_libraries("check $WORK/alias.yaml"), 0);
  EXPECT_THAT(stage_.read("errors"), AllOf(HasSubstr("cannot load libfyaml.so.0: "), HasSubstr("file too short"),
                                           HasSubstr("install Debian's package libfyaml0")));
}

TEST_F(Loading, TheImageHasThemAndWhatTheyNeed) {
  ASSERT_EQ(stage_.run(fmt::format("cd '{0}' && version=$('{1}' version) && .ci/image-files '{1}' $WORK/image "
                                   "\"${{version#* }}\" 0 && find $WORK/image",
                                   source_dir(), program_path())),
            0)
      << stage_.read("errors");
  const std::string files = stage_.read("out");
  EXPECT_THAT(files, AllOf(HasSubstr("/libfmt.so."), HasSubstr("/libcbor.so.0."), Not(HasSubstr("/libgnutls"))));
  for (const char* package : {"libfyaml0", "libsqlite3-0", "libsodium23", "libcbor0."})
    EXPECT_THAT(files,
                AllOf(HasSubstr(fmt::format("/status.d/{}", package)), HasSubstr(fmt::format("/doc/{}", package))));
  // Parts of the program itself: their licences, and what scanners read.
  for (const char* package :
       {"libre2-dev", "libpugixml-dev", "libboost-url1.", "libcurl4-openssl-dev", "libnghttp2-dev", "zlib1g-dev"})
    EXPECT_THAT(files, AllOf(HasSubstr(fmt::format("/status.d/{}", package)),
                             ContainsRegex(fmt::format("/doc/{}[^\n]*/copyright", package))));
  for (const std::string& name : loaded()) EXPECT_THAT(files, HasSubstr(fmt::format("/{}\n", name)));
}

}  // namespace
}  // namespace pinhook::testing
