#include <pinhook/console/answers.hpp>

#include "shown_cluster.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const visible_namespaces everything;
const visible_namespaces only_lab{{"lab"}};

json::document parsed(const std::string& text) {
  auto out = json::parse(text);
  EXPECT_TRUE(out) << text;
  return out ? std::move(*out) : json::document();
}

console_state state() {
  console_state out;
  out.origin = "kubeconfig x";
  out.now = day(1);
  out.started = day(0);
  out.is_complete = true;
  return out;
}

row_query query(const std::string& text) { return *row_query::parse("/?" + text); }

TEST(OverviewAnswer, CountsWhatIsThere) {
  const auto got = parsed(overview_answer(small_view(), everything, state()));
  EXPECT_EQ(got["totals"]["namespaces"].GetInt(), 2);
  EXPECT_EQ(got["totals"]["workloads"].GetInt(), 3);
  EXPECT_EQ(got["totals"]["images"].GetInt(), 3);
  EXPECT_EQ(got["totals"]["findings"].GetInt(), 3);
  EXPECT_EQ(got["written"]["pinned"].GetInt(), 1);
  EXPECT_EQ(got["written"]["no-tag"].GetInt(), 1);
  EXPECT_EQ(got["modes"]["enforce"].GetInt(), 1);
  EXPECT_EQ(got["modes"]["none"].GetInt(), 1);
  EXPECT_EQ(got["alarms"]["mixed"].GetInt(), 1);
  EXPECT_EQ(json::text_of(got["console"]["history"]), "memory");
  EXPECT_TRUE(got["console"]["behind_since"].IsNull());
  EXPECT_EQ(got["namespaces"].Size(), 2U);
}

TEST(ConsoleAnswer, IsTheStateOfTheOverview) {
  auto now = state();
  now.namespaces = {"lab", "shop"};
  now.troubles = {{"", "no rights"}, {"shop", "an object of shop"}};
  const auto got = parsed(console_answer(only_lab, now));
  const auto all = parsed(overview_answer(small_view(), only_lab, now));
  EXPECT_TRUE(got["console"] == all["console"]);
  EXPECT_EQ(got["console"]["namespaces"].Size(), 1U);
  EXPECT_EQ(got["console"]["troubles"].Size(), 1U) << "that of another namespace is not told";
  EXPECT_EQ(parsed(console_answer(everything, now))["console"]["troubles"].Size(), 2U);
}

TEST(OverviewAnswer, TellsAViewerOnlyOfItsNamespaces) {
  const auto text = overview_answer(small_view(), only_lab, state());
  EXPECT_THAT(text, Not(HasSubstr("shop")));
  const auto got = parsed(text);
  EXPECT_EQ(got["totals"]["namespaces"].GetInt(), 1);
  EXPECT_EQ(got["trend"][29]["findings"].GetInt(), 1);
}

TEST(OverviewAnswer, ShowsTheTrendOfThirtyDays) {
  fleet_view view;
  const auto days_of = [&](const std::string& ns, int newest, std::uint32_t findings, std::uint32_t latest) {
    auto one = std::make_shared<namespace_days>();
    one->newest = std::chrono::floor<std::chrono::days>(day(newest));
    for (std::size_t i = 20; i < days_of_trend; ++i) one->days.at(i) = {{1, 0, latest, 0, 0}, findings};
    view.days.emplace(ns, std::move(one));
  };
  days_of("shop", 40, 3, 2);
  days_of("lab", 38, 1, 0);  // nothing changed there for two days
  auto now = state();
  now.now = day(40);
  const auto all = parsed(overview_answer(view, everything, now));
  ASSERT_EQ(all["trend"].Size(), 30U);
  EXPECT_EQ(json::text_of(all["trend"][29]["day"]), timestamp_text(day(40)).substr(0, 10));
  EXPECT_EQ(all["trend"][29]["findings"].GetInt(), 4);
  EXPECT_EQ(all["trend"][29]["written"]["pinned"].GetInt(), 2);
  EXPECT_EQ(all["trend"][29]["written"]["latest"].GetInt(), 2);
  EXPECT_EQ(all["trend"][19]["findings"].GetInt(), 1) << "that of lab is two days older";
  EXPECT_EQ(all["trend"][17]["findings"].GetInt(), 0);
  const auto of_lab = parsed(overview_answer(view, only_lab, now));
  EXPECT_EQ(of_lab["trend"][29]["findings"].GetInt(), 1);
  EXPECT_EQ(of_lab["trend"][29]["written"]["latest"].GetInt(), 0);
}

