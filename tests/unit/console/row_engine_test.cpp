#include <pinhook/console/row_engine.hpp>

#include "shown_cluster.hpp"
#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<std::string> rules_of(const fleet::row& of) {
  std::vector<std::string> out;
  for (const auto& one : of.findings) out.push_back(one.rule);
  return out;
}

std::vector<std::string> names_of(const std::vector<registry::reference>& all) {
  std::vector<std::string> out;
  for (const auto& one : all) out.push_back(one.written());
  return out;
}

registry_answer answer(const std::string& of, char digest) {
  return {*registry::reference::parse(of), fleet::manifest{*registry::digest::parse(digest_text(digest)), {}}};
}

// A store in a file, so that what an engine wrote can be read beside it.
class Stored {
 public:
  Stored() : path_((files_.path() / "history.db").string()) {}
  [[nodiscard]] std::unique_ptr<store::history> open() const { return std::move(*store::history::open(path_, {})); }
  /// "lab no-tag": the findings that ended, or that are there.
  [[nodiscard]] std::vector<std::string> findings(bool have_ended) const {
    std::vector<std::string> out;
    const auto opened = open();
    const auto all = opened->findings(engine_options_of().server, wall_time());
    for (const auto& one : *all)
      if (one.resolved.has_value() == have_ended) out.push_back(one.use.ns + " " + one.times.kind);
    return out;
  }

 private:
  pinhook::testing::temporary_directory files_;
  std::string path_;
};

engine_round round_of(const std::string& ns, int on_day, const std::vector<std::string>& deployments = {}) {
  engine_round out;
  out.now = day(on_day);
  if (deployments.empty())
    out.namespaces.emplace_back().name = ns;
  else
    out.namespaces.push_back(content(ns, "", deployments, {}));
  return out;
}

TEST(RowEngine, MakesTheRowsOfTheReport) {
  row_engine engine(engine_options_of(), nullptr);
  const auto made = engine.run(small_cluster());
  ASSERT_THAT(made.namespaces, SizeIs(2));
  const auto& shop = *made.namespaces.at("shop");
  EXPECT_EQ(shop.mode, "enforce");
  EXPECT_EQ(made.namespaces.at("lab")->mode, "none");
  ASSERT_THAT(shop.rows, SizeIs(2));
  EXPECT_EQ(shop.rows[0].repository, "ghcr.io/acme/api");
  EXPECT_EQ(shop.rows[1].repository, "docker.io/library/nginx");
  EXPECT_THAT(rules_of(shop.rows[1].row), ElementsAre("unpinned", "mixed"));
  EXPECT_EQ(shop.counts.images, 2U);
  EXPECT_EQ(shop.counts.mixed, 1U);
  EXPECT_THAT(names_of(shop.wanted), UnorderedElementsAre("nginx:1.25", "ghcr.io/acme/api@" + digest_text('c')));
}

TEST(RowEngine, RemembersSinceWhenFindingsAreThere) {
  row_engine engine(engine_options_of(false), memory());
  (void)engine.run(small_cluster(0));
  const auto later = engine.run(small_cluster(3));
  const auto& lab = later.namespaces.at("lab")->rows.at(0).row;
  EXPECT_EQ(lab.first_seen, day(0));
  ASSERT_THAT(lab.findings, SizeIs(1));
  EXPECT_EQ(lab.findings[0].first_seen, day(0));
}

TEST(RowEngine, EndsOnlyWhatIsOfTheNamespacesOfARound) {
  const Stored stored;
  row_engine engine(engine_options_of(false), stored.open());
  (void)engine.run(small_cluster(0));
  const auto made = engine.run(round_of("lab", 1, {deployment("lab", "try", "busybox@" + digest_text('d'))}));
  EXPECT_THAT(made.namespaces, SizeIs(1));
  EXPECT_THAT(stored.findings(true), ElementsAre("lab no-tag"));
  const auto& resolved = made.namespaces.at("lab")->rows.at(0).row.resolved;
  ASSERT_THAT(resolved, SizeIs(1));
  EXPECT_EQ(resolved[0].rule, "no-tag");
  EXPECT_EQ(resolved[0].image, "busybox");
  EXPECT_EQ(resolved[0].resolved, day(1));
}

