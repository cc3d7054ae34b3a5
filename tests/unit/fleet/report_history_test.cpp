#include <pinhook/fleet/report_history.hpp>

#include "support/fleet_objects.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/fleet/history_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::fleet {
namespace {

using pinhook::testing::digest_text;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const wall_time noon = *parse_timestamp("2026-11-29T12:00:00Z");
const wall_time before = *parse_timestamp("2026-11-01T12:00:00Z");

row made(const std::string& name, const std::string& image) {
  row out;
  out.ns = "shop";
  out.owner = {"shop", "apps", "Deployment", name};
  out.container = "web";
  out.image = image;
  out.tag = image.substr(image.find(':') + 1);
  out.findings.push_back({.rule = "no-digest", .message = "it has no digest", .fix = {}});
  return out;
}

report two_rows() {
  report out;
  out.rows = {made("web", "nginx:1.25"), made("api", "nginx:1.25")};
  for (row& one : out.rows) {
    one.tag_digest = registry::digest::parse(digest_text('a')).value();
    one.moved = move::version_tag;
  }
  out.namespaces = {{"shop", {}}, {"lab", {}}};
  out.has_registry = true;
  out.made_at = noon;
  return out;
}

TEST(ReportHistory, GivesRowsFindingsAndTags) {
  const auto seen = observation_of(two_rows(), {.server = "https://c"});
  EXPECT_EQ(seen.cluster, "https://c");
  EXPECT_EQ(seen.at, noon);
  ASSERT_THAT(seen.uses, SizeIs(2));
  EXPECT_EQ(seen.uses[1].use, (store::image_use{"shop", "Deployment/api", "web", "nginx:1.25"}));
  EXPECT_EQ(seen.uses[1].findings[0].kind, "no-digest");
  ASSERT_THAT(seen.tags, SizeIs(1)) << "each once";
  EXPECT_EQ(seen.tags[0].reference, "docker.io/library/nginx:1.25");
  EXPECT_EQ(seen.tags[0].digest, digest_text('a'));
  EXPECT_EQ(seen.tags[0].change, "version-tag");
  EXPECT_FALSE(seen.whole);
  EXPECT_THAT(seen.unjudged, IsEmpty());
}

// What was not read, or not asked for, has not ended.
TEST(ReportHistory, KnowsItsScope) {
  const auto whole_of = [](reading_scope scope) { return *observation_of(two_rows(), scope).whole; };
  EXPECT_THAT(whole_of({.server = "c", .namespaces = {"shop", "lab"}}), ElementsAre("lab", "shop"));
  EXPECT_THAT(whole_of({.server = "c", .unread = {"lab"}}), ElementsAre("shop"));
  EXPECT_THAT(whole_of({.server = "c", .unread = {""}}), IsEmpty());
  EXPECT_THAT(whole_of({.server = "c", .has_selector = true}), IsEmpty());
  auto without = two_rows();
  without.has_registry = false;
  EXPECT_THAT(observation_of(without, {.server = "c"}).unjudged, Contains("gone"));
  EXPECT_THAT(observation_of(two_rows(), {.server = "c", .has_all_answers = false}).unjudged, Contains("moved"));
}

TEST(ReportHistory, TakesTheFirstSights) {
  auto rows = two_rows().rows;
  take_records(rows, {{before, noon, {{"no-digest", "m", before, noon}}}, {noon, noon, {}}});
  EXPECT_EQ(rows[0].first_seen, before);
  EXPECT_EQ(rows[0].last_seen, noon);
  EXPECT_EQ(rows[0].findings[0].first_seen, before);
  EXPECT_EQ(rows[1].first_seen, noon);
  EXPECT_FALSE(rows[1].findings[0].first_seen);
}

TEST(ReportHistory, GivesRowsTheirPast) {
  auto r = two_rows();
  const store::image_use web{"shop", "Deployment/web", "web", "nginx:1.24"};
  const store::image_use gone{"old", "Deployment/web", "web", "nginx:1.24"};
  take_history(
      r, {{"docker.io/library/nginx:1.25", "a", "b", "bytes", noon}, {"docker.io/library/redis:7", "a", "b", "", noon}},
      {{web, {"gone", "m", before, noon}, noon},
       {web, {"moved", "m", before, noon}, {}},
       {gone, {"mixed", "m", before, noon}, noon}});
  // Both rows have that tag; the finding was of an image that the first one had before.
  for (const row& one : r.rows) {
    ASSERT_THAT(one.moves, SizeIs(1));
    EXPECT_EQ(one.moves[0].after, "b");
  }
  ASSERT_THAT(r.rows[0].resolved, SizeIs(1));
  EXPECT_EQ(r.rows[0].resolved[0].rule, "gone");
  EXPECT_EQ(r.rows[0].resolved[0].image, "nginx:1.24");
  EXPECT_THAT(r.rows[1].resolved, IsEmpty());
  EXPECT_THAT(r.moves, SizeIs(2));
  EXPECT_THAT(r.past, SizeIs(3));
}

TEST(ReportHistory, ShowsMovesAndWhatWasResolved) {
  EXPECT_EQ(history_table({}, {}), "");
  const store::image_use use{"shop", "Deployment/web", "web", "nginx:1.25"};
  EXPECT_EQ(history_table({{"docker.io/library/nginx:1.25", digest_text('a'), digest_text('b'), "bytes", noon}},
                          {{use, {"gone", "m", before, noon}, noon}, {use, {"moved", "m", before, noon}, {}}}),
            "\nMOVED TAGS\n2026-11-29T12:00:00Z  docker.io/library/nginx:1.25  " +
                registry::shorten_digest(digest_text('a')) + " -> " + registry::shorten_digest(digest_text('b')) +
                "  bytes\n\nRESOLVED\n2026-11-29T12:00:00Z  shop  Deployment/web/web  gone  nginx:1.25  since "
                "2026-11-01T12:00:00Z\n");
}

}  // namespace
}  // namespace pinhook::fleet
