#include <pinhook/store/history.hpp>

#include "support/certificates.hpp"

#include <pinhook/store/schema.hpp>
#include <pinhook/store/stored_text.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

const wall_time noon = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29)) + 12h;
const std::string cluster = "https://cluster.example:6443";

class History : public ::testing::Test {
 protected:
  History() { reopen(); }

  void reopen() {
    history_.reset();
    auto opened = history::open((files_.path() / "history.db").string(), options_);
    ASSERT_TRUE(opened) << opened.error().message;
    history_ = std::move(*opened);
  }

  static seen_use use(const std::string& ns, const std::string& image, std::vector<seen_finding> findings = {}) {
    return {{ns, "Deployment/web", "web", image}, std::move(findings)};
  }
  std::vector<record> add(wall_time at, std::vector<seen_use> uses, observation rest = {}) {
    rest.cluster = rest.cluster.empty() ? cluster : rest.cluster;
    rest.at = at;
    rest.uses = std::move(uses);
    auto out = history_->add(rest);
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : std::vector<record>();
  }
  void tag(wall_time at, const std::string& reference, const std::string& digest, const std::string& change = "") {
    add(at, {}, {.tags = {{reference, digest, change}}});
  }
  std::vector<past_finding> findings(wall_time since = noon - 1000h) {
    auto out = history_->findings(cluster, since);
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : std::vector<past_finding>();
  }
  std::vector<waiting_tag> waiting(wall_time now, std::chrono::hours cooldown) {
    auto out = history_->waiting(now, cooldown);
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : std::vector<waiting_tag>();
  }

  testing::temporary_directory files_;
  history_options options_;
  std::unique_ptr<history> history_;
};

TEST_F(History, RemembersTheFirstSight) {
  EXPECT_THAT(add(noon, {use("shop", "nginx", {{"no-tag", "it has no tag"}}), use("shop", "redis:7")}),
              ElementsAre(record{noon, noon, {{"no-tag", "it has no tag", noon, noon}}}, record{noon, noon, {}}));
  reopen();
  EXPECT_THAT(
      add(noon + 24h, {use("shop", "nginx", {{"gone", "g"}, {"no-tag", "it still has none"}})}),
      ElementsAre(record{noon,
                         noon + 24h,
                         {{"gone", "g", noon + 24h, noon + 24h}, {"no-tag", "it still has none", noon, noon + 24h}}}));
}

TEST_F(History, AFindingThatIsNotSeenAnyMoreIsResolved) {
  add(noon, {use("shop", "nginx", {{"no-tag", "m"}})});
  EXPECT_THAT(add(noon + 1h, {use("shop", "nginx")})[0].findings, IsEmpty());
  auto all = findings();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0], (past_finding{use("shop", "nginx").use, {"no-tag", "m", noon, noon}, noon + 1h}));
  // It is a new one when it comes back.
  EXPECT_EQ(add(noon + 2h, {use("shop", "nginx", {{"no-tag", "m"}})})[0].findings[0].first_seen, noon + 2h);
  all = findings();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_FALSE(all[0].resolved);
  EXPECT_THAT(findings(noon + 90min), SizeIs(1)) << "what was resolved before";
}

TEST_F(History, FindingsOutliveTheirObject) {
  add(noon, {use("shop", "nginx", {{"no-tag", "m"}}), use("other", "redis", {{"no-tag", "m"}})});
  add(noon + 1h, {use("other", "redis", {{"no-tag", "m"}})});
  const auto all = findings();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[1].use.ns, "shop");
  EXPECT_EQ(all[1].resolved, noon + 1h);
  // A workload that comes back is new.
  EXPECT_EQ(add(noon + 2h, {use("shop", "nginx")})[0].first_seen, noon + 2h);
}