TEST(RowEngine, EndsTheFindingsOfANamespaceThatIsGone) {
  const Stored stored;
  row_engine engine(engine_options_of(false), stored.open());
  (void)engine.run(small_cluster(0));
  const auto made = engine.run(round_of("lab", 1));
  EXPECT_EQ(made.namespaces.at("lab"), nullptr);
  EXPECT_THAT(stored.findings(true), ElementsAre("lab no-tag"));
}

TEST(RowEngine, EndsWhatWentWhileItWasNotThere) {
  const Stored stored;
  (void)row_engine(engine_options_of(false), stored.open()).run(small_cluster(0));
  struct row {
    const char* name;
    bool is_complete, is_whole;
    std::vector<std::string> namespaces;
    std::size_t ended;
  };
  for (const row& one :
       {row{"not all namespaces have come", false, true, {}, 0}, row{"a list is missing", true, false, {}, 0},
        row{"it is not watched", true, true, {"shop"}, 0}, row{"it is gone", true, true, {}, 1}}) {
    auto options = engine_options_of(false);
    options.namespaces = one.namespaces;
    row_engine engine(std::move(options), stored.open());
    auto round = small_cluster(1);
    round.namespaces.pop_back();  // lab
    round.is_complete = one.is_complete;
    round.is_whole = one.is_whole;
    (void)engine.run(std::move(round));
    EXPECT_THAT(stored.findings(true), SizeIs(one.ended)) << one.name;
  }
}

TEST(RowEngine, EndsNothingWhenListsAreMissing) {
  const Stored stored;
  row_engine engine(engine_options_of(false), stored.open());
  (void)engine.run(small_cluster(0));
  auto partial = round_of("lab", 1);
  partial.is_whole = false;
  (void)engine.run(std::move(partial));
  EXPECT_THAT(stored.findings(true), IsEmpty());
}

TEST(RowEngine, EndsNothingOfOthersInASharedHistoryWithASelector) {
  for (const bool is_shared : {false, true}) {
    const Stored stored;
    auto options = engine_options_of(false);
    options.selector = *fleet::label_selector::parse("!canary");
    options.shares_history = is_shared;
    row_engine engine(std::move(options), stored.open());
    (void)engine.run(small_cluster(0));
    (void)engine.run(round_of("lab", 1));
    EXPECT_THAT(stored.findings(true), SizeIs(is_shared ? 0 : 1));
  }
}

// The newest day, and one before: pinned and others, findings.
std::vector<std::uint32_t> counts(const round_result& of, const std::string& ns, std::size_t back = 0) {
  const day_count& day = of.days.at(ns)->days.at(days_of_trend - 1 - back);
  return {day.written[0], day.written[1] + day.written[2] + day.written[3] + day.written[4], day.findings};
}

