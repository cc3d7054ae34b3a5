// The reports of `check` on one run with every kind of finding. Golden files: tests/golden/check;
// PINHOOK_REWRITE_GOLDEN=1 rewrites them.
#include <pinhook/pipeline/check_report.hpp>

#include "support/golden.hpp"
#include "support/paths.hpp"

#include <pinhook/base/json.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::pipeline {
namespace {

using files::skip_reason;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string golden = testing::source_dir() + "/tests/golden/check/";

finding make(std::string_view rule, std::string path, std::size_t line, std::string image) {
  finding f;
  f.rule = rule;
  f.level = built_in_rules()[find_rule(built_in_rules(), rule).value()].level;
  f.path = std::move(path);
  f.pointer = "/spec/template/spec/containers/0/image";
  f.line = line;
  f.column = 16;
  f.end_column = 16 + image.size();
  f.object = "Deployment shop/web";
  f.name = "web";
  f.image = std::move(image);
  f.message = "\"" + f.image + "\" is not as it should be";
  f.fix = "pinhook pin -i " + f.path;
  f.kind = rules::fix_kind::command;
  return f;
}

checked_files sample() {
  checked_file web;
  web.path = "deploy/web.yaml";
  web.findings = {make("unpinned", web.path, 12, "nginx:1.25"), make("no-tag", web.path, 14, "ghcr.io/acme/api"),
                  make("unknown-tag", web.path, 16, "redis@sha256:" + std::string(64, 'a'))};
  web.findings[0].fix = "nginx@sha256:" + std::string(64, 'b');
  web.findings[0].kind = rules::fix_kind::text;
  web.findings[0].change = replacement{12, 1, 12, 26, "        image: " + web.findings[0].fix + " # nginx:1.25"};
  web.findings[1].name = "api";
  web.images = {{"Deployment shop/web", "web", skip_reason::none, {0}},
                {"Deployment shop/web", "api", skip_reason::none, {1}},
                {"Deployment shop/web", "web", skip_reason::none, {2}},
                {"Deployment shop/web", "done", skip_reason::none, {}},
                {"Deployment shop/web", "later", skip_reason::variable, {}}};
  web.image_count = 5;
  web.left = {{skip_reason::variable, {1}}};
  checked_file odd;
  odd.path = "a & b/50%, c:<d>.yaml";
  odd.findings = {make("invalid", odd.path, 1, "bad\x1b[31m\n\x01\xff<&>\"'")};
  odd.images = {{"", "spec.image", skip_reason::invalid, {0}}};
  odd.image_count = 1;
  checked_file broken;
  broken.path = "broken.yaml";
  broken.fault = "line 3, column 5: a value is \"missing\"";
  checked_file fine;
  fine.path = "fine.yaml";
  fine.images = {{"service web", "web", skip_reason::none, {}}};
  fine.image_count = 1;
  checked_file none;
  none.path = "none.yaml";
  checked_file input;
  input.path = "-";
  input.findings = {make("drift", "-", 2, "nginx:1.25@sha256:" + std::string(64, 'a'))};
  input.images = {{"Pod p", "web", skip_reason::none, {0}}};
  input.image_count = 1;
  return {web, odd, broken, fine, none, input};
}

report_options options() {
  report_options out;
  out.directory = "/srv/shop";
  out.is_complete = false;
  return out;
}

std::string report(report_format format, const checked_files& files) {
  return write_report(format, files, built_in_rules(), options());
}

TEST(CheckReport, Table) { testing::expect_golden(golden + "report.txt", report(report_format::table, sample())); }
TEST(CheckReport, Json) { testing::expect_golden(golden + "report.json", report(report_format::json, sample())); }
TEST(CheckReport, Sarif) { testing::expect_golden(golden + "report.sarif", report(report_format::sarif, sample())); }
TEST(CheckReport, Junit) { testing::expect_golden(golden + "report.xml", report(report_format::junit, sample())); }
TEST(CheckReport, Github) { testing::expect_golden(golden + "report.github", report(report_format::github, sample())); }

TEST(CheckReport, NothingFoundIsAnEmptyReportOfItsFormat) {
  checked_file fine;
  fine.path = "fine.yaml";
  const checked_files all{fine};
  EXPECT_EQ(report(report_format::table, all), "");
  EXPECT_EQ(report(report_format::github, all), "");
  EXPECT_EQ(report(report_format::json, all), "[]\n");
  EXPECT_EQ(report(report_format::junit, all),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pinhook check\" tests=\"0\" failures=\"0\" "
            "errors=\"0\" skipped=\"0\">\n</testsuites>\n");
  const auto sarif = json::parse(report(report_format::sarif, all));
  ASSERT_TRUE(sarif);
  EXPECT_TRUE((*sarif)["runs"][0]["results"].Empty());
}

TEST(CheckReport, TableColoursRulesWhenAsked) {
  report_options options;
  options.has_colour = true;
  EXPECT_THAT(write_table(sample(), options), HasSubstr("\x1b[31mno-tag"));
  EXPECT_THAT(write_table(sample(), {}), Not(HasSubstr("\x1b")));
}

TEST(CheckReport, TableLetsTheWideStandOut) {
  checked_file file;
  file.path = std::string(200, 'p');
  file.findings = {make("no-tag", file.path, 1, "nginx"), make("no-tag", "short.yaml", 1, "redis")};
  EXPECT_THAT(write_table({file}, {}), HasSubstr("\nshort.yaml:1:16  no-tag  redis  run pinhook"));
}

TEST(CheckReport, JsonIsJsonWithEveryKey) {
  const auto read = json::parse(report(report_format::json, sample()));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->Size(), 5U);
  for (const auto& one : read->GetArray()) {
    EXPECT_EQ(one.MemberCount(), 14U);
    for (const char* key :
         {"rule", "severity", "path", "pointer", "object", "name", "image", "message", "fix", "fix_kind"})
      EXPECT_TRUE(json::find_string(one, key)) << key;
    for (const char* key : {"document", "line", "column", "end_column"})
      EXPECT_TRUE(json::find_integer(one, key)) << key;
  }
}

