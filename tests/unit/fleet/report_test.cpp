#include <pinhook/fleet/report.hpp>

#include "support/fleet_objects.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/fleet/row_findings.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pinhook::fleet {
namespace {

using ::testing::AllOf;
using testing::digest_text;
using ::testing::HasSubstr;
using ::testing::Not;

row a_row(const std::string& image = "nginx:1.25") {
  row out;
  out.ns = "shop";
  out.owner = {"shop", "apps", "Deployment", "web"};
  out.container = "web";
  out.type = pin::container_type::container;
  out.image = image;
  out.pointer = "/spec/template/spec/containers/0/image";
  out.written = class_of(image);
  out.mode = "enforce";
  out.pods = 3;
  out.running = {{*registry::digest::parse(digest_text('a')), 2, 2},
                 {*registry::digest::parse(digest_text('b')), 1, 0}};
  out.is_mixed = true;
  out.findings = {{"mixed", pipeline::severity::error, "its Pods run 2 images",
                   "kubectl rollout restart deployment/web", rules::fix_kind::command}};
  return out;
}

report a_report(std::vector<row> rows) {
  report out;
  out.rows = std::move(rows);
  out.namespaces = {{"shop", {true, "enforce"}}, {"lab", {true, std::nullopt}}};
  out.rules = rules_of_report(pipeline::own_checks());
  out.origin = "kubeconfig k, context \"c\"";
  return out;
}

TEST(FleetReport, TableBeginsWithTheNamespaces) {
  EXPECT_EQ(write_table(a_report({a_row()}), {}),
            "NAMESPACE  MODE     IMAGES  PINNED  TAG  LATEST  MIXED  MOVED  GONE  FINDINGS\n"
            "lab        none     0       0       0    0       0      -      -     0\n"
            "shop       enforce  1       0       1    0       1      -      -     1\n"
            "\n"
            "shop  Deployment/web/web  mixed  nginx:1.25  run kubectl rollout restart deployment/web\n");
}

TEST(FleetReport, SummaryCountsNotesApart) {
  row noted = a_row();
  noted.findings[0].level = pipeline::severity::note;
  EXPECT_EQ(summary(totals_of(a_report({a_row(), noted}))),
            "1 finding, 1 note in 2 images of 1 workload in 2 namespaces");
  EXPECT_EQ(summary(totals_of(a_report({}))), "no findings in 0 images of 0 workloads in 2 namespaces");
}

TEST(FleetReport, JsonHasEveryKeyInEveryRow) {
  row full = a_row("nginx@" + digest_text('a'));
  full.differs = false;
  full.tag = "1.25";
  full.tag_digest = registry::digest::parse(digest_text('c')).value();
  full.moved = move::version_tag;
  full.gone = true;
  full.unresolved = "no";
  full.pinned_at = full.first_seen = full.last_seen = wall_time{};
  full.if_opted_in = what_if{true, "ours", "nginx", "why"};
  const std::string text = write_json(a_report({a_row(), full}));
  const auto read = json::parse(text);
  ASSERT_TRUE(read) << text;
  ASSERT_EQ(read->Size(), 2U);
  const std::set<std::string> keys{"namespace",  "owner",       "group",   "container",  "type",       "image",
                                   "written",    "in_workload", "mode",    "pods",       "running",    "unknown_pods",
                                   "mixed",      "differs",     "tag",     "tag_digest", "moved",      "gone",
                                   "unresolved", "pinned_at",   "what_if", "findings",   "first_seen", "last_seen",
                                   "moves",      "resolved"};
  for (const auto& one : read->GetArray()) {
    std::set<std::string> seen;
    for (const auto& member : one.GetObject()) seen.emplace(json::text_of(member.name));
    EXPECT_EQ(seen, keys);
  }
  EXPECT_THAT(text,
              AllOf(HasSubstr(R"("owner":"Deployment/web")"), HasSubstr(R"("mixed":true)"),
                    HasSubstr(R"("moved":"version-tag","gone":true)"), HasSubstr(R"("moved":"unknown","gone":null)"),
                    HasSubstr(R"("first_seen":"1970-01-01T00:00:00Z")"), HasSubstr(R"("first_seen":null)")));
  EXPECT_EQ(write_json(a_report({})), "[]\n");
}

TEST(FleetReport, JsonAndHtmlHaveTheHistory) {
  const wall_time then(std::chrono::hours(24 * 100)), now(std::chrono::hours(24 * 112));
  row one = a_row();
  one.first_seen = one.findings[0].first_seen = then;
  one.tag = "1.25";
  one.moves = {{now, "sha256:old", "sha256:new", "bytes"}};
  one.resolved = {{"gone", "nginx:1.24", then, now}};
  report r = a_report({one});
  r.made_at = now;
  r.moves = {{"docker.io/library/nginx:1.25", "sha256:old", "sha256:new", "bytes", now}};
  r.past = {{{"old", "Deployment/was", "web", "redis:7"}, {"mixed", "m", then, now}, now},
            {{"shop", "Deployment/web", "web", "nginx:1.25"}, {"mixed", "m", then, now}, {}}};
  EXPECT_THAT(write_json(r),
              HasSubstr(R"("moves":[{"at":"1970-04-23T00:00:00Z","before":"sha256:old","after":"sha256:new",)"
                        R"("change":"bytes"}],"resolved":[{"rule":"gone","image":"nginx:1.24",)"
                        R"("first_seen":"1970-04-11T00:00:00Z","resolved":"1970-04-23T00:00:00Z"}])"));
  const std::string page = write_html(r);
  EXPECT_THAT(page, AllOf(HasSubstr("in violation for 12 days; since 1970-04-11T00:00:00Z"),
                          HasSubstr("1.25 moved at 1970-04-23T00:00:00Z: sha256:old became sha256:new (bytes)"),
                          HasSubstr("<h2>Moved tags</h2>"), HasSubstr("docker.io/library/nginx:1.25"),
                          HasSubstr("<h2>Resolved</h2>"), HasSubstr("Deployment/was")));
  EXPECT_THAT(write_table(r, {}), AllOf(HasSubstr("\nMOVED TAGS\n"), HasSubstr("\nRESOLVED\n")));
  EXPECT_THAT(write_html(a_report({a_row()})), AllOf(Not(HasSubstr("Moved tags")), Not(HasSubstr("Resolved"))));
  r.made_at = then + std::chrono::minutes(90);
  EXPECT_THAT(write_html(r), HasSubstr("in violation for 1 hour;"));
}

TEST(FleetReport, SarifNamesTheWorkloadAndEveryRuleThatItUses) {
  report r = a_report({a_row()});
  r.troubles = {"list pods in namespace lab: HTTP 403"};
  const std::string text = write_sarif(r);
  ASSERT_TRUE(json::parse(text)) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("shop/Deployment/web"), HasSubstr("\"mixed\""), HasSubstr("HTTP 403"),
                          HasSubstr("\"executionSuccessful\": false")));
}

