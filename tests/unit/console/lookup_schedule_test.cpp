#include <pinhook/console/lookup_schedule.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::console {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

registry::reference ref(const std::string& text) { return *registry::reference::parse(text); }

struct LookupSchedule : ::testing::Test {
  double chance = 0.5;
  lookup_schedule schedule{{.interval = 1h, .first_retry = 1min}, [this] { return chance; }};
  steady_time now{};

  std::vector<std::string> due(std::size_t most = 100, lookup_lane lane = lookup_lane::all) {
    std::vector<std::string> out;
    for (const auto& one : schedule.due(now, most, lane)) out.push_back(one.written());
    return out;
  }
  std::vector<std::string> due_of(lookup_lane lane, std::size_t most = 100) { return due(most, lane); }
  void fail(const std::string& one) { (void)schedule.done(ref(one), std::nullopt, now, false); }
};

TEST_F(LookupSchedule, AsksNewOnesAtOnceAndEachOnce) {
  schedule.use("shop", {ref("a:1"), ref("b:1")}, now);
  schedule.use("lab", {ref("a:1")}, now);
  EXPECT_EQ(schedule.unasked(), 2U);
  EXPECT_THAT(due(), ElementsAre("a:1", "b:1"));
  EXPECT_THAT(due(), IsEmpty()) << "they are asked for now";
  EXPECT_THAT(schedule.done(ref("a:1"), "x", now), ElementsAre("lab", "shop"));
  EXPECT_EQ(schedule.unasked(), 1U);
  now += 1h - 1s;
  EXPECT_THAT(due(), IsEmpty());
  now += 1s;
  EXPECT_THAT(due(), ElementsAre("a:1"));
}

TEST_F(LookupSchedule, TellsNamespacesWhatIsNews) {
  schedule.use("shop", {ref("a:1")}, now);
  const auto told = [&](const std::optional<std::string>& answer) {
    now += 3h;
    EXPECT_THAT(due(), SizeIs(1));
    return !schedule.done(ref("a:1"), answer, now).empty();
  };
  EXPECT_TRUE(told(std::nullopt)) << "that it cannot be asked";
  EXPECT_FALSE(told(std::nullopt));
  EXPECT_TRUE(told("sha256:a"));
  EXPECT_FALSE(told("sha256:a"));
  EXPECT_FALSE(told(std::nullopt)) << "what was known stays";
  EXPECT_FALSE(told("sha256:a"));
  EXPECT_TRUE(told("sha256:b"));
  EXPECT_TRUE(told("not found"));
}

TEST_F(LookupSchedule, SpreadsThemByChance) {
  schedule.use("shop", {ref("a:1"), ref("b:1")}, now);
  ASSERT_THAT(due(), SizeIs(2));
  chance = 0.0;
  (void)schedule.done(ref("a:1"), "x", now);
  chance = 1.0;
  (void)schedule.done(ref("b:1"), "x", now);
  now += 45min;
  EXPECT_THAT(due(), ElementsAre("a:1"));
  now += 29min;
  EXPECT_THAT(due(), IsEmpty());
  now += 1min;
  EXPECT_THAT(due(), ElementsAre("b:1"));
}

TEST_F(LookupSchedule, KeepsThePace) {
  schedule.use("shop", {ref("a:1"), ref("b:1"), ref("c:1")}, now);
  EXPECT_THAT(due(2), SizeIs(2));
  EXPECT_THAT(due(2), SizeIs(1));
}

TEST_F(LookupSchedule, WaitsLongerAfterEachFailure) {
  schedule.use("shop", {ref("a:1")}, now);
  for (const auto wait : {60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s}) {
    ASSERT_THAT(due(), SizeIs(1));
    (void)schedule.done(ref("a:1"), std::nullopt, now);
    EXPECT_EQ(schedule.failed(), 1U);
    now += wait - 1s;
    EXPECT_THAT(due(), IsEmpty()) << wait.count();
    now += 1s;
  }
  ASSERT_THAT(due(), SizeIs(1));
  (void)schedule.done(ref("a:1"), "x", now);
  EXPECT_EQ(schedule.failed(), 0U);
}

