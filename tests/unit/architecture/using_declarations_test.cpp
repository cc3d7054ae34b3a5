// A source uses the names that it declares by `using a::b;`. clang-tidy has a check for it, which sees only what the
// compiler is called with; `make tidy` calls it with units that include the sources.
#include "support/source_files.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

// The name that a line declares by `using a::b;`, which may begin with "::".
std::optional<std::string_view> declared_by(std::string_view line) {
  constexpr std::string_view keyword = "using ";
  const auto begin = line.find_first_not_of(' ');
  if (begin == line.npos || !line.substr(begin).starts_with(keyword)) return std::nullopt;
  const auto end = line.find(';');
  const auto name = line.rfind("::", end);
  if (end == line.npos || name == line.npos) return std::nullopt;
  const auto word = line.substr(name + 2, end - name - 2);
  const bool is_alias = line.substr(0, end).find_first_of("=<") != line.npos || line.find("namespace") != line.npos;
  return is_alias || word.find_first_not_of(letters) != word.npos ? std::nullopt : std::optional(word);
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const auto after = at + word.size();
    const bool begins = at == 0 || letters.find(text[at - 1]) == letters.npos;
    if (begins && (after == text.size() || letters.find(text[after]) == letters.npos)) return true;
  }
  return false;
}

// The names of using-declarations in a text that appear nowhere else in its code.
std::vector<std::string> unused_names(const std::string& text) {
  std::vector<std::string> names;
  std::string rest;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const auto name = declared_by(line))
      names.emplace_back(*name);
    else
      rest += line.substr(0, line.find("//")) + '\n';
  }
  std::erase_if(names, [&](const std::string& name) { return has_word(rest, name); });
  return names;
}

TEST(UsingDeclarations, EachIsUsed) {
  for (const auto& file : pinhook::testing::product_sources())
    // A header may declare a name for those who include it.
    if (file.path.ends_with(".cpp"))
      for (const auto& name : unused_names(file.text)) ADD_FAILURE() << file.path << ": nothing uses " << name;
}

TEST(UsingDeclarations, AnUnusedOneIsFound) {
  EXPECT_EQ(unused_names("using a::b::c;\nint d();  // c\n"), std::vector<std::string>{"c"});
  EXPECT_EQ(unused_names("using ::a::b;\nint bb();\n"), std::vector<std::string>{"b"});
  EXPECT_TRUE(unused_names("using a::b;\nb d();\n").empty());
  EXPECT_TRUE(unused_names("using b = a::c;\nusing namespace a::d;\n").empty());
}

}  // namespace
