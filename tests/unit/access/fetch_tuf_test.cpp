#include <pinhook/access/fetch_tuf.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/passing_waits.hpp"
#include "support/run.hpp"
#include "support/tuf_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace pinhook::access {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::respond;
using ::testing::StartsWith;

struct FetchTuf : ::testing::Test {
  testing::fake_clock time;
  testing::fake_http_client http{time};
  testing::tuf_case of = testing::read_tuf_case("good-delegation");
  std::vector<std::chrono::nanoseconds> waits;

  FetchTuf() {
    for (const auto& [path, bytes] : of.repository)
      http.reply("GET https://tuf.example/r/" + path, respond(200, {}, bytes));
    http.reply("GET https://tuf.example/r/*", respond(404, {}, "no such file"));
  }
  result<trust::tuf_update> fetch() {
    auto update = trust::tuf_update::begin(of.options);
    if (!update) return update;
    const auto done = testing::run(fetch_tuf(http, {"https://tuf.example/r"}, *update, time,
                                             deadline::after(time.now(), 60s), testing::passing_waits(time, &waits)));
    if (!done) return fail(done.error());
    return update;
  }
};

TEST_F(FetchTuf, FilesAreAskedForInTheirOrder) {
  const auto done = fetch();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->files().contains("trusted_root.json"));
  EXPECT_TRUE(done->files().contains("keys.json"));
  EXPECT_THAT(http.lines(), Each(StartsWith("GET https://tuf.example/r/")));
  std::vector<std::string> names;
  for (const auto& line : http.lines()) names.push_back(line.substr(line.rfind('/') + 1));
  EXPECT_THAT(names,
              ElementsAre("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json",
                          HasSubstr(".trusted_root.json"), "1.registry.npmjs.org.json", HasSubstr(".keys.json")));
  for (const auto& r : http.requests()) {
    EXPECT_LE(r.limits.body, trust::max_targets_bytes) << r.url;
    EXPECT_FALSE(r.authorization) << r.url;
  }
  EXPECT_EQ(http.requests()[1].limits.body, trust::max_timestamp_bytes);
}

// Whatever fails, and wherever: an error with the address of the file, and no half of an update.
TEST_F(FetchTuf, AFailureAtEachStepIsSaid) {
  const std::size_t steps = (fetch(), http.requests().size());
  for (std::size_t n = 1; n <= steps; ++n) {
    http.clear_requests();
    http.heal();
    for (std::size_t tries = 0; tries < 3; ++tries) http.fail_at(n + tries, respond(503));
    const auto done = fetch();
    ASSERT_FALSE(done) << n;
    EXPECT_EQ(done.error().code, error_code::unavailable) << n;
    EXPECT_THAT(done.error().message, AllOf(StartsWith("https://tuf.example/r/"), HasSubstr("HTTP 503"))) << n;
  }
}

TEST_F(FetchTuf, ATemporaryFailureIsTriedAgain) {
  http.fail_at(2, respond(503));
  http.fail_at(4, fail(error_code::unavailable, "reset"));
  const auto done = fetch();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(waits.size(), 2U);
}

TEST_F(FetchTuf, EachAnswerThatIsNoFileHasItsError) {
  struct row {
    testing::fake_http_client::outcome answer;
    error_code code;
    const char* part;
  };
  const std::vector<row> rows{
      {respond(302, {{"Location", "https://elsewhere.example/x"}}), error_code::unsupported,
       "https://elsewhere.example/x"},
      {respond(301), error_code::unsupported, "an unknown address"},
      {respond(401), error_code::unauthorized, "none are sent"},
      {respond(429), error_code::rate_limited, "HTTP 429"},
      {respond(500), error_code::unavailable, "HTTP 500"},
      {fail(error_code::denied, "the proxy refuses"), error_code::unavailable, "the proxy refuses"},
      {fail(error_code::malformed, "no HTTP"), error_code::unavailable, "no HTTP"},
      {fail(error_code::timed_out, "no answer"), error_code::timed_out, "no answer"},
      {respond(404), error_code::not_found, "\"timestamp.json\" (role timestamp): it is not there"},
      {respond(403), error_code::not_found, "\"timestamp.json\" (role timestamp): it is not there"},
      {respond(200, {}, "<html>"), error_code::malformed, "\"timestamp.json\" (role timestamp): it is not signed JSON"},
  };
  for (const row& one : rows) {
    http.clear_requests();
    http.heal();
    for (std::size_t n = 2; n < 6; ++n) http.fail_at(n, one.answer);
    const auto done = fetch();
    ASSERT_FALSE(done) << one.part;
    EXPECT_EQ(done.error().code, one.code) << done.error().message;
    EXPECT_THAT(done.error().message, HasSubstr(one.part));
  }
}

TEST(TufUrl, IsCheckedBeforeItIsUsed) {
  EXPECT_EQ(parse_tuf_url("https://tuf.example/r//").value(), "https://tuf.example/r");
  EXPECT_EQ(parse_tuf_url("http://127.0.0.1:8080").value(), "http://127.0.0.1:8080");
  for (const char* text : {"", "tuf.example", "ftp://tuf.example", "https://me:pass@tuf.example",
                           "https://tuf.example?a", "https://tuf.example/#a"})
    EXPECT_EQ(parse_tuf_url(text).error().code, error_code::invalid_input) << text;
}

}  // namespace
}  // namespace pinhook::access
