#include <pinhook/proofs/verdict_cache.hpp>

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinhook::proofs {
namespace {

using namespace std::chrono_literals;

const rules::proof good{.is_given = true, .seen = 1};
const rules::proof bad{false, 1, {"it was not made by the key"}};

TEST(VerdictCache, HoldsGoodAnswersLongAndOthersShortly) {
  testing::fake_clock time;
  verdict_cache held({.capacity = 10, .accepted_for = 24h, .refused_for = 1min});
  held.store("good", good, time.now(), time.wall());
  held.store("bad", bad, time.now(), time.wall());
  EXPECT_EQ(held.find("good", time.now()), good);
  EXPECT_EQ(held.find("bad", time.now()), bad);
  EXPECT_EQ(held.find("other", time.now()), std::nullopt);
  time.advance(1min);
  EXPECT_EQ(held.find("bad", time.now()), std::nullopt);
  EXPECT_EQ(held.find("good", time.now()), good);
  time.advance(24h);
  EXPECT_EQ(held.find("good", time.now()), std::nullopt);
  EXPECT_EQ(held.size(), 0U) << "what has ended takes no room";
}

TEST(VerdictCache, AnAcceptanceEndsWithWhatItRestsOn) {
  testing::fake_clock time;
  verdict_cache held({.accepted_for = 24h, .refused_for = 1min});
  const auto ending = [&](std::chrono::nanoseconds in) {
    rules::proof out = good;
    out.good_until = time.wall() + std::chrono::duration_cast<wall_time::duration>(in);
    return out;
  };
  held.store("soon", ending(1h), time.now(), time.wall());
  held.store("later", ending(240h), time.now(), time.wall());
  held.store("ended", ending(-1h), time.now(), time.wall());
  EXPECT_FALSE(held.find("ended", time.now()));
  time.advance(1h - 1ns);
  EXPECT_TRUE(held.find("soon", time.now()));
  time.advance(1ns);
  EXPECT_FALSE(held.find("soon", time.now()));
  EXPECT_TRUE(held.find("later", time.now()));
  time.advance(23h);
  EXPECT_FALSE(held.find("later", time.now())) << "and no later than any other";
}

TEST(VerdictCache, ANewerAnswerReplacesTheOlder) {
  testing::fake_clock time;
  verdict_cache held;
  held.store("image", bad, time.now(), time.wall());
  held.store("image", good, time.now(), time.wall());
  EXPECT_EQ(held.find("image", time.now()), good);
  held.store("image", bad, time.now(), time.wall());
  EXPECT_EQ(held.find("image", time.now()), bad);
  EXPECT_EQ(held.size(), 1U);
}

TEST(VerdictCache, ForgetsWhatWasUsedLongestAgo) {
  testing::fake_clock time;
  verdict_cache held({.capacity = 2});
  held.store("a", good, time.now(), time.wall());
  held.store("b", good, time.now(), time.wall());
  EXPECT_TRUE(held.find("a", time.now()));
  held.store("c", good, time.now(), time.wall());
  EXPECT_TRUE(held.find("a", time.now()));
  EXPECT_FALSE(held.find("b", time.now()));
  EXPECT_TRUE(held.find("c", time.now()));
}

// Anyone who may create Pods can name images without signatures.
TEST(VerdictCache, AFloodOfRefusedImagesTakesNoPlaceOfGoodOnes) {
  testing::fake_clock time;
  verdict_cache held({.capacity = 2});
  held.store("a", good, time.now(), time.wall());
  for (int i = 0; i < 100; ++i) held.store("flood " + std::to_string(i), bad, time.now(), time.wall());
  EXPECT_TRUE(held.find("a", time.now()));
  EXPECT_EQ(held.size(), 3U);
}

TEST(VerdictCache, HoldsNothingForNoTime) {
  testing::fake_clock time;
  verdict_cache held({.accepted_for = 0s, .refused_for = 0s});
  held.store("a", good, time.now(), time.wall());
  held.store("b", bad, time.now(), time.wall());
  EXPECT_EQ(held.size(), 0U);
}

}  // namespace
}  // namespace pinhook::proofs