TEST(FleetReport, HtmlShowsEvidenceAndWhatToDo) {
  const std::string page = write_html(a_report({a_row()}));
  EXPECT_THAT(page, AllOf(HasSubstr("<mark>nginx:1.25</mark>"), HasSubstr("# runs " + digest_text('a')),
                          HasSubstr("kubectl rollout restart deployment/web"), HasSubstr("<svg"),
                          HasSubstr("No registry was asked"), HasSubstr("default-src 'none'")));
  for (const char* outside : {"http:", "https:", "src=", "href=", "<script", "<link", "<form", "url(", "@import"})
    EXPECT_THAT(page, Not(HasSubstr(outside))) << outside;
}

TEST(FleetReport, HostileTextsStayTexts) {
  const std::string evil = "x\"><script>alert(1)</script>'&\x1b[2J";
  row r = a_row(evil);
  r.ns = r.container = r.owner.name = r.pointer = r.mode = evil;
  r.findings[0].message = r.findings[0].fix = evil;
  r.if_opted_in = what_if{true, evil, evil, evil};
  report all = a_report({r});
  all.namespaces.emplace(evil, namespace_state{true, evil});
  all.troubles = {evil};
  all.origin = evil;
  all.rows[0].moves = {{{}, evil, evil, evil}};
  all.rows[0].resolved = {{evil, evil, {}, {}}};
  all.moves = {{evil, evil, evil, evil, {}}};
  all.past = {{{evil, evil, evil, evil}, {evil, evil, {}, {}}, wall_time{}}};
  const std::string page = write_html(all);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\x1b")), HasSubstr("&lt;script&gt;")));
  EXPECT_THAT(write_table(all, {}), Not(HasSubstr("\x1b")));
  EXPECT_TRUE(json::parse(write_json(all)));
  EXPECT_TRUE(json::parse(write_sarif(all)));
}

TEST(FleetReport, KnowsItsFormats) {
  for (const char* name : {"table", "json", "sarif", "html", "openreports"})
    EXPECT_TRUE(parse_report_format(name)) << name;
  EXPECT_FALSE(parse_report_format("yaml"));
}

}  // namespace
}  // namespace pinhook::fleet
