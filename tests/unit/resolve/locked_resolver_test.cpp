#include <pinhook/resolve/locked_resolver.hpp>

#include "support/fake_resolver.hpp"
#include "support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::resolve {
namespace {

using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

registry::reference ref_of(std::string_view text) { return registry::reference::parse(text).value(); }

std::shared_ptr<const image_lock> lock_of(const std::vector<std::pair<std::string, char>>& images) {
  auto out = std::make_shared<image_lock>();
  for (const auto& [name, digit] : images) out->put(ref_of(name), {digest_of_digit(digit), {}});
  return out;
}

struct LockedResolver : ::testing::Test {
  std::shared_ptr<testing::fake_resolver> behind = std::make_shared<testing::fake_resolver>();

  static std::vector<result<answer>> ask(locked_resolver& of, const std::vector<std::string>& names,
                                         freshness want = freshness::cached) {
    std::vector<query> queries;
    for (const auto& name : names) queries.push_back({ref_of(name), nullptr, want});
    return testing::run(of.resolve(std::move(queries), deadline::never()));
  }
};

TEST_F(LockedResolver, KeepsNothingBesideWhatTheLockHolds) {
  locked_resolver tags(behind, false);
  tags.use(lock_of({{"nginx:1.25", '1'}}));
  for (const auto* name : {"nginx:1.25", "redis:7"}) tags.keep({ref_of(name), nullptr}, digest_of_digit('1'), {});
  EXPECT_THAT(behind->kept(), ElementsAre("docker.io/library/redis:7"));
}

TEST_F(LockedResolver, AnswersWhatTheLockHoldsAndAsksForTheRest) {
  behind->holds("ghcr.io/acme/api:v2", digest_of_digit('2'));
  behind->fails("docker.io/library/gone:1", {error_code::denied, "no", {}});
  locked_resolver tags(behind, false);
  tags.use(lock_of({{"nginx:1.25", '1'}, {"redis:7", '7'}}));
  const auto got =
      ask(tags, {"nginx:1.25", "ghcr.io/acme/api:v2", "docker.io/library/redis:7", "gone:1", "docker.io/nginx:1.25"});
  ASSERT_EQ(got.size(), 5U);
  EXPECT_EQ(got[0].value().digest, digest_of_digit('1'));
  EXPECT_EQ(got[0].value().from, origin::lock);
  EXPECT_EQ(got[1].value().digest, digest_of_digit('2'));
  EXPECT_EQ(got[1].value().from, origin::registry);
  EXPECT_EQ(got[2].value().digest, digest_of_digit('7'));
  EXPECT_EQ(got[3].error().code, error_code::denied);
  EXPECT_EQ(got[4].value().digest, digest_of_digit('1'));
  EXPECT_THAT(behind->asked(), ElementsAre("ghcr.io/acme/api:v2", "docker.io/library/gone:1"));
  EXPECT_EQ(to_string(origin::lock), "lock");
}

TEST_F(LockedResolver, AsksNobodyWhenTheLockHoldsAll) {
  locked_resolver tags(behind, false);
  tags.use(lock_of({{"nginx:1.25", '1'}}));
  EXPECT_TRUE(ask(tags, {"nginx:1.25", "nginx:1.25"}).at(1));
  EXPECT_TRUE(ask(tags, {}).empty());
  EXPECT_THAT(behind->queries(), IsEmpty());
}

TEST_F(LockedResolver, TheLockWinsOverRefresh) {
  locked_resolver tags(behind, false);
  tags.use(lock_of({{"nginx:1.25", '1'}}));
  EXPECT_EQ(ask(tags, {"nginx:1.25"}, freshness::refreshed).at(0).value().digest, digest_of_digit('1'));
  EXPECT_THAT(behind->queries(), IsEmpty());
}

TEST_F(LockedResolver, PassesOnHowItWasAsked) {
  behind->holds("docker.io/library/redis:7", digest_of_digit('7'));
  locked_resolver tags(behind, false);
  tags.use(lock_of({{"nginx:1.25", '1'}}));
  EXPECT_TRUE(ask(tags, {"nginx:1.25", "redis:7"}, freshness::refreshed).at(1));
  ASSERT_EQ(behind->queries().size(), 1U);
  EXPECT_EQ(behind->queries().at(0).want, freshness::refreshed);
}

TEST_F(LockedResolver, WhatMustBeLockedIsNeverAskedFor) {
  behind->holds("docker.io/library/redis:7", digest_of_digit('7'));
  locked_resolver tags(behind, true);
  tags.use(lock_of({{"nginx:1.25", '1'}}));
  const auto got = ask(tags, {"nginx:1.25", "redis:7"});
  EXPECT_TRUE(got.at(0));
  EXPECT_EQ(got.at(1).error().code, error_code::not_found);
  EXPECT_EQ(got.at(1).error().message, "docker.io/library/redis:7 is not in the lock file");
  EXPECT_EQ(got.at(1).error().mended_by, remedy::lock_file);
  EXPECT_THAT(behind->queries(), IsEmpty());
}

TEST_F(LockedResolver, LocksNothingBeforeItIsGivenALock) {
  behind->holds("docker.io/library/redis:7", digest_of_digit('7'));
  locked_resolver open(behind, false);
  EXPECT_EQ(ask(open, {"redis:7"}).at(0).value().from, origin::registry);
  locked_resolver strict(behind, true);
  EXPECT_EQ(ask(strict, {"redis:7"}).at(0).error().code, error_code::not_found);
}

TEST_F(LockedResolver, KnowsWhatTheLockHoldsElseWhatStandsBehind) {
  behind->knows("docker.io/library/nginx:1.25", digest_of_digit('2'));
  behind->knows("docker.io/library/redis:7", digest_of_digit('7'));
  locked_resolver tags(behind, true);
  EXPECT_EQ(tags.known({ref_of("nginx:1.25"), nullptr, freshness::cached}), digest_of_digit('2'));
  tags.use(lock_of({{"nginx:1.25", '1'}}));
  EXPECT_EQ(tags.known({ref_of("nginx:1.25"), nullptr, freshness::cached}), digest_of_digit('1'));
  EXPECT_EQ(tags.known({ref_of("redis:7"), nullptr, freshness::cached}), digest_of_digit('7'));
  EXPECT_EQ(tags.known({ref_of("none:7"), nullptr, freshness::cached}), std::nullopt);
  EXPECT_TRUE(tags.is_held({ref_of("nginx:1.25"), nullptr, freshness::refreshed})) << "the lock wins over a refresh";
  EXPECT_TRUE(tags.is_held({ref_of("none:7"), nullptr, freshness::cached})) << "the lock alone answers";
  locked_resolver open(behind, false);
  EXPECT_TRUE(open.is_held({ref_of("redis:7"), nullptr, freshness::cached}));
  EXPECT_FALSE(open.is_held({ref_of("redis:7"), nullptr, freshness::refreshed}));
  EXPECT_FALSE(open.is_held({ref_of("none:7"), nullptr, freshness::cached}));
}

// A request sees one lock for all its images, even when others are put in place meanwhile.
TEST_F(LockedResolver, IsReplacedUnderTheHandsOfThreads) {
  locked_resolver tags(behind, true);
  const auto one = lock_of({{"a:1", '1'}, {"b:1", '1'}});
  const auto two = lock_of({{"a:1", '2'}, {"b:1", '2'}});
  tags.use(one);
  std::atomic<bool> is_over{false};
  std::atomic<int> mixed{0}, answered{0};
  std::vector<std::thread> asking;
  for (int t = 0; t < 4; ++t)
    asking.emplace_back([&] {
      while (!is_over) {
        const auto got = ask(tags, {"a:1", "b:1"});
        if (got.at(0).value().digest != got.at(1).value().digest) ++mixed;
        if (!tags.known({ref_of("a:1"), nullptr, freshness::cached})) ++mixed;
        ++answered;
      }
    });
  for (int i = 0; i < 2000 || answered < 100; ++i) tags.use(i % 2 == 0 ? two : one);
  is_over = true;
  for (auto& t : asking) t.join();
  EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace pinhook::resolve