TEST(RowEngine, CountsDayByDay) {
  const Stored stored;
  {
    row_engine engine(engine_options_of(false), stored.open());
    auto made = engine.run(small_cluster(0));
    EXPECT_THAT(counts(made, "lab"), ElementsAre(0, 1, 1));
    EXPECT_THAT(counts(made, "shop"), ElementsAre(1, 1, 2));
    made = engine.run(round_of("lab", 3, {deployment("lab", "try", "busybox@" + digest_text('d'))}));
    EXPECT_THAT(counts(made, "lab"), ElementsAre(1, 0, 0));
    for (const std::size_t back : {1U, 2U, 3U}) EXPECT_THAT(counts(made, "lab", back), ElementsAre(0, 1, 1));
    EXPECT_THAT(counts(made, "lab", 4), ElementsAre(0, 0, 0));
    made = engine.run(round_of("shop", 4));
    EXPECT_THAT(counts(made, "shop"), ElementsAre(0, 0, 0));
    EXPECT_THAT(counts(made, "shop", 1), ElementsAre(1, 1, 2));
  }
  // Another process knows the same by the store.
  row_engine engine(engine_options_of(false), stored.open());
  const auto made = engine.run(round_of("lab", 4, {deployment("lab", "try", "busybox@" + digest_text('d'))}));
  EXPECT_THAT(counts(made, "lab"), ElementsAre(1, 0, 0));
  EXPECT_THAT(counts(made, "lab", 2), ElementsAre(0, 1, 1));
  EXPECT_THAT(counts(made, "shop", 0), ElementsAre(0, 0, 0));
  EXPECT_THAT(counts(made, "shop", 1), ElementsAre(1, 1, 2));
  EXPECT_THAT(counts(made, "shop", 5), ElementsAre(0, 0, 0));
  EXPECT_THAT(made.namespaces.at("lab")->rows.at(0).row.resolved, SizeIs(1));
}

TEST(RowEngine, KeepsTheNewestOfManyFindingsThatEnded) {
  const Stored stored;
  std::vector<fleet::resolved_finding> resolved;
  for (const bool is_new_process : {false, true}) {
    row_engine engine(engine_options_of(false), stored.open());
    for (int i = is_new_process ? 20 : 0; i < (is_new_process ? 21 : 20); ++i)
      resolved = engine.run(round_of("lab", i, {deployment("lab", "try", "busybox:" + std::to_string(i))}))
                     .namespaces.at("lab")
                     ->rows.at(0)
                     .row.resolved;
    ASSERT_THAT(resolved, SizeIs(most_resolved));
    EXPECT_EQ(resolved.front().image, is_new_process ? "busybox:19" : "busybox:18");
    EXPECT_EQ(resolved.back().image, is_new_process ? "busybox:15" : "busybox:14");
  }
  row_engine engine(engine_options_of(false), stored.open());
  const auto later = engine.run(round_of("lab", 60, {deployment("lab", "try", "busybox:1")}));
  EXPECT_THAT(later.namespaces.at("lab")->rows.at(0).row.resolved, SizeIs(1)) << "those before are too old";
}

TEST(RowEngine, TakesAnswersOfRegistriesAndForgetsThem) {
  row_engine engine(engine_options_of(), memory());
  auto round = small_cluster(0);
  round.answers = {answer("nginx:1.25", 'a'),
                   {*registry::reference::parse("ghcr.io/acme/api@" + digest_text('c')),
                    std::unexpected(error{error_code::not_found, "no such manifest", {}})}};
  auto made = engine.run(std::move(round));
  EXPECT_EQ(made.namespaces.at("shop")->rows[0].row.gone, true);
  EXPECT_EQ(made.namespaces.at("shop")->rows[1].row.tag_digest->to_string(), digest_text('a'));
  // A registry that is away takes nothing back.
  round = small_cluster(1);
  round.answers = {{*registry::reference::parse("nginx:1.25"),
                    std::unexpected(error{error_code::unavailable, "no connection", {}})}};
  made = engine.run(std::move(round));
  EXPECT_TRUE(made.namespaces.at("shop")->rows[1].row.tag_digest);
  round = small_cluster(2);
  round.dropped = {*registry::reference::parse("nginx:1.25")};
  made = engine.run(std::move(round));
  EXPECT_FALSE(made.namespaces.at("shop")->rows[1].row.tag_digest);
}

TEST(RowEngine, SeesATagMove) {
  row_engine engine(engine_options_of(), memory());
  auto round = small_cluster(0);
  round.answers = {answer("nginx:1.25", 'a'), answer("busybox", 'e'),
                   answer("ghcr.io/acme/api@" + digest_text('c'), 'c')};
  (void)engine.run(std::move(round));
  round = small_cluster(1);
  round.answers = {answer("nginx:1.25", 'b')};
  const auto made = engine.run(std::move(round));
  const auto& moves = made.namespaces.at("shop")->rows[1].row.moves;
  ASSERT_THAT(moves, SizeIs(1));
  EXPECT_EQ(moves[0].before, digest_text('a'));
  EXPECT_EQ(moves[0].after, digest_text('b'));
  EXPECT_EQ(moves[0].at, day(1));
}