TEST(OverviewAnswer, ShowsMovesOfVisibleRows) {
  row_engine engine(engine_options_of(), memory());
  auto round = small_cluster(0);
  const auto answer = [](char digest) {
    return registry_answer{*registry::reference::parse("nginx:1.25"),
                           fleet::manifest{*registry::digest::parse(digest_text(digest)), {}}};
  };
  round.answers = {answer('a')};
  (void)engine.run(std::move(round));
  round = small_cluster(1);
  round.answers = {answer('b')};
  fleet_view view;
  take(view, engine.run(std::move(round)));
  const auto got = parsed(overview_answer(view, everything, state()));
  ASSERT_EQ(got["moves"].Size(), 1U);
  EXPECT_EQ(json::text_of(got["moves"][0]["tag"]), "docker.io/library/nginx:1.25");
  EXPECT_EQ(got["moves"][0]["rows"].GetInt(), 1);
  EXPECT_TRUE(parsed(overview_answer(view, only_lab, state()))["moves"].Empty());
}

TEST(EntitiesAnswer, HasAPageOfTheReportsRows) {
  const auto view = small_view();
  const auto got = parsed(entities_answer(view, everything, query("limit=1&offset=1")));
  EXPECT_EQ(got["total"].GetInt(), 3);
  EXPECT_EQ(got["offset"].GetInt(), 1);
  ASSERT_EQ(got["rows"].Size(), 1U);
  EXPECT_EQ(json::text_of(got["rows"][0]["owner"]), "Deployment/api");
  EXPECT_EQ(got["rows"][0]["findings"].Size(), 0U);
  EXPECT_EQ(parsed(entities_answer(view, everything, query("offset=9")))["rows"].Size(), 0U);
}

TEST(EntityAnswer, HasAllRowsOfAWorkload) {
  const auto view = small_view();
  const auto text = entity_answer(view, everything, *entity_id::parse("shop/apps/Deployment/web"));
  ASSERT_TRUE(text);
  const auto got = parsed(*text);
  EXPECT_EQ(json::text_of(got["mode"]), "enforce");
  EXPECT_TRUE(got["labels"].ObjectEmpty());
  EXPECT_EQ(got["rows"].Size(), got["places"].Size());
  EXPECT_EQ(json::text_of(got["places"][0]["pointer"]), "/spec/template/spec/containers/0/image");
  for (const auto* id : {"shop/apps/Deployment/none", "none/apps/Deployment/web", "shop/core/Deployment/web"})
    EXPECT_EQ(entity_answer(view, everything, *entity_id::parse(id)).error().code, error_code::not_found) << id;
  // The same words as where there is none, so that nothing is told.
  const auto hidden = entity_answer(view, only_lab, *entity_id::parse("shop/apps/Deployment/web"));
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().code, error_code::not_found);
}

TEST(EntityId, IsReadFromAPath) {
  const auto id = entity_id::parse("a%2Fb/core/Pod/x?y");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->ns, "a/b");
  EXPECT_EQ(id->group, "");
  EXPECT_EQ(id->name, "x");
  for (const auto* bad : {"", "shop", "shop/apps/Deployment", "shop/apps/Deployment/web/x", "%/a/b/c"})
    EXPECT_FALSE(entity_id::parse(bad)) << bad;
}

