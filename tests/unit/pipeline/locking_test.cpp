#include <pinhook/pipeline/locking.hpp>

#include "support/fake_digests.hpp"
#include "support/made_rules.hpp"

#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string a = digest_of_digit('a').to_string();
const std::string b = digest_of_digit('b').to_string();
const std::string nginx = "docker.io/library/nginx:1.25";
const std::string redis = "docker.io/library/redis:7";

input file(const std::string& path, const std::string& image) {
  return {path,
          files::image_file::read(
              "kind: Pod\napiVersion: v1\nspec: {containers: [{name: web, image: " + image.substr(0, image.find(" #")) +
                  "}]}" + (image.find(" #") == std::string::npos ? "" : image.substr(image.find(" #"))) + "\n",
              path, {}),
          true};
}

const std::string then = "2026-11-21T08:30:00Z";
const std::string now = "2026-11-29T12:00:00Z";
const cooldown no_wait{.now = *parse_timestamp(now)};

registry::reference ref(const std::string& text) { return *registry::reference::parse(text); }

resolve::image_lock lock_of(const std::vector<std::pair<std::string, char>>& rows) {
  resolve::image_lock out;
  for (const auto& [name, digit] : rows) out.put(ref(name), {digest_of_digit(digit), then});
  return out;
}

lock_plan plan(const std::vector<input>& inputs, const resolve::image_lock& existing = {}, bool updates = false) {
  return plan_lock({inputs}, existing, updates);
}

std::vector<std::string> missing(const lock_plan& p) {
  std::vector<std::string> out;
  for (const auto& one : p.missing) out.push_back(one.canonical());
  return out;
}

TEST(PlanLock, LooksUpUndecidedTags) {
  const auto p =
      plan({file("a", "nginx:1.25"), file("b", "redis:7"), file("c", "nginx:1.25")}, lock_of({{"redis:7", 'b'}}));
  EXPECT_THAT(missing(p), ElementsAre(nginx));
  EXPECT_EQ(p.places.at(nginx), "a:3:40: container web");
  ASSERT_NE(p.decided.find(redis), nullptr);
  EXPECT_EQ(p.decided.find(redis)->when, then);
}

TEST(PlanLock, AnUpdateLooksUpLockedTags) {
  EXPECT_THAT(missing(plan({file("b", "redis:7")}, lock_of({{"redis:7", 'b'}}), true)), ElementsAre(redis));
}

TEST(PlanLock, APinInAFileGoesBeforeTheLock) {
  const auto existing = lock_of({{"nginx:1.25", 'b'}, {"redis:7", 'b'}});
  for (const bool updates : {false, true}) {
    const auto p = plan({file("a", "nginx:1.25"), file("b", "nginx@" + a + " # nginx:1.25"), file("c", "redis:7@" + b)},
                        existing, updates);
    EXPECT_THAT(missing(p), IsEmpty());
    EXPECT_EQ(p.decided.find(nginx)->digest, digest_of_digit('a'));
    EXPECT_EQ(p.decided.find(nginx)->when, "");
    EXPECT_EQ(p.decided.find(redis)->when, then);
  }
}

// No file says which of two pins is newer: the lock decides, else the registry, else no entry is needed.
TEST(PlanLock, TwoPinsOfOneTagDecideNothing) {
  struct row {
    std::string_view name;
    bool is_held, updates, is_open;
    /// The digit of the entry; ' ': none.
    char decided;
    bool is_missing;
    std::string_view note;
  };
  const row rows[] = {
      {"pinned everywhere", false, false, false, ' ', false, "it gets no entry, since every file pins it"},
      {"pinned everywhere, updated", false, true, false, ' ', false, "it gets no entry"},
      {"used by tag, too", false, false, true, ' ', true, "the lock gets the digest that the registry gives"},
      {"locked", true, false, false, 'c', false, "its entry in the lock stays"},
      {"locked and used by tag", true, false, true, 'c', false, "its entry in the lock stays"},
      {"locked, updated", true, true, false, 'c', false, "its entry in the lock stays"},
      {"locked and used by tag, updated", true, true, true, ' ', true, "the registry gives"},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    std::vector<input> inputs{file("a", "nginx:1.25@" + a), file("b", "nginx:1.25@" + b), file("c", "nginx:1.25@" + b)};
    if (one.is_open) inputs.push_back(file("d", "nginx:1.25"));
    const auto p = plan(inputs, one.is_held ? lock_of({{"nginx:1.25", 'c'}}) : resolve::image_lock(), one.updates);
    const auto* decided = p.decided.find(nginx);
    EXPECT_EQ(decided == nullptr ? ' ' : decided->digest.to_string().back(), one.decided);
    EXPECT_EQ(missing(p), one.is_missing ? std::vector<std::string>{nginx} : std::vector<std::string>());
    ASSERT_EQ(p.conflicts.size(), 1U);
    EXPECT_THAT(p.conflicts[0], AllOf(HasSubstr(nginx + " is pinned to " + a + " in a:3:40"),
                                      HasSubstr(b + " in b:3:40"), HasSubstr(one.note)));
  }
}