// What a report did not read says nothing about it.
TEST_F(History, APartOfTheClusterEndsNothingElsewhere) {
  struct row {
    const char* name;
    std::optional<std::set<std::string, std::less<>>> whole;
    std::size_t resolved;
  };
  const row rows[] = {
      {"a selector", std::set<std::string, std::less<>>{}, 0},
      {"another namespace", std::set<std::string, std::less<>>{"third"}, 0},
      {"one namespace", std::set<std::string, std::less<>>{"shop"}, 1},
      {"two namespaces", std::set<std::string, std::less<>>{"shop", "other"}, 2},
      {"the cluster", std::nullopt, 2},
  };
  int n = 0;
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    const auto at = noon + ++n * 100h;
    add(at, {use("shop", "nginx", {{"no-tag", "m"}}), use("other", "redis", {{"no-tag", "m"}})});
    add(at + 1h, {}, {.whole = one.whole});
    std::size_t resolved = 0;
    for (const auto& f : findings(at)) resolved += f.resolved ? 1 : 0;
    EXPECT_EQ(resolved, one.resolved);
  }
}

TEST_F(History, WhatAReportDidNotLookForStays) {
  add(noon, {use("shop", "nginx", {{"gone", "g"}, {"no-tag", "m"}})});
  const auto got = add(noon + 1h, {use("shop", "nginx")}, {.unjudged = {"gone", "moved"}});
  ASSERT_THAT(got, SizeIs(1));
  EXPECT_THAT(got[0].findings, ElementsAre(finding_times{"gone", "g", noon, noon}));
}

TEST_F(History, ClustersAreApart) {
  add(noon, {use("shop", "nginx", {{"no-tag", "m"}})});
  EXPECT_EQ(add(noon + 1h, {use("shop", "nginx")}, {.cluster = "https://other"})[0].first_seen, noon + 1h);
  const auto all = findings();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_FALSE(all[0].resolved);
}

TEST_F(History, AUseThatIsGivenTwiceIsStoredOnce) {
  const auto got = add(noon, {use("shop", "nginx", {{"no-tag", "m"}}), use("shop", "nginx")});
  ASSERT_THAT(got, SizeIs(2));
  EXPECT_EQ(got[0], got[1]);
}

TEST_F(History, AClockThatGoesBackLosesNothing) {
  add(noon, {use("shop", "nginx", {{"no-tag", "m"}})});
  EXPECT_EQ(add(noon - 1h, {use("shop", "nginx", {{"no-tag", "m"}})})[0],
            (record{noon, noon, {{"no-tag", "m", noon, noon}}}));
  add(noon - 1h, {});
  EXPECT_EQ(findings()[0].resolved, noon);
}

TEST_F(History, TextsAreKeptAsTheyAre) {
  const std::string odd = "a'b\"; DROP TABLE finding; --\n\xff\x01é";
  EXPECT_EQ(add(noon, {use(odd, odd, {{odd, odd}})})[0].findings[0].message, odd);
  EXPECT_EQ(findings()[0].use.ns, odd);
}

TEST_F(History, MessagesOfOneFormStandOnce) {
  const std::vector<std::string> forms{"\"nginx\": no tag, write nginx@sha256:…",
                                       "no image",
                                       "",
                                       "~",
                                       "= nginx",
                                       "a\x1a"
                                       "b nginx"};
  std::vector<seen_finding> given;
  for (std::size_t i = 0; i < forms.size(); ++i) given.push_back({"kind-" + std::to_string(i), forms[i]});
  const auto got = add(noon, {use("shop", "nginx", given), use("lab", "nginx", given), use("lab", "", given)});
  for (const record& one : got) {
    ASSERT_THAT(one.findings, SizeIs(forms.size()));
    for (std::size_t i = 0; i < forms.size(); ++i) EXPECT_EQ(one.findings[i].message, forms[i]);
  }
  for (const auto& one : forms)
    for (const auto* image : {"nginx", "g", "", "\x1a"}) EXPECT_EQ(message_of(stored_message(one, image), image), one);
  EXPECT_EQ(stored_message("\"redis:7\" has no digest", "redis:7"), stored_message("\"nginx\" has no digest", "nginx"));
}