TEST(ImagesAnswer, ShowsATagThatRunsAsTwoDigests) {
  const auto got = parsed(images_answer(small_view(), everything, query("search=nginx")));
  EXPECT_EQ(got["total"].GetInt(), 1);
  const auto& image = got["images"][0];
  EXPECT_EQ(json::text_of(image["repository"]), "docker.io/library/nginx");
  EXPECT_EQ(json::text_of(image["tags"][0]["tag"]), "1.25");
  EXPECT_EQ(image["tags"][0]["digests"].Size(), 2U);
  EXPECT_EQ(json::text_of(image["digests"][0]["tags"][0]), "1.25");
  EXPECT_EQ(image["pods"].GetInt(), 2);
}

TEST(RulesAnswer, CountsFindingsOfEachRule) {
  const auto got = parsed(rules_answer(small_view(), everything));
  int latest = -1, mixed = -1;
  for (const auto& one : got["rules"].GetArray()) {
    if (json::text_of(one["rule"]) == "latest") latest = one["findings"].GetInt();
    if (json::text_of(one["rule"]) == "mixed") mixed = one["findings"].GetInt();
  }
  EXPECT_EQ(latest, 0);
  EXPECT_EQ(mixed, 1);
}

TEST(MetricsAnswer, HasSeriesByNamespaceAndState) {
  auto now = state();
  now.behind_since = day(0);
  const auto text = metrics_answer(small_view(), everything, now);
  EXPECT_THAT(text, AllOf(HasSubstr("pinhook_console_images{namespace=\"shop\",state=\"mixed\"} 1\n"),
                          HasSubstr("pinhook_console_complete 1\n"),
                          HasSubstr("pinhook_console_behind_seconds 86400\n"), Not(HasSubstr("nginx"))));
  EXPECT_THAT(metrics_answer(small_view(), only_lab, now), Not(HasSubstr("shop")));
}

TEST(MetricsAnswer, BoundsItsSeries) {
  fleet_view many;
  for (std::size_t i = 0; i < most_series_namespaces + 5; ++i) {
    auto one = std::make_shared<namespace_view>();
    one->name = "ns-" + std::to_string(1'000'000 + i);
    one->counts.images = 2;
    many.namespaces.emplace(one->name, std::move(one));
  }
  const auto text = metrics_answer(many, everything, state());
  EXPECT_THAT(text, HasSubstr("{namespace=\"other\",state=\"all\"} 10\n"));
  EXPECT_THAT(text, Not(HasSubstr("ns-1001000")));
}

TEST(Answers, AreJsonWhateverTheClusterHolds) {
  for (const std::string& text :
       {std::string("<script>alert(1)</script>"), std::string("\"\\\n\x01"), std::string("\xff\xfe")}) {
    fleet_view view;
    auto part = std::make_shared<namespace_view>();
    part->name = text;
    part->mode = text;
    shown_row one;
    one.row.ns = text;
    one.row.owner = {text, text, text, text};
    one.row.container = one.row.image = one.row.tag = one.row.unresolved = one.repository = one.row.pointer = text;
    one.row.findings.push_back({.rule = text, .message = text, .fix = text});
    one.row.moves.push_back({day(0), text, text, text});
    one.labels = std::make_shared<const fleet::labels>(fleet::labels{{text, text}});
    part->rows.push_back(std::move(one));
    view.namespaces.emplace(text, std::move(part));
    auto now = state();
    now.origin = text;
    now.troubles = {{"", text}};
    (void)parsed(overview_answer(view, everything, now));
    (void)parsed(console_answer(everything, now));
    (void)parsed(rules_answer(view, everything));
    (void)parsed(entities_answer(view, everything, {}));
    (void)parsed(images_answer(view, everything, {}));
    const auto whole = entity_answer(view, everything, {text, text, text, text});
    ASSERT_TRUE(whole);
    (void)parsed(*whole);
    // A line of metrics stays one line.
    for (const std::string metrics = metrics_answer(view, everything, now); const char c : metrics)
      EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 1);
    EXPECT_THAT(metrics_answer(view, everything, now), Not(HasSubstr("\"\\\n")));
  }
}

}  // namespace
}  // namespace pinhook::console
