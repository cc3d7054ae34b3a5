#include <pinhook/files/skip_comment.hpp>

#include <pinhook/files/image_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> lines(std::string_view text, std::string_view sign = "#") {
  std::vector<std::string> out;
  for (const auto& span : skipped_lines(text, sign)) out.emplace_back(text.substr(span.begin, span.size()));
  return out;
}

TEST(SkipComment, AppliesToItsLineOrTheNext) {
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> cases{
      {"a: 1 # pinhook: skip", {"a: 1 # pinhook: skip"}},
      {"a: 1 #pinhook:skip\nb: 2", {"a: 1 #pinhook:skip"}},
      {"a: 1 # ours # pinhook: skip", {"a: 1 # ours # pinhook: skip"}},
      {"a: 1 # pinhook: skip the vendor moves it", {"a: 1 # pinhook: skip the vendor moves it"}},
      {"a: 1 # pinhook: skip # ours\r\nb: 2", {"a: 1 # pinhook: skip # ours\r"}},
      {"# pinhook: skip\na: 1\nb: 2", {"a: 1"}},
      {"  # pinhook: skip\n\n  # why\n  a: 1", {"  a: 1"}},
      {"# pinhook: skip\n# pinhook: skip\na: 1", {"a: 1"}},
      {"# pinhook: skip", {}},
      {"a: 1 # pinhook: skipped", {}},
      {"a: 1 # pinhook: none", {}},
      {"a: 1 # not pinhook: skip", {}},
      {"a: x#pinhook: skip", {}},
      {"pinhook: skip", {}},
      {"", {}},
  };
  for (const auto& [text, found] : cases) EXPECT_EQ(lines(text), found) << text;
  EXPECT_THAT(lines("{ // pinhook: skip\n}", "//"), ElementsAre("{ // pinhook: skip"));
  EXPECT_THAT(lines("{ # pinhook: skip\n}", "//"), IsEmpty());
}

// The images that are left because of a comment.
std::vector<std::string> left(const std::string& text, std::string_view path) {
  const auto file = image_file::read(text, path, {});
  if (!file) return {file.error().message};
  std::vector<std::string> out;
  for (const slot& s : file->slots())
    if (s.reason == skip_reason::skip_comment) out.push_back(s.written);
  return out;
}

TEST(SkipComment, LeavesImagesOfEachForm) {
  struct skip_case {
    std::string_view path;
    std::string text;
    std::vector<std::string> left;
  };
  const std::string pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n";
  const std::vector<skip_case> cases{
      {"a.yaml", pod + "    - image: a:1 # pinhook: skip\n    - image: b:1\n", {"a:1"}},
      {"a.yaml", pod + "    # pinhook: skip\n    - image: a:1\n    - image: b:1\n", {"a:1"}},
      {"a.yaml", pod + "    - image: >- # pinhook: skip\n        a:1\n    - image: b:1\n", {"a:1"}},
      {"a.yaml", pod + "    - {image: a:1, name: a} # pinhook: skip\n", {"a:1"}},
      {"a.yaml", pod + "    - image: \"bad image\" # pinhook: skip\n", {"bad image"}},
      {"a.yaml", pod + "    - image: &a a:1 # pinhook: skip\n    - image: *a\n", {"a:1", "a:1"}},
      {"a.yaml", pod + "    - name: a # pinhook: skip\n      image: a:1\n", {}},
      {"values.yaml", "image: # pinhook: skip\n  repository: a\n  tag: \"1\"\n", {"a:1"}},
      {"values.yaml", "image:\n  repository: a\n  tag: \"1\" # pinhook: skip\n", {"a:1"}},
      {"kustomization.yaml", "images:\n  - name: a\n    newTag: \"1\" # pinhook: skip\n", {"a:1"}},
      {"compose.yaml", "services:\n  a:\n    image: a:1 # pinhook: skip\n", {"a:1"}},
      {".gitlab-ci.yml", "# pinhook: skip\nimage: a:1\n", {"a:1"}},
      {"Dockerfile", "# pinhook: skip\nFROM a:1\nFROM b:1\n", {"a:1"}},
      {"devcontainer.json", "{\n  // pinhook: skip\n  \"image\": \"a:1\"\n}\n", {"a:1"}},
  };
  for (const skip_case& one : cases) EXPECT_EQ(left(one.text, one.path), one.left) << one.path << ": " << one.text;
}

}  // namespace
}  // namespace pinhook::files