TEST(PlanLock, HoldsImagesForWhichPinAddsEntries) {
  const std::vector<input> inputs{file("a", "nginx:1.25")};
  const auto p =
      plan_lock({inputs, {{ref("redis:7"), "base/b.yaml:3:4"}, {ref("nginx:1.25"), "base/c.yaml:1:1"}}}, {}, false);
  EXPECT_THAT(missing(p), ElementsAre(nginx, redis));
  EXPECT_EQ(p.places.at(redis), "base/b.yaml:3:4");
}

TEST(PlanLock, CountsPinsWithoutATag) {
  const auto p = plan({file("a", "nginx@" + a)});
  EXPECT_EQ(p.without_tag, 1U);
  EXPECT_THAT(missing(p), IsEmpty());
  EXPECT_THAT(p.decided.images(), IsEmpty());
}

TEST(Locked, HoldsExactlyTheImagesThatFilesUse) {
  const auto existing = lock_of({{"redis:7", 'b'}, {"alpine:3", 'b'}});
  const auto p = plan({file("a", "nginx:1.25"), file("b", "redis:7")}, existing);
  digest_map known;
  known.emplace(nginx, digest_of_digit('a'));
  const auto after = locked(p, known, existing, no_wait);
  EXPECT_EQ(after.images().size(), 2U);
  EXPECT_EQ(after.find(nginx)->when, now);
  EXPECT_EQ(after.find(redis)->when, then);
  EXPECT_EQ(lock_summary(existing, after), "locked 2 images: 1 new, 1 dropped");
  EXPECT_EQ(lock_summary(after, after), "locked 2 images, none changed");
}

TEST(Locked, KeepsTheTimeOfUnchangedDigests) {
  const auto existing = lock_of({{"redis:7", 'b'}, {"nginx:1.25", 'b'}});
  const auto p = plan({file("a", "nginx:1.25"), file("b", "redis:7")}, existing, true);
  digest_map known;
  known.emplace(nginx, digest_of_digit('a'));
  known.emplace(redis, digest_of_digit('b'));
  const auto after = locked(p, known, existing, no_wait);
  EXPECT_EQ(after.find(nginx)->when, now);
  EXPECT_EQ(after.find(redis)->when, then);
  EXPECT_EQ(lock_summary(existing, after), "locked 2 images: 1 changed");
}

// `pin --cooldown` remembers moves of pinned images in the lock; other runs of lock leave them.
TEST(PlanLock, APinInAFileKeepsWhatTheLockSaw) {
  resolve::image_lock existing;
  existing.put(ref("redis:7"), {digest_of_digit('b'), then, resolve::seen_digest{digest_of_digit('c'), then}});
  const auto p = plan({file("c", "redis:7@" + b)}, existing, true);
  EXPECT_THAT(missing(p), IsEmpty());
  EXPECT_EQ(p.decided, existing);
  EXPECT_FALSE(plan({file("c", "redis:7@" + a)}, existing, true).decided.find(redis)->seen);
}

TEST(PlanLock, NeverIsNotInTheLock) {
  const slot_rules orders{.set = pinhook::testing::made_rules({pinhook::testing::never_rule("left", {"**/redis"})})};
  const std::vector<input> inputs{file("a", "nginx:1.25"), file("b", "redis:7"), file("c", "redis:8@" + a),
                                  file("d", "redis:8@" + b)};
  const auto p = plan_lock({inputs, {}, orders}, lock_of({{"redis:7", 'b'}}), false);
  EXPECT_THAT(missing(p), ElementsAre(nginx));
  EXPECT_TRUE(p.decided.images().empty());
  EXPECT_EQ(p.left_by_rule, (std::map<std::string, std::size_t>{{"left", 3}}));
}

// An image that comes out of a kustomization under another name is looked up under that name, too.
TEST(PlanLock, HoldsTheNamesThatKustomizationsMake) {
  const std::vector<input> inputs{file("a", "nginx:1.25"), file("b", "redis:7@" + b + " # redis:7")};
  lock_uses uses{inputs};
  uses.renamed.resize(2);
  uses.renamed[0].emplace(0, renamed_image{ref("m.example/nginx:1.25"), "m.example/nginx:1.25", "over/k.yaml"});
  uses.renamed[1].emplace(0, renamed_image{ref("m.example/redis:7"), "m.example/redis:7", "over/k.yaml"});
  const auto p = plan_lock(uses, {}, false);
  EXPECT_THAT(missing(p), ElementsAre(nginx, "m.example/nginx:1.25"));
  EXPECT_EQ(p.places.at("m.example/nginx:1.25"), "a:3:40: container web, which over/k.yaml renames");
  // A pin comes out as it is written.
  const auto* held = p.decided.find("m.example/redis:7");
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->digest.to_string(), b);
}

}  // namespace
}  // namespace pinhook::pipeline