TEST_F(History, TellsWhichFindingsAnObservationEnded) {
  add(noon, {use("shop", "nginx", {{"no-tag", "m of nginx"}, {"gone", "g"}}), use("lab", "redis", {{"no-tag", "m"}})});
  std::vector<past_finding> ended;
  const auto ok =
      history_->add({.cluster = cluster, .at = noon + 1h, .uses = {use("shop", "nginx", {{"gone", "g"}})}}, &ended);
  ASSERT_TRUE(ok);
  EXPECT_THAT(ended,
              ElementsAre(past_finding{use("shop", "nginx").use, {"no-tag", "m of nginx", noon, noon}, noon + 1h},
                          past_finding{use("lab", "redis").use, {"no-tag", "m", noon, noon}, noon + 1h}));
}

TEST_F(History, AFindingThatComesBackWithinTheSecondHasNotEnded) {
  const auto one = use("shop", "nginx", {{"no-tag", "m"}});
  add(noon, {one});
  add(noon, {use("shop", "nginx")});
  EXPECT_THAT(add(noon, {one})[0].findings, ElementsAre(finding_times{"no-tag", "m", noon, noon}));
  ASSERT_THAT(findings(), SizeIs(1));
  EXPECT_FALSE(findings()[0].resolved);
}

TEST_F(History, GivesTheUsesOfATime) {
  add(noon, {use("shop", "nginx"), use("lab", "redis")});
  add(noon + 1h, {use("shop", "nginx:2"), use("lab", "redis")});
  const auto uses = [&](wall_time since) {
    std::vector<past_use> out;
    EXPECT_TRUE(history_->each_use(cluster, since, [&](past_use one) { out.push_back(std::move(one)); }));
    return out;
  };
  EXPECT_THAT(uses(noon), ::testing::UnorderedElementsAre(past_use{use("shop", "nginx").use, noon, noon + 1h},
                                                          past_use{use("shop", "nginx:2").use, noon + 1h, {}},
                                                          past_use{use("lab", "redis").use, noon, {}}));
  EXPECT_THAT(uses(noon + 2h), SizeIs(2));
}