std::string uri_of(const std::string& path, const std::string& directory) {
  checked_file file;
  file.path = path;
  file.findings = {make("no-tag", path, 1, "nginx")};
  report_options options;
  options.directory = directory;
  const auto read = json::parse(write_sarif({file}, built_in_rules(), options)).value();
  const auto& where = read["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
  return std::string(json::find_string(where, "uri").value_or("")) + " " +
         std::string(json::find_string(where, "uriBaseId").value_or("-"));
}

TEST(CheckReport, SarifNamesFilesFromTheDirectory) {
  EXPECT_EQ(uri_of("deploy/web.yaml", "/w"), "deploy/web.yaml %SRCROOT%");
  EXPECT_EQ(uri_of("./deploy//x/../web.yaml", "/w"), "deploy/web.yaml %SRCROOT%");
  EXPECT_EQ(uri_of("/w/a b/é%.yaml", "/w"), "a%20b/%C3%A9%25.yaml %SRCROOT%");
  EXPECT_EQ(uri_of("c:d.yaml", "/w"), "c%3Ad.yaml %SRCROOT%");
  EXPECT_EQ(uri_of("../other/web.yaml", "/w/x"), "file:///w/other/web.yaml -");
  EXPECT_EQ(uri_of("/etc/web.yaml", "/w"), "file:///etc/web.yaml -");
  EXPECT_EQ(uri_of("-", "/w"), "stdin %SRCROOT%");
}

TEST(CheckReport, PathsStartFromTheDirectory) {
  EXPECT_EQ(path_from("/w", "./deploy/web.yaml"), "deploy/web.yaml");
  EXPECT_EQ(path_from("/w/", "/w/deploy/../web.yaml"), "web.yaml");
  EXPECT_EQ(path_from("/w", "../web.yaml"), "/web.yaml");
  EXPECT_EQ(path_from("/", "/web.yaml"), "web.yaml");
  EXPECT_EQ(path_from("/w", "..web.yaml"), "..web.yaml");
  EXPECT_EQ(path_from("/w", "-"), "stdin");
  checked_file file;
  file.path = "./web.yaml";
  file.findings = {make("no-tag", file.path, 1, "nginx")};
  file.images = {{"Pod p", "web", skip_reason::none, {0}}};
  EXPECT_THAT(write_github({file}, built_in_rules(), {}), HasSubstr(" file=web.yaml,"));
  EXPECT_THAT(write_junit({file}, {}), HasSubstr(" file=\"web.yaml\" "));
}

TEST(CheckReport, SarifFingerprintsStayWhenImagesMove) {
  const auto prints = [](const checked_files& files) {
    const auto read = json::parse(write_sarif(files, built_in_rules(), {})).value();
    std::vector<std::string> out;
    for (const auto& one : read["runs"][0]["results"].GetArray())
      out.emplace_back(json::find_string(one["partialFingerprints"], "image/v1").value_or(""));
    return out;
  };
  checked_file file;
  file.path = "web.yaml";
  file.findings = {make("no-tag", file.path, 1, "nginx"), make("no-tag", file.path, 9, "nginx"),
                   make("latest", file.path, 12, "nginx")};
  const auto before = prints({file});
  EXPECT_NE(before[0], before[1]);
  EXPECT_NE(before[0], before[2]);
  EXPECT_EQ(before[0].size(), 32U);
  for (auto& f : file.findings) f.line += 100;
  EXPECT_EQ(prints({file}), before);
}

TEST(CheckReport, RulesOfOthersStandBehindOurs) {
  auto rules = built_in_rules();
  rules.push_back({"acme-registry", severity::error, "Another registry", "Only ours may be used.", "Mirror it."});
  checked_file file;
  file.path = "web.yaml";
  file.findings = {make("no-tag", file.path, 1, "nginx")};
  file.findings[0].rule = "acme-registry";
  const auto read = json::parse(write_sarif({file}, rules, {})).value();
  const auto& run = read["runs"][0];
  const auto index = json::find_integer(run["results"][0], "ruleIndex").value();
  EXPECT_EQ(json::find_string(run["tool"]["driver"]["rules"][static_cast<unsigned>(index)], "id"), "acme-registry");
  EXPECT_THAT(write_github({file}, rules, {}), HasSubstr("title=pinhook%3A Another registry::"));
}

TEST(CheckReport, JunitNamesAreUniqueInAFile) {
  checked_file file;
  file.path = "web.yaml";
  for (int i = 0; i < 3; ++i) file.images.push_back({"Pod p", "web", skip_reason::none, {}});
  const auto text = write_junit({file}, {});
  for (const char* name : {"name=\"Pod p: web\"", "name=\"Pod p: web (2)\"", "name=\"Pod p: web (3)\""})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST(CheckReport, SummaryCounts) {
  const auto t = totals_of(sample());
  EXPECT_EQ(t.files, 6U);
  EXPECT_EQ(t.findings, 4U);
  EXPECT_EQ(t.notes, 1U);
  EXPECT_EQ(t.files_with_findings, 3U);
  EXPECT_EQ(t.faults, 1U);
  EXPECT_EQ(summary(t),
            "4 findings in 3 of 6 files, 1 note; 8 images, of which left alone: 1 variable; 1 file could not be read");
  EXPECT_EQ(summary({.files = 1, .images = 1, .left = {}}), "no findings in 1 file; 1 image");
  EXPECT_EQ(summary({.files = 2, .files_with_findings = 1, .findings = 1, .left = {}}),
            "1 finding in 1 of 2 files; 0 images");
}

TEST(CheckReport, ANoteAloneIsNoFinding) {
  checked_file file;
  file.findings = {make("unknown-tag", "a", 1, "x")};
  EXPECT_EQ(totals_of({file}).findings, 0U);
  EXPECT_EQ(totals_of({file}).files_with_findings, 0U);
}

TEST(ReportFormat, IsReadByItsName) {
  for (const char* name : {"table", "json", "sarif", "junit", "github"}) EXPECT_TRUE(parse_report_format(name)) << name;
  EXPECT_FALSE(parse_report_format("text"));
}

}  // namespace
}  // namespace pinhook::pipeline
