#include <pinhook/console/answers.hpp>

#include "shown_cluster.hpp"

#include <pinhook/base/json.hpp>

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

TEST(OverviewAnswer, TellsAViewerOnlyOfItsNamespaces) {
  const auto text = overview_answer(small_view(), only_lab, state());
  EXPECT_THAT(text, Not(HasSubstr("shop")));
  const auto got = parsed(text);
  EXPECT_EQ(got["totals"]["namespaces"].GetInt(), 1);
  EXPECT_EQ(got["trend"][29]["findings"].GetInt(), 1);
}

TEST(OverviewAnswer, ShowsTheTrendOfThirtyDays) {
  auto view = small_view();
  const auto finding = [](int first, int end) {
    store::past_finding out{{"shop", "Deployment/web", "web", "nginx"}, {"latest", "", day(first), day(first)}, {}};
    if (end != 0) out.resolved = day(end);
    return out;
  };
  // At day 40: from day 11 on; one was there before, one ended on its first day.
  view.past = std::make_shared<const std::vector<store::past_finding>>(
      std::vector{finding(0, 20), finding(15, 0), finding(16, 16), finding(40, 0), finding(-50, -40)});
  auto now = state();
  now.now = day(40);
  const auto got = parsed(overview_answer(view, everything, now));
  ASSERT_EQ(got["trend"].Size(), 30U);
  std::vector<int> counts;
  for (const auto& one : got["trend"].GetArray()) counts.push_back(one["findings"].GetInt());
  std::vector<int> expected(30, 1);
  for (int i = 4; i < 9; ++i) expected[static_cast<std::size_t>(i)] = 2;  // days 15 to 19
  expected[29] = 2;
  EXPECT_EQ(counts, expected);
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
    now.troubles = {text};
    (void)parsed(overview_answer(view, everything, now));
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
