// Texts that only look like images: when their registry does not know them, they are left with a warning.
#include "unit/pipeline/pin_run_fixture.hpp"

#include <pinhook/pipeline/check_run.hpp>
#include <pinhook/pipeline/lock_run.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::shown;
using ::testing::HasSubstr;
using ::testing::Not;

class Guesses : public PinRun {
 protected:
  void answer(error_code code) { digests.fails("docker.io/acme/init:1", {code, "acme/init:1 is unknown", {}}); }

  void add_guess() { add("values.yaml", "image: nginx:1.25\ninitImage: acme/init:1\n"); }
};

TEST_F(Guesses, AreLeftWhenTheirRegistryDoesNotKnowThem) {
  for (const auto code : {error_code::not_found, error_code::unauthorized, error_code::denied}) {
    add_guess();
    answer(code);
    options.target = run_target::in_place;
    const auto done = run();
    EXPECT_EQ(done.status, run_status::good) << done.messages;
    ASSERT_EQ(done.writes.size(), 1U);
    EXPECT_EQ(done.writes[0].text, "image: nginx@" + a + " # nginx:1.25\ninitImage: acme/init:1\n");
    EXPECT_THAT(done.messages,
                HasSubstr("\"acme/init:1\" is left as it is: acme/init:1 is unknown; it may not be an image"));
    inputs.clear();
  }
}

TEST_F(Guesses, FailTheRunWhenTheRegistryCannotBeAsked) {
  for (const auto code : {error_code::unavailable, error_code::timed_out, error_code::rate_limited}) {
    add_guess();
    answer(code);
    EXPECT_EQ(run().status, run_status::unresolved);
    inputs.clear();
  }
}

TEST_F(Guesses, AreNoneWhereThePlaceIsKnown) {
  add("a.yaml", pod("acme/init:1"));
  answer(error_code::not_found);
  EXPECT_EQ(run().status, run_status::unresolved);
}

TEST_F(Guesses, NeedNoEntryInALock) {
  add_guess();
  answer(error_code::not_found);
  lock_run_options chosen;
  chosen.path = "images.lock";
  lock_run r(chosen, inputs, places);
  auto done = shown(r.finish(digests.answers(r.wanted())));
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  EXPECT_EQ(done.writes.size(), 1U);
  EXPECT_THAT(done.messages, HasSubstr("acme/init:1 is unknown; it may not be an image, and is not locked"));

  add("a.yaml", pod("acme/init:1"));
  lock_run both(chosen, inputs, places);
  done = shown(both.finish(digests.answers(both.wanted())));
  EXPECT_EQ(done.status, run_status::unresolved);
  EXPECT_THAT(done.messages, Not(HasSubstr("may not be")));
}

TEST_F(Guesses, AreNoFailureOfCheck) {
  answer(error_code::not_found);
  check_run_options chosen;
  chosen.has_drift = true;
  const auto check = [&] {
    check_run r(chosen, {}, "");
    for (auto& one : inputs) r.take(std::move(one));
    inputs.clear();
    return shown(r.finish(digests.answers(r.wanted())));
  };
  add("values.yaml", "initImage: acme/init:1@" + a + "\n");
  auto done = check();
  EXPECT_EQ(done.status, run_status::good) << done.messages;
  EXPECT_THAT(done.messages, HasSubstr("acme/init:1 is unknown; it may not be an image"));
  add("values.yaml", "initImage: acme/init:1@" + a + "\n");
  add("a.yaml", pod("acme/init:1@" + a));
  EXPECT_EQ(check().status, run_status::unresolved);
}

}  // namespace
}  // namespace pinhook::pipeline
