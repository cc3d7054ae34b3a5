#include <pinhook/console/row_engine.hpp>

#include "shown_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace testing;
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
  EXPECT_THAT(*later.past, SizeIs(3));
}

TEST(RowEngine, EndsOnlyWhatIsOfTheNamespacesOfARound) {
  row_engine engine(engine_options_of(false), memory());
  (void)engine.run(small_cluster(0));
  engine_round one;
  one.now = day(1);
  one.namespaces.push_back(content("lab", "", {deployment("lab", "try", "busybox@" + digest_text('d'))}, {}));
  const auto made = engine.run(std::move(one));
  EXPECT_THAT(made.namespaces, SizeIs(1));
  std::vector<std::string> ended;
  for (const auto& past : *made.past)
    if (past.resolved) ended.push_back(past.use.ns + " " + past.times.kind);
  EXPECT_THAT(ended, ElementsAre("lab no-tag"));
  EXPECT_THAT(made.namespaces.at("lab")->rows.at(0).row.resolved, SizeIs(1));
}

TEST(RowEngine, EndsTheFindingsOfANamespaceThatIsGone) {
  row_engine engine(engine_options_of(false), memory());
  (void)engine.run(small_cluster(0));
  engine_round gone;
  gone.now = day(1);
  gone.namespaces.emplace_back().name = "lab";
  const auto made = engine.run(std::move(gone));
  EXPECT_EQ(made.namespaces.at("lab"), nullptr);
  EXPECT_TRUE(std::ranges::any_of(*made.past, [](const auto& one) { return one.use.ns == "lab" && one.resolved; }));
}

TEST(RowEngine, EndsNothingWhenListsAreMissing) {
  row_engine engine(engine_options_of(false), memory());
  (void)engine.run(small_cluster(0));
  engine_round partial;
  partial.now = day(1);
  partial.is_whole = false;
  partial.namespaces.push_back(content("lab", "", {}, {}));
  const auto made = engine.run(std::move(partial));
  EXPECT_TRUE(std::ranges::none_of(*made.past, [](const auto& one) { return one.resolved.has_value(); }));
}

TEST(RowEngine, EndsNothingOfOthersInASharedHistoryWithASelector) {
  for (const bool is_shared : {false, true}) {
    auto options = engine_options_of(false);
    options.selector = *fleet::label_selector::parse("!canary");
    options.shares_history = is_shared;
    row_engine engine(std::move(options), memory());
    (void)engine.run(small_cluster(0));
    engine_round gone;
    gone.now = day(1);
    gone.namespaces.emplace_back().name = "lab";
    const auto made = engine.run(std::move(gone));
    EXPECT_EQ(std::ranges::any_of(*made.past, [](const auto& one) { return one.resolved.has_value(); }), !is_shared);
  }
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
  round.dropped = {"docker.io/library/nginx:1.25"};
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

TEST(RowEngine, EndsNoFindingOfRegistriesBeforeTheyAnswered) {
  auto path = ::testing::TempDir() + "console-history.db";
  std::filesystem::remove(path);
  const auto open = [&] { return std::move(*store::history::open(path, {})); };
  {
    row_engine before(engine_options_of(), open());
    auto round = small_cluster(0);
    round.answers = {answer("nginx:1.25", 'a'),
                     answer("busybox", 'e'),
                     {*registry::reference::parse("ghcr.io/acme/api@" + digest_text('c')),
                      std::unexpected(error{error_code::not_found, "no such manifest", {}})}};
    (void)before.run(std::move(round));
  }
  row_engine after_restart(engine_options_of(), open());
  const auto made = after_restart.run(small_cluster(1));
  EXPECT_THAT(rules_of(made.namespaces.at("shop")->rows[0].row), IsEmpty());
  EXPECT_TRUE(
      std::ranges::any_of(*made.past, [](const auto& one) { return one.times.kind == "gone" && !one.resolved; }));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace pinhook::console
