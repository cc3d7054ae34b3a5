#include <pinhook/pipeline/lock_run.hpp>

#include "unit/pipeline/run_fixture.hpp"

#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::fake_digests;
using pinhook::testing::shown;
using pinhook::testing::shown_outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LockRun : public FilesRun {
 protected:
  LockRun() {
    options.path = "images.lock";
    options.wait.now = *parse_timestamp("2026-11-21T08:30:00Z");
  }

  shown_outcome run() {
    lock_run r(options, inputs, places);
    return shown(r.finish(digests.answers(r.wanted())));
  }

  lock_run_options options;
};

TEST_F(LockRun, WritesTheLockOfAllImages) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  ASSERT_EQ(done.writes.size(), 1U);
  EXPECT_EQ(done.writes[0].path, "images.lock");
  const auto lock = files::read_lock(done.writes[0].text);
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->images.images().size(), 2U);
  EXPECT_EQ(done.out, "");
  EXPECT_THAT(done.messages, HasSubstr("locked 2 images"));
  EXPECT_EQ(done.errors, "");
}

TEST_F(LockRun, AsksOnlyForImagesThatAreNotLocked) {
  add("a.yaml", pod("nginx:1.25"));
  options.existing = run().writes.at(0).text;
  EXPECT_THAT(run().writes, IsEmpty()) << "a lock that stays the same is not written";
  EXPECT_EQ(digests.calls(), 1U);
  add("b.yaml", pod("redis:7"));
  EXPECT_EQ(run().writes.size(), 1U);
  EXPECT_THAT(digests.asked(), ElementsAre("docker.io/library/nginx:1.25", "docker.io/library/redis:7"));
  options.updates = true;
  EXPECT_EQ(lock_run(options, inputs, places).wanted().size(), 2U);
}

// A folder without images, and one of many folders, leave the rest of the lock as it is.
TEST_F(LockRun, DropsImagesOnlyWhenItPrunes) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  options.existing = run().writes.at(0).text;
  inputs.clear();
  auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_EQ(done.messages,
            "no image to lock was found\n"
            "locked 2 images, none changed; 2 of them are not in these files and stay (--prune drops them)\n");
  add("a.yaml", pod("nginx:1.25"));
  done = run();
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_EQ(done.messages,
            "locked 2 images, none changed; 1 of them is not in these files and stays (--prune drops it)\n");
  options.prunes = true;
  done = run();
  EXPECT_EQ(done.messages, "locked 1 image: 1 dropped\n");
  ASSERT_EQ(done.writes.size(), 1U);
  EXPECT_EQ(files::read_lock(done.writes[0].text)->images.images().size(), 1U);
  inputs.clear();
  done = run();
  EXPECT_EQ(done.messages, "no image to lock was found\nlocked 0 images: 2 dropped\n");
}

TEST_F(LockRun, PrintsTheLockForADash) {
  options.path = "-";
  add("a.yaml", pod("nginx:1.25"));
  const auto done = run();
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_TRUE(files::read_lock(done.out));
}

TEST_F(LockRun, WritesTheFormatThatIsChosenElseThatOfTheLock) {
  add("a.yaml", pod("nginx:1.25"));
  options.format = files::lock_format::kbld;
  options.existing = run().writes.at(0).text;
  EXPECT_EQ(files::read_lock(*options.existing)->format, files::lock_format::kbld);
  options.format.reset();
  add("b.yaml", pod("redis:7"));
  EXPECT_EQ(files::read_lock(run().writes.at(0).text)->format, files::lock_format::kbld);
}

// One row for each fault: nothing is written, and nothing is looked up when the inputs are invalid.
TEST_F(LockRun, AnyFaultLeavesTheLockAsItIs) {
  struct row {
    std::string_view name;
    std::string existing, second;
    run_status status;
    std::string_view message;
    std::size_t calls;
  };
  const row rows[] = {
      {"broken lock", "kind: [", pod("redis:7"), run_status::invalid, "images.lock: ", 0},
      {"broken file", "", "kind: [", run_status::invalid, "nothing is written: 1 file invalid", 0},
      {"unknown tag", "", pod("redis:9"), run_status::unresolved, "nothing is written: 1 image not resolved", 1},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    inputs.clear();
    digests = fake_digests();
    digests.holds("docker.io/library/nginx:1.25", digest_of_digit('a'));
    options.existing = one.existing.empty() ? std::nullopt : std::optional(one.existing);
    add("a.yaml", pod("nginx:1.25"));
    add("b.yaml", one.second);
    const auto done = run();
    EXPECT_EQ(done.status, one.status);
    EXPECT_THAT(done.writes, IsEmpty());
    EXPECT_EQ(done.out, "");
    EXPECT_THAT(done.errors, HasSubstr(one.message));
    EXPECT_EQ(digests.calls(), one.calls);
  }
}

TEST_F(LockRun, AMovedTagKeepsItsDigestUntilItsCooldownIsOver) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  options.existing = run().writes.at(0).text;
  options.updates = true;
  options.wait.length = std::chrono::hours(72);
  options.wait.now += std::chrono::hours(1);
  digests.holds("docker.io/library/nginx:1.25", digest_of_digit('c'));
  auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.errors, "");
  EXPECT_EQ(done.messages, "docker.io/library/nginx:1.25 moved to " + digest_of_digit('c').to_string() +
                               ", seen since 2026-11-21T09:30:00Z; " + a +
                               " stays until 2026-11-24T09:30:00Z (--cooldown 72h)\n"
                               "locked 2 images, none changed\n");
  ASSERT_EQ(done.writes.size(), 1U) << "the first sight is written down";
  options.existing = done.writes[0].text;
  EXPECT_EQ(files::read_lock(*options.existing)->images.find("docker.io/library/nginx:1.25")->digest,
            digest_of_digit('a'));

  options.wait.now += std::chrono::hours(72) - std::chrono::seconds(1);
  EXPECT_THAT(run().writes, IsEmpty()) << "a second run changes nothing";
  options.wait.now += std::chrono::seconds(1);
  done = run();
  EXPECT_EQ(done.messages, "locked 2 images: 1 changed\n");
  const auto after = files::read_lock(done.writes.at(0).text)->images;
  EXPECT_EQ(*after.find("docker.io/library/nginx:1.25"),
            (resolve::locked_image{digest_of_digit('c'), "2026-11-24T09:30:00Z"}));
}

