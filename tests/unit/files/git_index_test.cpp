#include <pinhook/files/git_index.hpp>

#include "support/git_index_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::files {
namespace {

using testing::git_index_shape;
using testing::git_index_text;

const std::vector<std::string> names{"a.yaml", "deploy/base/web.yaml", "deploy/web.yaml", "deploy2/x",
                                     "long/" + std::string(5000, 'n')};

TEST(GitIndex, KnowsTheFilesOfEachVersionAndHash) {
  // One name alone is enough to tell the hashes apart.
  for (const git_index_shape shape : {git_index_shape{2, 20}, {2, 32}, {3, 20}, {3, 32}, {4, 20}, {4, 32}})
    EXPECT_TRUE(git_index::parse(git_index_text({"t.yaml"}, shape)).has_file("t.yaml")) << shape.version;
  for (const git_index_shape shape : {git_index_shape{2, 20}, {2, 32}, {3, 20}, {4, 20}, {4, 32}}) {
    const auto index = git_index::parse(git_index_text(names, shape));
    for (const auto& one : names) EXPECT_TRUE(index.has_file(one)) << shape.version << one;
    for (const std::string one : {"", "a", "a.yam", "a.yaml/", "deploy", "deploy/base/web.yam", "z"})
      EXPECT_FALSE(index.has_file(one)) << shape.version << one;
    for (const std::string one : {"deploy", "deploy/base", "deploy2", "long"}) EXPECT_TRUE(index.has_below(one)) << one;
    for (const std::string one : {"a.yaml", "deplo", "deploy/web.yaml", "deploy3"})
      EXPECT_FALSE(index.has_below(one)) << one;
  }
}

TEST(GitIndex, HoldsNothingOfWhatItCannotRead) {
  const std::string good = git_index_text(names, {2, 20});
  EXPECT_FALSE(git_index::read("/nonexistent/index").has_file("a.yaml"));
  EXPECT_FALSE(git_index().has_file(""));
  EXPECT_FALSE(git_index::parse("").has_below(""));
  for (const git_index_shape shape : {git_index_shape{2, 20}, {3, 20}, {4, 20}}) {
    const std::string text = git_index_text(names, shape);
    // Without its last name an index is none.
    for (std::size_t size = 0; size + 10 < text.size(); size += size < 300 ? 1 : 97)
      EXPECT_FALSE(git_index::parse(text.substr(0, size)).has_file("a.yaml")) << shape.version << ' ' << size;
  }
  std::string other = good;
  other[7] = 5;
  EXPECT_FALSE(git_index::parse(other).has_file("a.yaml")) << "an unknown version";
  other = good;
  other.replace(0, 4, "LINK");
  EXPECT_FALSE(git_index::parse(other).has_file("a.yaml"));
}

// A file in conflict stands there once for each side.
TEST(GitIndex, HoldsAFileInConflictOnce) {
  const auto index = git_index::parse(git_index_text({"a", "b", "b", "b", "c"}, {2, 20}));
  EXPECT_TRUE(index.has_file("b"));
  EXPECT_TRUE(index.has_file("c"));
}

}  // namespace
}  // namespace pinhook::files
