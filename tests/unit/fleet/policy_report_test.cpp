#include <pinhook/fleet/policy_report.hpp>

#include <pinhook/base/json.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {
namespace {

row row_of(const std::string& ns, const std::string& name, std::vector<row_finding> findings) {
  row out;
  out.ns = ns;
  out.owner = {ns, "apps", "Deployment", name};
  out.container = "web";
  out.image = "nginx:1.25";
  out.findings = std::move(findings);
  return out;
}

row_finding found(const std::string& rule, pipeline::severity level) {
  row_finding out;
  out.rule = rule;
  out.level = level;
  out.message = rule + " is found";
  out.fix = "write a digest";
  return out;
}

report some() {
  using enum pipeline::severity;
  report out;
  out.versions = {{"", "v1"}, {"apps", "v1"}};
  out.rows = {row_of("shop", "web", {found("unpinned", warning), found("mixed", error), found("moved-list", note)}),
              row_of("lab", "try", {found("moved-list", note)}), row_of("zoo", "ape", {found("no-tag", warning)})};
  out.rows[0].findings[1].first_seen = wall_time(std::chrono::milliseconds(1767225600123));
  return out;
}

TEST(PolicyReport, IsOneOfEachNamespaceWithFindings) {
  const auto all = policy_reports(some(), openreports);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].ns, "shop");
  EXPECT_EQ(
      all[0].text,
      R"({"apiVersion":"openreports.io/v1alpha1","kind":"Report","metadata":{"name":"pinhook","namespace":"shop",)"
      R"("labels":{"app.kubernetes.io/managed-by":"pinhook"}},"source":"pinhook","summary":{"pass":0,"fail":1,)"
      R"("warn":1,"error":0,"skip":0},"results":[{"source":"pinhook","policy":"pinhook","rule":"mixed",)"
      R"("category":"Images","result":"fail","severity":"high","message":"mixed is found","resources":[{)"
      R"("apiVersion":"apps/v1","kind":"Deployment","name":"web","namespace":"shop"}],"properties":{)"
      R"("container":"web","image":"nginx:1.25","fix":"write a digest"},"timestamp":{"seconds":1767225600,"nanos":0},)"
      R"("scored":true},{"source":"pinhook","policy":"pinhook","rule":"unpinned","category":"Images",)"
      R"("result":"warn","severity":"medium","message":"unpinned is found","resources":[{"apiVersion":"apps/v1",)"
      R"("kind":"Deployment","name":"web","namespace":"shop"}],"properties":{"container":"web",)"
      R"("image":"nginx:1.25","fix":"write a digest"},"scored":true}]})");
  EXPECT_EQ(all[0].left_out, 0U);
  EXPECT_TRUE(policy_reports({}, openreports).empty());
}

// The schema of a PolicyReport has no `source` of its own, and a server-side apply refuses unknown members.
TEST(PolicyReport, OfTheWorkingGroupHasNoSource) {
  const auto text = policy_reports(some(), wgpolicy).at(0).text;
  EXPECT_TRUE(text.starts_with(R"({"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport",)")) << text;
  EXPECT_NE(text.find(R"(}},"summary":)"), std::string::npos) << text;
}

TEST(PolicyReport, LeavesOutAVersionThatIsNotKnown) {
  report r = some();
  r.rows[2].owner.group = "example.com";
  EXPECT_NE(policy_reports(r, openreports).at(1).text.find(R"("resources":[{"kind":"Deployment")"), std::string::npos);
  r.rows[2].owner = {"zoo", "", "Pod", "ape"};
  r.versions.clear();
  EXPECT_NE(policy_reports(r, openreports).at(1).text.find(R"([{"apiVersion":"v1","kind":"Pod")"), std::string::npos);
}

TEST(PolicyReport, IsBoundedAndSaysWhatIsLeftOut) {
  report r;
  for (int i = 0; i < 2000; ++i)
    r.rows.push_back(
        row_of("shop", fmt::format("web-{}", i),
               {found("unpinned", i % 10 == 0 ? pipeline::severity::error : pipeline::severity::warning)}));
  const auto all = policy_reports(r, openreports);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_LT(all[0].text.size(), max_policy_report);
  EXPECT_GT(all[0].text.size(), max_policy_report - 4096);
  EXPECT_GT(all[0].left_out, 0U);
  const auto parsed = json::parse(all[0].text);
  ASSERT_TRUE(parsed);
  const auto* summary = json::find(*parsed, "summary");
  // Errors are taken first.
  EXPECT_EQ(json::find_integer(*summary, "fail"), 200);
  EXPECT_EQ(json::find_integer(*summary, "skip"), 1);
  EXPECT_EQ(200 + json::find_integer(*summary, "warn").value() + static_cast<std::int64_t>(all[0].left_out), 2000);
  EXPECT_NE(all[0].text.find(fmt::format("{} findings more for which this report has no room: pinhook report -n shop",
                                         all[0].left_out)),
            std::string::npos);
}

// An image in an object can be any text.
TEST(PolicyReport, BoundsAndCleansTexts) {
  report r;
  r.rows = {row_of("shop", "web", {found("invalid", pipeline::severity::error)})};
  r.rows[0].image = std::string(1'500'000, 'x');
  r.rows[0].findings[0].message = "bad \x1b[2J \xff " + std::string(1'500'000, 'y');
  const auto all = policy_reports(r, openreports);
  EXPECT_LT(all[0].text.size(), 8192U);
  EXPECT_EQ(all[0].left_out, 0U);
  EXPECT_TRUE(json::parse(all[0].text));
  EXPECT_EQ(all[0].text.find('\xff'), std::string::npos);
}

TEST(PolicyReport, IsAListOnStandardOutput) {
  const auto text = write_report(report_format::openreports, some(), {});
  EXPECT_TRUE(
      text.starts_with("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{\"apiVersion\":\"openreports.io"));
  EXPECT_TRUE(json::parse(text));
  EXPECT_EQ(write_report(report_format::openreports, {}, {}),
            "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}\n");
}

}  // namespace
}  // namespace pinhook::fleet
