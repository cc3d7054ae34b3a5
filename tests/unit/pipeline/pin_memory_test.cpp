// pin --update --cooldown: a lock file remembers which digests tags had.
#include "unit/pipeline/pin_run_fixture.hpp"

#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::shown_outcome;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string c = digest_of_digit('c').to_string();
const std::string nginx = "docker.io/library/nginx:1.25";

class PinMemory : public PinRun {
 protected:
  PinMemory() {
    options.task = pin_task::update;
    options.target = run_target::in_place;
    options.memory = pin_memory{"pinhook.lock", {}, {std::chrono::hours(72), *parse_timestamp("2026-11-21T08:30:00Z")}};
  }

  // Runs over these files, and takes the lock file that it wrote for the next run.
  shown_outcome run_over(const std::vector<std::string>& texts) {
    inputs.clear();
    for (std::size_t i = 0; i < texts.size(); ++i) add(std::string(1, static_cast<char>('a' + i)) + ".yaml", texts[i]);
    auto done = run();
    for (const auto& one : done.writes)
      if (one.path == "pinhook.lock") options.memory->existing = one.text;
    return done;
  }
  static std::string text_of(const shown_outcome& done, const std::string& path) {
    for (const auto& one : done.writes)
      if (one.path == path) return one.text;
    return "not written";
  }
  resolve::locked_image held() const { return *files::read_lock(*options.memory->existing)->images.find(nginx); }
  void moves_to(char digit) { digests.holds(nginx, digest_of_digit(digit)); }
  void later(std::chrono::hours h) { options.memory->wait.now += h; }
};

TEST_F(PinMemory, TakesAFirstSightAtOnce) {
  EXPECT_EQ(text_of(run_over({pod("nginx:1.25")}), "a.yaml"), pod("nginx@" + a, " # nginx:1.25"));
  EXPECT_EQ(held(), (resolve::locked_image{digest_of_digit('a'), "2026-11-21T08:30:00Z"}));
}

TEST_F(PinMemory, PinsStayUntilTheEndOfTheCooldown) {
  moves_to('b');
  const std::string pinned = pod("nginx@" + a, " # nginx:1.25");
  auto done = run_over({pinned});
  EXPECT_EQ(done.status, run_status::good);
  EXPECT_EQ(text_of(done, "a.yaml"), "not written");
  EXPECT_THAT(done.messages, HasSubstr(nginx + " moved to " + b + ", seen since 2026-11-21T08:30:00Z; " + a +
                                       " stays until 2026-11-24T08:30:00Z (--cooldown 72h)\n"));
  later(std::chrono::hours(71));
  EXPECT_THAT(run_over({pinned}).writes, IsEmpty()) << "a second run changes nothing";
  later(std::chrono::hours(1));
  done = run_over({pinned});
  EXPECT_EQ(text_of(done, "a.yaml"), pod("nginx@" + b, " # nginx:1.25"));
  EXPECT_EQ(held(), (resolve::locked_image{digest_of_digit('b'), "2026-11-24T08:30:00Z"}));
}

TEST_F(PinMemory, AFurtherMoveBeginsAgainAndAMoveBackEndsIt) {
  moves_to('b');
  const std::string pinned = pod("nginx@" + a, " # nginx:1.25");
  run_over({pinned});
  later(std::chrono::hours(71));
  moves_to('c');
  run_over({pinned});
  later(std::chrono::hours(71));
  EXPECT_EQ(text_of(run_over({pinned}), "a.yaml"), "not written");
  moves_to('a');
  EXPECT_THAT(run_over({pinned}).messages, Not(HasSubstr("moved")));
  EXPECT_FALSE(held().seen);
}

// An image without a digest gets that of the other files: all run the same bytes.
TEST_F(PinMemory, ATagWithoutADigestGetsTheOneBefore) {
  moves_to('b');
  const auto done = run_over({pod("nginx@" + a, " # nginx:1.25"), pod("nginx:1.25")});
  EXPECT_EQ(text_of(done, "a.yaml"), "not written");
  EXPECT_EQ(text_of(done, "b.yaml"), pod("nginx@" + a, " # nginx:1.25"));
}

// Its author decided: the rest follows.
TEST_F(PinMemory, ADigestThatAFileHasAlreadyIsTaken) {
  moves_to('b');
  const auto done = run_over({pod("nginx@" + a, " # nginx:1.25"), pod("nginx:1.25@" + b)});
  EXPECT_EQ(text_of(done, "a.yaml"), pod("nginx@" + b, " # nginx:1.25"));
  EXPECT_EQ(held().digest, digest_of_digit('b'));
}

TEST_F(PinMemory, PinsThatDifferFromTheLockStay) {
  run_over({pod("nginx:1.25")});
  moves_to('b');
  EXPECT_EQ(text_of(run_over({pod("nginx@" + c, " # nginx:1.25")}), "a.yaml"), "not written");
  EXPECT_EQ(held().digest, digest_of_digit('a'));
}

TEST_F(PinMemory, ADiffAndAFailureWriteNothing) {
  moves_to('b');
  options.target = run_target::diff;
  EXPECT_THAT(run_over({pod("nginx:1.25@" + a)}).writes, IsEmpty());
  options.target = run_target::in_place;
  EXPECT_THAT(run_over({pod("nginx:1.25@" + a), pod("redis:99")}).writes, IsEmpty());
  options.keeps_going = true;
  EXPECT_NE(text_of(run_over({pod("nginx:1.25@" + a), pod("redis:99")}), "pinhook.lock"), "not written");
}

TEST_F(PinMemory, ALockFileThatCannotBeReadStopsTheRun) {
  options.memory->existing = "kind: [";
  const auto done = run_over({pod("nginx:1.25")});
  EXPECT_EQ(done.status, run_status::invalid);
  EXPECT_THAT(done.writes, IsEmpty());
  EXPECT_THAT(done.errors, HasSubstr("pinhook.lock: line "));
}

}  // namespace
}  // namespace pinhook::pipeline