// A file of the first version, as its program left it.
TEST_F(History, BringsAnEarlierFileToThisVersion) {
  const std::string path = (files_.path() / "old.db").string();
  {
    auto db = std::move(*database::open(path, 1s));
    ASSERT_TRUE(db->execute(scripts[0]));
    ASSERT_TRUE(
        db->execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = 1", application_id).c_str()));
    ASSERT_TRUE(db->execute(R"(
      INSERT INTO cluster VALUES(1, 'https://cluster.example:6443'), (2, 'other');
      INSERT INTO image_use VALUES(1, 1, 'shop', 'Deployment/web', 'web', 'nginx', 100, 200, 300),
        (2, 1, 'shop', 'Deployment/web', 'web', 'nginx', 400, 500, NULL), (3, 2, 'shop', 'Deployment/web', 'web', 'nginx', 1, 2, NULL),
        (4, 1, 'lab', 'Deployment/a', 'a', 'redis:7', 100, 500, NULL);
      INSERT INTO finding VALUES(1, 1, 'no-tag', 'nginx has no tag', 100, 200, 300), (2, 2, 'no-tag', 'nginx has no tag', 400, 500, NULL),
        (3, 4, 'odd', 'a' || char(26) || 'redis:7', 100, 500, NULL), (4, 4, 'odd', 'before', 100, 100, 100),
        (5, 3, 'no-tag', 'nginx has no tag', 1, 2, NULL);
      INSERT INTO tag VALUES('t', 'sha256:a', 1, 2);
      INSERT INTO tag_move VALUES(1, 't', 'x', 'sha256:a', 'bytes', 1);)"));
  }
  history_ = std::move(*history::open(path, options_));
  const auto at = [](int seconds) { return wall_time(std::chrono::seconds(seconds)); };
  const image_use web = use("shop", "nginx").use;
  const image_use redis{"lab", "Deployment/a", "a", "redis:7"};
  EXPECT_THAT(findings(at(0)), ::testing::UnorderedElementsAre(
                                   past_finding{web, {"no-tag", "nginx has no tag", at(100), at(200)}, at(300)},
                                   past_finding{web, {"no-tag", "nginx has no tag", at(400), at(500)}, {}},
                                   past_finding{redis,
                                                {"odd",
                                                 "a\x1a"
                                                 "redis:7",
                                                 at(100), at(500)},
                                                {}}));
  EXPECT_THAT(*history_->moves(at(0)), SizeIs(1));
  EXPECT_THAT(*history_->tags(at(0)), SizeIs(1));
  // What was there goes on.
  const auto got = add(at(600), {use("shop", "nginx", {{"no-tag", "nginx has no tag"}})});
  EXPECT_EQ(got[0].first_seen, at(400));
  EXPECT_THAT(got[0].findings, ElementsAre(finding_times{"no-tag", "nginx has no tag", at(400), at(600)}));
  EXPECT_THAT(findings(at(550)), SizeIs(2)) << "that of redis ended";
}

TEST_F(History, RemembersTheMovesOfTags) {
  tag(noon, "docker.io/library/nginx:1.25", "sha256:a");
  tag(noon + 1h, "docker.io/library/nginx:1.25", "sha256:a", "bytes");
  EXPECT_THAT(*history_->moves(noon), IsEmpty());
  tag(noon + 2h, "docker.io/library/nginx:1.25", "sha256:b", "version-tag");
  tag(noon + 3h, "docker.io/library/nginx:1.25", "sha256:c");
  reopen();
  EXPECT_THAT(*history_->moves(noon),
              ElementsAre(tag_move{"docker.io/library/nginx:1.25", "sha256:b", "sha256:c", "", noon + 3h},
                          tag_move{"docker.io/library/nginx:1.25", "sha256:a", "sha256:b", "version-tag", noon + 2h}));
  EXPECT_THAT(*history_->moves(noon + 3h), SizeIs(1));
}

// One row for each story of a tag: the digest at each hour, and what waits 10 hours after the first.
TEST_F(History, TagsWaitForACooldown) {
  struct row {
    const char* name;
    std::vector<std::pair<int, const char*>> digests;
    std::vector<waiting_tag> waiting;
  };
  const row rows[] = {
      {"never moved", {{0, "a"}, {9, "a"}}, {}},
      {"moved lately", {{0, "a"}, {9, "b"}}, {{"t", "a", "b", noon + 9h}}},
      {"moved long ago", {{0, "a"}, {4, "b"}}, {}},
      {"at the end of the cooldown", {{0, "a"}, {5, "b"}}, {}},
      {"twice within the cooldown", {{0, "a"}, {7, "b"}, {9, "c"}}, {{"t", "a", "c", noon + 9h, "", {{"b", 2h}}}}},
      {"and often", {{0, "a"}, {1, "b"}, {5, "c"}, {9, "d"}}, {{"t", "a", "d", noon + 9h, "", {{"c", 4h}}}}},
      {"and faster",
       {{0, "a"}, {3, "b"}, {6, "c"}, {8, "d"}, {9, "e"}},
       {{"t", "a", "e", noon + 9h, "", {{"b", 3h}, {"c", 2h}, {"d", 1h}}}}},
      {"after a move that stood", {{0, "a"}, {1, "b"}, {9, "c"}}, {{"t", "b", "c", noon + 9h}}},
      {"back", {{0, "a"}, {7, "b"}, {9, "a"}}, {{"t", "a", "a", noon + 9h, "", {{"b", 2h}}}}},
      {"back, long ago", {{0, "a"}, {3, "b"}, {4, "a"}}, {}},
      {"back and forth", {{0, "a"}, {6, "b"}, {7, "a"}, {9, "b"}}, {{"t", "a", "b", noon + 9h}}},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    std::filesystem::remove(files_.path() / "history.db");
    reopen();
    for (const auto& [hour, digest] : one.digests) tag(noon + std::chrono::hours(hour), "t", digest);
    EXPECT_EQ(waiting(noon + 10h, 5h), one.waiting);
  }
}

// The gravest change since the digest before counts.
TEST_F(History, WaitingTagsSayHowTheyChanged) {
  struct row {
    std::vector<const char*> changes;
    const char* expected;
  };
  const row rows[] = {{{"list"}, "list"},
                      {{""}, ""},
                      {{"", "list"}, "list"},
                      {{"bytes", "list"}, "bytes"},
                      {{"bytes", "version-tag", ""}, "version-tag"}};
  for (const row& one : rows) {
    std::filesystem::remove(files_.path() / "history.db");
    reopen();
    tag(noon, "t", "0");
    int hour = 0;
    for (const char* change : one.changes) {
      ++hour;
      tag(noon + std::chrono::hours(hour), "t", fmt::format("{}", hour), change);
    }
    const auto all = waiting(noon + 4h, 72h);
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(all[0].change, one.expected);
    // A digest that stood for the whole cooldown ends what was before it.
    tag(noon + 100h, "t", "x", "list");
    EXPECT_EQ(waiting(noon + 101h, 72h)[0].change, "list");
  }
}

TEST_F(History, KnowsWhatTagsHad) {
  tag(noon, "a", "1");
  tag(noon, "b", "2");
  tag(noon + 2h, "b", "2");
  tag(noon + 3h, "c", "3");
  EXPECT_THAT(*history_->tags(noon + 1h),
              ElementsAre(known_tag{"b", "2", noon, noon + 2h}, known_tag{"c", "3", noon + 3h, noon + 3h}));
  EXPECT_THAT(*history_->tags(noon), SizeIs(3));
}

TEST_F(History, ForgetsWhatEndedBeforeTheRetention) {
  options_.retention = 24h;
  reopen();
  add(noon, {use("shop", "nginx", {{"no-tag", "m"}}), use("other", "redis", {{"no-tag", "m"}})},
      {.tags = {{"t", "a"}}});
  add(noon + 1h, {use("other", "redis", {{"no-tag", "m"}})}, {.tags = {{"t", "b"}}});
  EXPECT_THAT(findings(), SizeIs(2));
  add(noon + 25h, {use("other", "redis", {{"no-tag", "m"}})});
  EXPECT_THAT(findings(), SizeIs(2));
  EXPECT_THAT(*history_->moves(noon), SizeIs(1));
  add(noon + 26h, {use("other", "redis", {{"no-tag", "m"}})});
  const auto all = findings();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].times.first_seen, noon) << "what is still there is never forgotten";
  EXPECT_THAT(*history_->moves(noon), IsEmpty());
}

TEST_F(History, ForgetsTheOldestBeyondTheCap) {
  options_.most_ended = 3;
  reopen();
  for (int i = 0; i < 6; ++i) {
    const auto at = noon + std::chrono::hours(i);
    add(at, {use("shop", fmt::format("nginx:{}", i), {{"tag", "m"}})}, {.tags = {{"t", fmt::format("{}", i)}}});
  }
  const auto all = findings();
  ASSERT_THAT(all, SizeIs(4)) << "one is there, three have ended";
  EXPECT_EQ(all[0].use.image, "nginx:5");
  EXPECT_EQ(all[3].use.image, "nginx:2");
  EXPECT_THAT(*history_->moves(noon), SizeIs(3));
}

}  // namespace
}  // namespace pinhook::store
