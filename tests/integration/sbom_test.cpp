// .ci/sbom on the program of this build: both documents are JSON, name what is shipped and what is compiled in, and are
// the same bytes each time.
#include "support/paths.hpp"
#include "support/script_stage.hpp"
#include "support/strict_json.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class Sbom : public ::testing::Test {
 protected:
  int make(const std::string& name, const fs::path& build) const {
    stage_.write("packages", "libc6\nca-certificates\n");
    return stage_.run(fmt::format("cd '{}' && .ci/sbom '{}' 0.1.0 1700000000 '{}' $WORK/packages $WORK/{}",
                                  source_dir(), program_path(), build.string(), name));
  }
  script_stage stage_;
};

TEST_F(Sbom, NamesWhatIsShippedAndWhatIsCompiledIn) {
  const fs::path build = fs::path(program_path()).parent_path();
  ASSERT_EQ(make("one", build), 0) << stage_.read("errors");
  ASSERT_EQ(make("two", build), 0) << stage_.read("errors");
  for (const char* form : {"spdx", "cdx"}) {
    const auto text = stage_.read(fmt::format("one.{}.json", form));
    EXPECT_EQ(text, stage_.read(fmt::format("two.{}.json", form)));
    const auto read = read_strict_json(text);
    ASSERT_TRUE(read) << text;
    for (const char* package : {"libc6@", "ca-certificates@", "rapidjson-dev@", "libssl-dev@", "libcli11-dev@"})
      EXPECT_TRUE(read->has_text(std::string("pkg:deb/debian/") + package)) << package;
    EXPECT_THAT(text, HasSubstr("2023-11-14T22:13:20Z"));
    // What the tests alone are compiled with.
    EXPECT_THAT(text, Not(HasSubstr("googletest")));
    EXPECT_THAT(text, Not(HasSubstr("libgtest-dev")));
  }
}

TEST_F(Sbom, AFolderThatIsNoBuildIsAnError) {
  EXPECT_NE(make("one", stage_.path()), 0);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("no record of what was compiled"));
  EXPECT_FALSE(stage_.exists("one.spdx.json"));
}

}  // namespace
}  // namespace pinhook::testing
