// Texts in quotes and folded texts that hold YAML: read, and rewritten in their bytes.
#include <pinhook/files/image_file.hpp>
#include <pinhook/yaml/source.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;

const std::string d = "sha256:" + std::string(64, 'a');

std::string rewritten(const std::string& text, bool is_pin) {
  const auto file = image_file::read(text, "app.yaml", {});
  EXPECT_TRUE(file) << file.error().message;
  std::vector<change> changes;
  for (std::size_t i = 0; i < file->slots().size(); ++i)
    if (file->slots()[i].reason == skip_reason::none)
      changes.push_back({i, is_pin ? std::optional(*registry::digest::parse(d)) : std::nullopt});
  const auto out = file->rewrite(changes, pin::pin_format::digest);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or("");
}

std::string application(std::string_view values) {
  return fmt::format(
      "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a}}\nspec:\n  source:\n    helm:\n"
      "      values: {}\n      releaseName: a\n",
      values);
}

struct text_case {
  std::string_view values, pinned;
};

TEST(FindInText, RewritesTheBytesOfEscapedAndFoldedText) {
  const text_case cases[] = {
      {R"("image: nginx:1.25\n")", R"("image: nginx:1.25@D\n")"},
      {R"("{\"image\": \"nginx:1.25\"}")", R"("{\"image\": \"nginx:1.25@D\"}")"},
      {R"("{\"image\": {\"repository\": \"nginx\", \"tag\": \"1.25\"}}")",
       R"("{\"image\": {\"repository\": \"nginx\", \"tag\": \"1.25@D\"}}")"},
      {R"("im\u0061ge:\n  repository: nginx\n  tag: v1 # x\n  digest: \"\"\n")",
       R"("im\u0061ge:\n  repository: nginx\n  tag: v1 # x\n  digest: \"D\"\n")"},
      {"'image: ''nginx:1.25'''", "'image: ''nginx:1.25@D'''"},
      {"'{image: nginx:1.25,\n          x: it''s}'", "'{image: nginx:1.25@D,\n          x: it''s}'"},
      {">-\n        {\"image\": \"nginx:1.25\",\n         \"x\": 1}",
       ">-\n        {\"image\": \"nginx:1.25@D\",\n         \"x\": 1}"},
      {">\n\n        web:\n          image: nginx:1.25\n\n          x: 1\n",
       ">\n\n        web:\n          image: nginx:1.25@D\n\n          x: 1\n"},
  };
  for (const text_case& one : cases) {
    std::string pinned(one.pinned);
    pinned.replace(pinned.find('D'), 1, d);
    EXPECT_EQ(rewritten(application(one.values), true), application(pinned));
    EXPECT_EQ(rewritten(application(pinned), false), application(one.values));
  }
}

// A text that cannot be edited says so: its images are unread.
TEST(FindInText, TellsOfTextThatItDoesNotRead) {
  const auto unread = [](const std::string& text) {
    const auto file = image_file::read(text, "app.yaml", {});
    EXPECT_TRUE(file) << file.error().message;
    EXPECT_TRUE(file->slots().empty()) << text;
    std::vector<std::string> out;
    for (const unread_image& one : file->unread())
      out.push_back(fmt::format("{}:{} {} {}", one.line, one.column, one.pointer, one.written));
    return out;
  };
  // A template.
  EXPECT_THAT(unread(application("|\n        {{ if x }}\n        image: nginx:1.25\n")),
              ElementsAre("9:1 /spec/source/helm/values nginx:1.25"));
  // No object, and no values.
  EXPECT_THAT(unread("apiVersion: v1\nkind: ConfigMap\ndata:\n  values.yaml: |\n    x: 1\n    image: nginx:1.25\n"),
              ElementsAre("6:1 /data/values.yaml/image nginx:1.25"));
}

}  // namespace
}  // namespace pinhook::files
