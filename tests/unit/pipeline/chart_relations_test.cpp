#include <pinhook/pipeline/chart_relations.hpp>

#include "support/certificates.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::temporary_directory;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ChartRelations : public ::testing::Test {
 protected:
  void chart(const std::string& folder, const std::string& name, const std::string& dependencies = "") {
    std::filesystem::create_directories(files_.path() / folder);
    files_.write(folder + "/Chart.yaml", "name: " + name + "\ndependencies: [" + dependencies + "]\n");
  }
  // "app db.in"
  [[nodiscard]] std::vector<std::string> shown(const std::vector<related_chart>& all) const {
    std::vector<std::string> out;
    for (const auto& one : all)
      out.push_back(
          fmt::format("{} {}", one.folder.lexically_relative(files_.path()).string(), fmt::join(one.keys, ".")));
    return out;
  }
  std::vector<std::string> around(const std::string& folder) { return shown(charts_.around(files_.path() / folder)); }
  std::vector<std::string> inside(const std::string& folder) { return shown(charts_.inside(files_.path() / folder)); }

  temporary_directory files_;
  chart_relations charts_;
};

TEST_F(ChartRelations, HaveTheKeysOfAllLevels) {
  chart("app", "app", "{name: dep, alias: db}, {name: dep, alias: cache}, {name: lib, repository: 'file://../lib/'}");
  chart("app/charts/folder", "dep");
  chart("app/charts/folder/charts/in", "in");
  chart("app/charts/other", "other");
  chart("lib", "lib");
  EXPECT_THAT(around("app/charts/folder"), ElementsAre("app db", "app cache"));
  EXPECT_THAT(around("app/charts/folder/charts/in/"), ElementsAre("app/charts/folder in", "app db.in", "app cache.in"));
  EXPECT_THAT(around("app/charts/other"), ElementsAre("app other"));
  EXPECT_THAT(around("lib"), ElementsAre("app lib"));
  EXPECT_THAT(around("app"), IsEmpty());
  EXPECT_THAT(inside("app"),
              ElementsAre("app/charts/folder db", "app/charts/folder cache", "app/charts/other other", "lib lib"));
  EXPECT_THAT(inside("none"), IsEmpty());
}

TEST_F(ChartRelations, EndWhereChartsNameEachOther) {
  chart("a", "a", "{name: b, repository: 'file://../b'}, {name: a, repository: 'file://.'}");
  chart("b", "b", "{name: a, repository: 'file://../a', alias: x}");
  EXPECT_THAT(around("a"), ElementsAre("b x"));
  EXPECT_THAT(around("b"), ElementsAre("a b"));
  chart("c", "c", "{repository: 'file://../c'}, text, {name: [1]}");
  EXPECT_THAT(around("c"), IsEmpty());
}

// Each of them has two that depend on it, at each level.
TEST_F(ChartRelations, HaveAnEnd) {
  const auto named = [](int i) { return fmt::format("{{name: c{0}, repository: 'file://../c{0}'}}", i % 40); };
  for (int i = 0; i < 40; ++i)
    chart(fmt::format("c{}", i), fmt::format("c{}", i), fmt::format("{}, {}", named(i + 1), named(i + 3)));
  const auto all = around("c0");
  EXPECT_EQ(all.size(), std::size_t{510});  // 2 + 4 + … + 2⁸
  for (int i = 0; i < 40; ++i)
    chart(fmt::format("d/c{}", i), fmt::format("c{}", i),
          fmt::format("{}, {}, {}", named(i + 1), named(i + 3), named(i + 7)));
  EXPECT_EQ(around("d/c0").size(), max_charts_beside);
}

TEST_F(ChartRelations, BesideManyOthersHaveThoseThatNameThem) {
  for (int i = 0; i < 50; ++i) chart(fmt::format("c{}", i), fmt::format("c{}", i));
  chart("app", "app", "{name: c7, repository: 'file://../c7'}");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(around(fmt::format("c{}", i)).size(), i == 7 ? 1 : 0) << i;
}

}  // namespace
}  // namespace pinhook::pipeline
