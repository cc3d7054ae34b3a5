// Generated files, pinned and unpinned: the same properties as the corpus, for combinations of styles.
#include "support/pin_trial.hpp"
#include "support/yaml_maker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace pinhook::testing {
namespace {

// PINHOOK_SEEDS=<first>:<count> takes others.
struct seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 1'000;
};

seeds chosen_seeds() {
  seeds out;
  if (const char* text = std::getenv("PINHOOK_SEEDS"); text != nullptr) {
    char* end = nullptr;
    out.first = std::strtoull(text, &end, 10);
    if (*end == ':') out.count = std::strtoull(end + 1, nullptr, 10);
  }
  return out;
}

void expect_holds(std::uint64_t seed, pin::pin_format format) {
  const auto file = make_yaml(seed);
  const auto t = try_pin(file.text, file.path, format);
  ASSERT_EQ(t.refusal, "") << "seed " << seed << "\n" << file.text;
  ASSERT_EQ(t.problem, "") << "seed " << seed << "\n" << file.text << "\n=====\n" << t.pinned;
  ASSERT_EQ(t.before.size(), file.images) << "seed " << seed << "\n" << file.text;
  ASSERT_EQ(t.lost, 0U) << "seed " << seed << "\n" << file.text << "\n=====\n" << t.pinned;
  if (!file.has_respelled && t.tagged == 0) {
    ASSERT_EQ(t.unpinned, file.text) << "seed " << seed << "\n=====\n" << t.pinned;
  }
  // Whatever it reads as: not a line end was changed.
  ASSERT_EQ(t.pinned.starts_with("\xef\xbb\xbf"), file.text.starts_with("\xef\xbb\xbf")) << "seed " << seed;
  ASSERT_EQ(std::ranges::count(t.pinned, '\r') == std::ranges::count(t.pinned, '\n'),
            std::ranges::count(file.text, '\r') == std::ranges::count(file.text, '\n'))
      << "seed " << seed;
}

TEST(MadeFiles, PinsByDigestComeBack) {
  const auto [first, count] = chosen_seeds();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    expect_holds(seed, pin::pin_format::digest);
    if (HasFatalFailure()) return;
  }
}

TEST(MadeFiles, PinsByTagAndDigestComeBack) {
  const auto [first, count] = chosen_seeds();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    expect_holds(seed, pin::pin_format::tag_and_digest);
    if (HasFatalFailure()) return;
  }
}

// Aliases of an image that is written otherwise become text, so not every byte comes back.
TEST(MadeFiles, PinsOfBothFormsInOneFileAreReadAsWritten) {
  const auto [first, count] = chosen_seeds();
  std::size_t comes_back = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto file = make_yaml(seed);
    const auto t = try_pin(file.text, file.path, pin::pin_format::digest, {}, true);
    ASSERT_EQ(t.problem, "") << "seed " << seed << "\n" << file.text << "\n=====\n" << t.pinned;
    ASSERT_EQ(t.lost, 0U) << "seed " << seed << "\n" << file.text << "\n=====\n" << t.pinned;
    comes_back += t.comes_back.value_or(false) ? 1U : 0U;
  }
  EXPECT_GT(comes_back, count / 4);
}

TEST(MadeFiles, AreTheSameForTheSameSeed) {
  EXPECT_EQ(make_yaml(7).text, make_yaml(7).text);
  EXPECT_NE(make_yaml(7).text, make_yaml(8).text);
}

}  // namespace
}  // namespace pinhook::testing