TEST_F(LookupSchedule, AsksRegistriesThatDoNotAnswerApart) {
  schedule.use("shop", {ref("a.example/x:1"), ref("a.example/x:2"), ref("b.example/x:1"), ref("b.example/x:2")}, now);
  EXPECT_THAT(due_of(lookup_lane::answering), IsEmpty()) << "none has answered yet";
  EXPECT_THAT(due_of(lookup_lane::others), ElementsAre("a.example/x:1", "b.example/x:1")) << "one of each registry";
  (void)schedule.done(ref("a.example/x:1"), std::nullopt, now);  // a refusal is an answer
  fail("b.example/x:1");
  EXPECT_THAT(due_of(lookup_lane::answering), ElementsAre("a.example/x:2"));
  EXPECT_THAT(due_of(lookup_lane::others), ElementsAre("b.example/x:2"));
  // A reference that hangs is asked for apart; its registry, when several do.
  fail("a.example/x:2");
  now += 1min;
  EXPECT_THAT(due_of(lookup_lane::answering), ElementsAre("a.example/x:1"));
  EXPECT_THAT(due_of(lookup_lane::others), ElementsAre("a.example/x:2", "b.example/x:1"));
  fail("a.example/x:1");
  fail("a.example/x:2");
  now += 1h;
  EXPECT_THAT(due_of(lookup_lane::answering), IsEmpty());
  EXPECT_THAT(due_of(lookup_lane::others, 1), ElementsAre("a.example/x:1"));
  (void)schedule.done(ref("a.example/x:1"), "x", now);
  schedule.use("lab", {ref("a.example/x:3")}, now);
  EXPECT_THAT(due_of(lookup_lane::answering), ElementsAre("a.example/x:3")) << "it answers again";
  // Nobody uses it, so nothing is known of it.
  schedule.use("lab", {}, now);
  schedule.use("shop", {}, now);
  schedule.use("lab", {ref("a.example/x:3")}, now);
  EXPECT_THAT(due_of(lookup_lane::answering), IsEmpty());
}

TEST_F(LookupSchedule, NamespacesTakeTurnsWithWhatDoesNotAnswer) {
  std::vector<registry::reference> many;
  for (int i = 10; i < 30; ++i) many.push_back(*registry::reference::parse("h" + std::to_string(i) + ".example/x:1"));
  schedule.use("flood", many, now);
  now += 1s;
  schedule.use("lab", {ref("lab.example/x:1"), ref("lab.example/y:1")}, now);
  schedule.use("shop", {ref("shop.example/x:1")}, now);
  EXPECT_THAT(due_of(lookup_lane::others, 4),
              ElementsAre("h10.example/x:1", "lab.example/x:1", "shop.example/x:1", "h11.example/x:1"));
  EXPECT_THAT(due_of(lookup_lane::others, 2), ElementsAre("lab.example/y:1", "h12.example/x:1"));
}

TEST_F(LookupSchedule, ForgetsWhatNobodyUses) {
  schedule.use("shop", {ref("a:1"), ref("b:1")}, now);
  schedule.use("lab", {ref("a:1")}, now);
  schedule.use("shop", {}, now);
  EXPECT_THAT(schedule.take_dropped(), ElementsAre(ref("b:1")));
  EXPECT_THAT(schedule.take_dropped(), IsEmpty());
  EXPECT_EQ(schedule.size(), 1U);
  schedule.use("lab", {}, now);
  EXPECT_EQ(schedule.size(), 0U);
  EXPECT_THAT(schedule.done(ref("a:1"), "x", now), IsEmpty()) << "an answer that came too late";
}

}  // namespace
}  // namespace pinhook::console
