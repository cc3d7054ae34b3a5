// One way to write JSON, and one way to make texts of others printable: base's. This reads every source.
#include "support/paths.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;

struct ban {
  std::string_view text;
  /// Where it may be.
  std::set<std::string> places;
  const char* reason;
};

constexpr const char* no_writer =
    "RapidJSON 1.1's writers leave 0x1a to 0x1f raw under SSE2: use json::writer (pinhook/base/json_writer.hpp)";

const std::array<ban, 4> bans{
    {{"rapidjson/writer.h", {}, no_writer},
     {"rapidjson/prettywriter.h", {}, no_writer},
     {R"(\\u{:04)", {"src/base/json.cpp", "src/base/printable.cpp"}, "use json::append_string, or printable"},
     {R"(\\x{:02)",
      {"src/base/printable.cpp", "src/base/error.cpp", "registry/reference.cpp"},
      "use printable or quoted (pinhook/base/printable.hpp, error.hpp)"}}};

TEST(JsonOutputs, AreWrittenByBaseAlone) {
  const fs::path root = pinhook::testing::source_dir();
  std::size_t files = 0;
  for (const char* top : {"include", "src", "registry", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      const std::string file = fs::relative(entry.path(), root).generic_string();
      if ((extension != ".hpp" && extension != ".cpp") || file == "tests/unit/architecture/json_outputs_test.cpp")
        continue;
      ++files;
      std::ifstream in(entry.path());
      const std::string text(std::istreambuf_iterator<char>(in), {});
      for (const ban& one : bans)
        EXPECT_TRUE(text.find(one.text) == std::string::npos || one.places.contains(file))
            << file << " has " << one.text << ": " << one.reason;
    }
  }
  EXPECT_GT(files, 500U) << "is the source directory right?";
}

}  // namespace
