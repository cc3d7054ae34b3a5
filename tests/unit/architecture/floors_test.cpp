// Includes go down only: cli → config · pipeline · admission → … → base. This reads every #include of the product and
// compares.
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

// Which floors a floor may include besides itself.
const std::map<std::string, std::set<std::string>> allowed{
    {"base", {}},
    {"http", {"base"}},
    {"registry", {"base", "http"}},
    {"resolve", {"base", "registry"}},
    {"pin", {"base", "registry"}},
    {"yaml", {"base"}},
    {"rules", {"base", "registry", "pin", "yaml"}},
    {"admission", {"base", "registry", "resolve", "pin", "rules"}},
    {"files", {"base", "registry", "resolve", "pin", "yaml"}},
    {"kube", {"base", "http", "registry", "yaml"}},
    {"cloud", {"base", "http", "registry"}},
    {"server", {"base"}},
    {"pipeline", {"base", "registry", "resolve", "pin", "yaml", "rules", "files"}},
    {"config", {"base", "http", "registry", "resolve", "pin", "yaml", "rules", "files", "kube", "server"}},
    {"cli",
     {"base", "http", "registry", "resolve", "pin", "rules", "admission", "yaml", "files", "kube", "cloud", "server",
      "pipeline", "config"}},
};

// pin and rules are pure: of the registry floor they know the values alone.
const std::set<std::string> values_of_registry{"reference.hpp", "digest.hpp"};

struct include_line {
  fs::path file;
  std::string floor, target, header;
};

std::vector<include_line> all_includes() {
  std::vector<include_line> out;
  const fs::path root = pinhook::testing::source_dir();
  const std::regex pattern(R"(^\s*#\s*include\s*[<"]pinhook/([a-z_]+)/([a-z_./]+)[>"])");
  for (const char* top : {"include/pinhook", "src", "registry"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      const auto relative = fs::relative(entry.path(), root / top);
      const std::string floor = top == std::string("registry") ? "registry" : relative.begin()->string();
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        std::smatch m;
        if (std::regex_search(line, m, pattern)) out.push_back({fs::relative(entry.path(), root), floor, m[1], m[2]});
      }
    }
  }
  return out;
}

TEST(Floors, IncludesGoDownOnly) {
  const auto lines = all_includes();
  ASSERT_GT(lines.size(), 20U) << "no includes found: is the source directory right?";
  for (const auto& line : lines) {
    const auto floor = allowed.find(line.floor);
    ASSERT_NE(floor, allowed.end()) << line.file << " stands on a floor that this test does not know: " << line.floor;
    EXPECT_TRUE(line.target == line.floor || floor->second.contains(line.target))
        << line.file << " includes <pinhook/" << line.target << '/' << line.header << ">, which is not below "
        << line.floor;
  }
}

TEST(Floors, PinAndRulesKnowOnlyTheValuesOfTheRegistry) {
  for (const auto& line : all_includes()) {
    if ((line.floor == "pin" || line.floor == "rules") && line.target == "registry") {
      EXPECT_TRUE(values_of_registry.contains(line.header))
          << line.file << " includes <pinhook/registry/" << line.header << '>';
    }
  }
}

TEST(Floors, StandInTheGuideForContributors) {
  const std::string page = pinhook::testing::page_text("CONTRIBUTING.md");
  for (const auto& [floor, below] : allowed) {
    const std::string row = "| `" + floor + (floor == "registry" ? "/` |" : "` |");
    EXPECT_NE(page.find(row), std::string::npos) << "CONTRIBUTING.md has no row for the floor " << floor;
  }
}

TEST(Floors, SourcesMirrorHeaders) {
  const fs::path root = pinhook::testing::source_dir();
  for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
    if (entry.path().extension() == ".hpp") ADD_FAILURE() << entry.path() << ": headers stand under include/pinhook/";
  }
}

}  // namespace
