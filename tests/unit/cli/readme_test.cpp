// The tables of docs/ are those of the code, and the rules that it shows are read. PINHOOK_REWRITE_GOLDEN=1 rewrites
// the tables.
#include "support/golden.hpp"
#include "support/markdown.hpp"
#include "support/page_block.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <pinhook/config/configuration.hpp>
#include <pinhook/config/setting_table.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/server/metrics.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::cli {
namespace {

std::string settings_block() {
  const config::settings defaults;
  std::string out = "| setting | default | what it sets |\n|---|---|---|\n";
  for (const config::setting& row : config::setting_table())
    out += fmt::format("| `{}` | `{}` | {} {} |\n", row.key, row.write(defaults), row.help, row.when);
  return out;
}

std::string metrics_block() {
  std::string out = "| metric | type | labels | what it counts |\n|---|---|---|---|\n";
  for (const server::metric_info& row : server::metric_table)
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, server::to_string(row.type), row.labels, row.help);
  return out;
}

// "`a` `b`" of the words "a b".
std::string code_of(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (end > 0) out += fmt::format("{}`{}`", out.empty() ? "" : " ", words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

std::string forms_block() {
  std::string out = "| form | files | images |\n|---|---|---|\n";
  for (const files::known_form& row : files::known_forms()) {
    std::string images = code_of(row.images);
    if (!row.uris.empty())
      images += fmt::format("{}`{}` in {}", images.empty() ? "" : "; ", row.scheme, code_of(row.uris));
    if (!row.names.empty())
      images += fmt::format("{}with a tag, a digest or a registry {}", images.empty() ? "" : "; ", code_of(row.names));
    if (!row.values.empty())
      images += fmt::format("{}Helm values in {}", images.empty() ? "" : "; ", code_of(row.values));
    if (files::is_list_of_images(row.syntax)) images = "see below";
    if (row.syntax == files::file_syntax::hcl) images = "not read";
    const std::string place = row.files.empty() ? "any, by its members" : code_of(row.files);
    out += fmt::format("| [{}]({}) | {} | {} |\n", row.title, row.source,
                       row.group.empty() ? place : fmt::format("objects of `{}`", row.group), images);
  }
  return out;
}

TEST(Pages, ListEverySettingWithItsDefault) { testing::expect_block("settings", settings_block()); }
TEST(Pages, ListEveryKnownForm) { testing::expect_block("files", forms_block()); }
TEST(Pages, ListEveryMetric) { testing::expect_block("metrics", metrics_block()); }

// The commands beside it run with the first (integration/readme_test.cpp).
TEST(Pages, ShowRulesThatAreGood) {
  const auto page = testing::page_text("docs/image-rules.md");
  std::vector<std::string> shown;
  for (const testing::block& b : testing::blocks_of(page, "yaml")) {
    if (b.text.starts_with("- {image: ")) {
      EXPECT_EQ(b.text, testing::read_file(testing::source_dir() + "/tests/readme/rules-test.yaml"));
    }
    if (!b.text.starts_with("rules:\n")) continue;
    shown.push_back(b.text);
    config::settings read;
    const auto good = config::read_configuration(b.text, fmt::format("docs/image-rules.md:{}", b.line), read);
    EXPECT_TRUE(good) << (good ? "" : good.error().message);
    EXPECT_FALSE(read.rules.is_empty());
  }
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0], testing::read_file(testing::source_dir() + "/tests/readme/pinhook.yaml"));
}

}  // namespace
}  // namespace pinhook::cli
