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
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Sbom : public ::testing::Test {
 protected:
  int make(const std::string& name, const fs::path& build) const {
    stage_.write("packages", "libc6\nca-certificates\n");
    stage_.write("linked", "");
    return stage_.run(fmt::format("cd '{}' && .ci/sbom '{}' 0.1.0 1700000000 '{}' $WORK/packages $WORK/linked $WORK/{}",
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
    for (const char* package :
         {"libc6@", "ca-certificates@", "rapidjson-dev@", "libssl-dev@", "libcli11-dev@", "libre2-dev@"})
      EXPECT_TRUE(read->has_text(std::string("pkg:deb/debian/") + package)) << package;
    EXPECT_THAT(text, HasSubstr("2023-11-14T22:13:20Z"));
    // What the tests alone are compiled with.
    EXPECT_THAT(text, Not(HasSubstr("googletest")));
    EXPECT_THAT(text, Not(HasSubstr("libgtest-dev")));
  }
}

TEST_F(Sbom, TellsWhatIsPartOfTheProgramFromWhatIsBesideIt) {
  const fs::path build = fs::path(program_path()).parent_path();
  stage_.write("packages", "libc6\n");
  ASSERT_EQ(stage_.run(fmt::format("cd '{0}' && xargs dpkg -S <'{1}/linked_archives' | sed 's/: .*//' >$WORK/linked && "
                                   ".ci/sbom '{2}' 0.1.0 1700000000 '{1}' $WORK/packages $WORK/linked $WORK/one",
                                   source_dir(), build.string(), program_path())),
            0)
      << stage_.read("errors");
  const auto spdx = stage_.read("one.spdx.json");
  EXPECT_THAT(spdx, ContainsRegex(R"("STATIC_LINK","relatedSpdxElement":"SPDXRef-linked-libre2-dev-)"));
  EXPECT_THAT(spdx, ContainsRegex(R"("DYNAMIC_LINK","relatedSpdxElement":"SPDXRef-shipped-libc6-)"));
  // Once, though its headers are compiled in as well.
  EXPECT_THAT(spdx, Not(HasSubstr("SPDXRef-compiled-libre2-dev")));
  EXPECT_THAT(stage_.read("one.cdx.json"), HasSubstr(R"("name":"pinhook:role","value":"linked")"));
}

TEST_F(Sbom, AFolderThatIsNoBuildIsAnError) {
  EXPECT_NE(make("one", stage_.path()), 0);
  EXPECT_THAT(stage_.read("errors"), HasSubstr("no record of what was compiled"));
  EXPECT_FALSE(stage_.exists("one.spdx.json"));
}

}  // namespace
}  // namespace pinhook::testing