TEST(RowEngine, GivesTheFileOfMovedTagsWhenItIsAskedFor) {
  auto options = engine_options_of();
  options.moves_cooldown = std::chrono::hours(72);
  row_engine engine(std::move(options), memory());
  auto round = small_cluster(0);
  round.answers = {answer("nginx:1.25", 'a')};
  EXPECT_FALSE(engine.run(std::move(round)).moves);
  round = small_cluster(1);
  round.answers = {answer("nginx:1.25", 'b')};
  round.wants_moves = true;
  auto made = engine.run(std::move(round));
  ASSERT_TRUE(made.moves);
  const auto* tag = made.moves->moves.find("docker.io/library/nginx:1.25");
  ASSERT_NE(tag, nullptr);
  EXPECT_EQ(tag->digest.to_string(), digest_text('b'));
  ASSERT_TRUE(tag->before);
  EXPECT_EQ(tag->before->digest.to_string(), digest_text('a'));
  // Also without anything to make rows of.
  engine_round none;
  none.now = day(2);
  none.wants_moves = true;
  made = engine.run(std::move(none));
  ASSERT_TRUE(made.moves);
  EXPECT_NE(made.moves->moves.find("docker.io/library/nginx:1.25"), nullptr);
}

TEST(RowEngine, JudgesMovesByWhatItSawBefore) {
  rules::rule stays;
  stays.name = "releases-stay";
  stays.demands.emplace_back().requirement = rules::requirement::unmoved;
  stays.demands.back().values = {"version-tags"};
  stays.action = rules::action::deny;
  const auto set = *rules::rule_set::make({stays});
  auto options = engine_options_of();
  options.checks = pipeline::checks_with(set);
  options.rules = set;
  const Stored stored;
  std::vector<std::string> found;
  {
    row_engine engine(options, stored.open());
    for (const char digest : {'a', 'b'}) {
      auto round = round_of("shop", digest - 'a', {deployment("shop", "web", "ghcr.io/acme/web:1.4.2")});
      round.answers = {answer("ghcr.io/acme/web:1.4.2", digest)};
      found = rules_of(engine.run(std::move(round)).namespaces.at("shop")->rows.at(0).row);
    }
  }
  // No Pod runs the digest before, so only the store knows of it.
  row_engine engine(options, stored.open());
  auto round = round_of("shop", 2, {deployment("shop", "web", "ghcr.io/acme/web:1.4.2")});
  round.answers = {answer("ghcr.io/acme/web:1.4.2", 'b')};
  const auto made = engine.run(std::move(round));
  const auto& findings = made.namespaces.at("shop")->rows.at(0).row.findings;
  EXPECT_TRUE(std::ranges::any_of(
      findings, [](const auto& one) { return one.rule == "releases-stay" && one.level == pipeline::severity::error; }));
}

TEST(RowEngine, EndsNoFindingOfRegistriesBeforeTheyAnswered) {
  const Stored stored;
  {
    row_engine before(engine_options_of(), stored.open());
    auto round = small_cluster(0);
    round.answers = {answer("nginx:1.25", 'a'),
                     answer("busybox", 'e'),
                     {*registry::reference::parse("ghcr.io/acme/api@" + digest_text('c')),
                      std::unexpected(error{error_code::not_found, "no such manifest", {}})}};
    (void)before.run(std::move(round));
  }
  row_engine after_restart(engine_options_of(), stored.open());
  const auto made = after_restart.run(small_cluster(1));
  EXPECT_THAT(rules_of(made.namespaces.at("shop")->rows[0].row), IsEmpty());
  EXPECT_THAT(stored.findings(false), Contains("shop gone"));
}

}  // namespace
}  // namespace pinhook::console