// One row for each fault: what succeeded is written, and the status stays.
TEST_F(LockRun, KeepsGoing) {
  struct row {
    std::string_view name;
    std::string first, second;
    run_status status;
    std::string_view messages;
    std::vector<std::string> locked;
  };
  const row rows[] = {
      {"broken file",
       pod("nginx:1.25"),
       "kind: [",
       run_status::invalid,
       "b.yaml: line 2, column 1: flow sequence without a closing bracket",
       {"docker.io/library/nginx:1.25"}},
      {"unknown tag",
       pod("nginx:1.25"),
       pod("redis:9"),
       run_status::unresolved,
       "locked 1 image: 1 new; 1 not resolved\n",
       {"docker.io/library/nginx:1.25"}},
      {"both",
       "kind: [",
       pod("redis:9") + "---\n" + pod("redis:7"),
       run_status::invalid,
       "locked 1 image: 1 new; 1 not resolved; 1 file invalid\n",
       {"docker.io/library/redis:7"}},
      {"nothing succeeds",
       "kind: [",
       pod("redis:9"),
       run_status::invalid,
       "locked 0 images, none changed; 1 not resolved; 1 file invalid\n",
       {}},
  };
  options.keeps_going = true;
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    inputs.clear();
    add("a.yaml", one.first);
    add("b.yaml", one.second);
    const auto done = run();
    EXPECT_EQ(done.status, one.status);
    EXPECT_THAT(done.messages, HasSubstr(one.messages));
    EXPECT_THAT(done.messages, ::testing::Not(HasSubstr("no image to lock"))) << "images were found";
    EXPECT_EQ(done.writes.size(), one.locked.empty() ? 0U : 1U);
    if (done.writes.empty()) continue;
    const auto lock = files::read_lock(done.writes[0].text);
    ASSERT_TRUE(lock);
    std::vector<std::string> names;
    for (const auto& [name, image] : lock->images.images()) names.push_back(name);
    EXPECT_EQ(names, one.locked);
  }
}

TEST_F(LockRun, DropsNothingWhenEveryImageFails) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  options.existing = run().writes.at(0).text;
  inputs.clear();
  add("a.yaml", pod("redis:9"));
  options.keeps_going = options.prunes = true;
  const auto done = run();
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.messages, HasSubstr("nothing is dropped: every image of these files failed\n"
                                       "locked 2 images, none changed; 2 of them are not in these files and stay; "
                                       "1 not resolved\n"));
}

// The images of a file that cannot be read are not known, and an image that cannot be looked up is still used.
TEST_F(LockRun, KeepsGoingWithoutDroppingWhatItCannotJudge) {
  add("a.yaml", pod("nginx:1.25"));
  add("b.yaml", pod("redis:7"));
  options.existing = run().writes.at(0).text;
  options.keeps_going = options.prunes = true;
  inputs.pop_back();
  add("b.yaml", "kind: [");
  auto done = run();
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.messages, HasSubstr("nothing is dropped: the images of an invalid file are not known\n"));
  inputs.pop_back();
  add("b.yaml", pod("redis:7"));
  options.updates = true;
  digests = fake_digests();
  digests.holds("docker.io/library/nginx:1.25", digest_of_digit('c'));
  done = run();
  EXPECT_EQ(done.status, run_status::unresolved);
  ASSERT_EQ(done.writes.size(), 1U);
  const auto lock = files::read_lock(done.writes[0].text);
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->images.find("docker.io/library/nginx:1.25")->digest, digest_of_digit('c'));
  EXPECT_EQ(lock->images.find("docker.io/library/redis:7")->digest, digest_of_digit('b'));
}

// A lock that cannot be read is never written over.
TEST_F(LockRun, KeepsABrokenLock) {
  add("a.yaml", pod("nginx:1.25"));
  options.keeps_going = true;
  options.existing = "kind: [";
  const auto done = run();
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.errors, ::testing::StartsWith("images.lock: "));
}

TEST_F(LockRun, TwoDigestsOfOneTagAreAWarning) {
  add("a.yaml", pod("nginx:1.25@" + a) + "---\n" + pod("nginx:1.25@" + b));
  add("b.yaml", pod("redis:7"));
  const auto done = run();
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(done.errors, "");
  EXPECT_EQ(done.messages, "docker.io/library/nginx:1.25 is pinned to " + a + " in a.yaml:6:14: container web and to " +
                               b +
                               " in a.yaml:13:14: container web: it gets no entry, since every file pins it; pin "
                               "--update makes them one\nlocked 1 image: 1 new\n");
}

TEST_F(LockRun, StopsWithoutASourceOfDigests) {
  add("a.yaml", pod("nginx:1.25"));
  lock_run r(options, inputs, places);
  const auto done = shown(r.stop({error_code::invalid_input, "no registry can be asked", {}}));
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_EQ(done.messages, "no registry can be asked\n");
  EXPECT_THAT(done.writes, IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
