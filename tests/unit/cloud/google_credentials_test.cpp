#include <pinhook/cloud/google_credentials.hpp>

#include "support/certificates.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/gather.hpp"
#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace pinhook::cloud {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::respond;
using ::testing::StartsWith;
using answer = result<std::vector<registry::credential>>;

constexpr const char* metadata_line =
    "GET http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token";

registry::reference ref(const std::string& text) { return *registry::reference::parse(text); }

http::response grants(const std::string& token, int seconds = 3600) {
  return respond(200, {{"Metadata-Flavor", "Google"}},
                 R"({"access_token":")" + token + R"(","expires_in":)" + std::to_string(seconds) + "}");
}

struct GoogleCredentials : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  testing::fake_http_client api{time};
  testing::fake_http_client metadata{time};
  environment variables;
  std::optional<google_credentials> source;

  google_credentials& google() {
    if (!source) source.emplace(api, metadata, io.get_executor(), time, variables);
    return *source;
  }
  answer ask(const std::string& image = "eu.gcr.io/p/a:1", std::chrono::nanoseconds within = 30s) {
    return testing::run_on(io, google().credentials_for(ref(image), deadline::after(time.now(), within)));
  }
  std::string token_of(const answer& got) {
    if (!got) return got.error().message;
    return got->empty() ? "none" : got->at(0).secret.reveal();
  }
};

TEST_F(GoogleCredentials, GivesGooglesRegistriesTheToken) {
  metadata.reply(metadata_line, grants("token-1"));
  for (const char* image :
       {"gcr.io/p/a:1", "eu.gcr.io/p/a:1", "europe-docker.pkg.dev/p/r/a:1", "docker.us-central1.rep.pkg.dev/p/r/a:1"}) {
    const auto got = ask(image);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(got->size(), 1U);
    const auto& one = got->at(0);
    EXPECT_EQ(one.kind, registry::credential_kind::basic);
    EXPECT_TRUE(one.cloud_minted);
    EXPECT_EQ(one.username, "oauth2accesstoken");
    EXPECT_EQ(one.secret.reveal(), "token-1");
    EXPECT_EQ(one.source, "Google");
    EXPECT_EQ(one.identity, google().identity_for(ref(image)));
    EXPECT_TRUE(google().may_apply_to(ref(image)));
    EXPECT_EQ(one.identity, keyed_hash("google"));
    ASSERT_EQ(google().matches(ref(image)).size(), 1U);
    EXPECT_EQ(google().matches(ref(image))[0].source, "Google");
    EXPECT_EQ(google().matches(ref(image))[0].pattern, "Artifact Registry");
  }
  EXPECT_EQ(metadata.requests().size(), 1U) << "one token for all of them";
  EXPECT_TRUE(api.requests().empty());
}

TEST_F(GoogleCredentials, GivesOthersNothing) {
  for (const char* image : {"nginx", "ghcr.io/a/b:1", "gcr.io.evil.example/a:1", "gcr.io:5000/a:1", "pkg.dev/a:1"}) {
    EXPECT_EQ(token_of(ask(image)), "none") << image;
    EXPECT_EQ(google().identity_for(ref(image)), "anonymous") << image;
    EXPECT_FALSE(google().may_apply_to(ref(image))) << image;
    EXPECT_TRUE(google().matches(ref(image)).empty()) << image;
    EXPECT_FALSE(google().forget(ref(image))) << image;
  }
  EXPECT_TRUE(metadata.requests().empty());
}

TEST_F(GoogleCredentials, HoldsTheTokenAndRenewsItAhead) {
  metadata.reply(metadata_line, grants("token-1", 1000));
  metadata.reply(metadata_line, grants("token-2", 1000));
  EXPECT_EQ(token_of(ask()), "token-1");
  time.advance(799s);
  EXPECT_EQ(token_of(ask()), "token-1");
  EXPECT_EQ(metadata.requests().size(), 1U);
  time.advance(1s);
  EXPECT_EQ(token_of(ask()), "token-1") << "the old one serves while the new one comes";
  io.restart();
  io.poll();
  EXPECT_EQ(token_of(ask()), "token-2");
  EXPECT_EQ(metadata.requests().size(), 2U);
}

TEST_F(GoogleCredentials, ATokenThatEndedIsNotGiven) {
  metadata.reply(metadata_line, grants("token-1", 100));
  metadata.reply(metadata_line, respond(503, {{"Metadata-Flavor", "Google"}}));
  EXPECT_EQ(token_of(ask()), "token-1");
  time.advance(90s);
  EXPECT_EQ(token_of(ask()), "Google: metadata server: HTTP 503");
}

TEST_F(GoogleCredentials, AsksOnceForAllWhoWait) {
  metadata.reply(metadata_line, grants("token-1"));
  std::vector<awaitable<answer>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(google().credentials_for(ref("gcr.io/p/a:1"), deadline::after(time.now(), 30s)));
  for (const auto& got : testing::gather(io, std::move(all))) EXPECT_EQ(token_of(got), "token-1");
  EXPECT_EQ(metadata.requests().size(), 1U);
}

TEST_F(GoogleCredentials, AFailureIsHeldForAWhile) {
  metadata.reply(metadata_line, fail(error_code::unavailable, "connection refused"));
  metadata.reply(metadata_line, grants("token-1"));
  EXPECT_EQ(token_of(ask()), "Google: metadata server: connection refused");
  EXPECT_EQ(token_of(ask()), "Google: metadata server: connection refused");
  EXPECT_EQ(metadata.requests().size(), 1U);
  time.advance(5s);
  EXPECT_EQ(token_of(ask()), "token-1");
}

TEST_F(GoogleCredentials, ForgetsOnce) {
  metadata.reply(metadata_line, grants("token-1"));
  metadata.reply(metadata_line, grants("token-2"));
  EXPECT_FALSE(google().forget(ref("gcr.io/p/a:1")));
  EXPECT_EQ(token_of(ask()), "token-1");
  EXPECT_TRUE(google().forget(ref("gcr.io/p/a:1")));
  EXPECT_FALSE(google().forget(ref("gcr.io/p/a:1")));
  EXPECT_EQ(token_of(ask()), "token-2");
}

TEST_F(GoogleCredentials, EachAnswerHasItsTime) {
  metadata.hang_at(1);
  const auto before = time.now();
  EXPECT_EQ(token_of(ask()), "Google: metadata server: no answer in time");
  EXPECT_EQ(time.now() - before, 2s) << "not more of the caller's time";

  const testing::temporary_directory dir;
  const auto file =
      dir.write("adc.json", R"({"type":"authorized_user","client_id":"c","client_secret":"client-secret",)"
                            R"("refresh_token":"refresh-secret"})");
  source.reset();
  variables["GOOGLE_APPLICATION_CREDENTIALS"] = file.string();
  api.hang_at(1);
  const auto start = time.now();
  EXPECT_THAT(token_of(ask()), StartsWith("Google: "));
  EXPECT_EQ(time.now() - start, 10s);
}

TEST_F(GoogleCredentials, TheFileIsReadAndItsPrincipalAsksByTheOtherClient) {
  const testing::temporary_directory dir;
  const auto token = dir.write("token", "subject-1\n");
  const auto file = dir.write("adc.json", R"({"type":"external_account","audience":"a","subject_token_type":"t",)"
                                          R"("token_url":"https://sts.googleapis.com/v1/token","credential_source":)"
                                          R"({"file":")" +
                                              token.string() + "\"}}");
  variables["GOOGLE_APPLICATION_CREDENTIALS"] = file.string();
  api.reply("POST https://sts.googleapis.com/v1/token", respond(200, {}, R"({"access_token":"t-1","expires_in":100})"));
  EXPECT_EQ(token_of(ask()), "t-1");
  EXPECT_THAT(api.requests().at(0).body->reveal(), HasSubstr("subject_token=subject-1&"));
  dir.write("token", "subject-2\n");
  time.advance(100s);
  EXPECT_EQ(token_of(ask()), "t-1");
  EXPECT_THAT(api.requests().at(1).body->reveal(), HasSubstr("subject_token=subject-2&")) << "read on each use";
  EXPECT_TRUE(metadata.requests().empty());
}

TEST_F(GoogleCredentials, WhatIsConfiguredFallsToNobodyElse) {
  const testing::temporary_directory dir;
  variables["GOOGLE_APPLICATION_CREDENTIALS"] = (dir.path() / "none.json").string();
  const auto got = ask();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message, StartsWith("Google: GOOGLE_APPLICATION_CREDENTIALS: cannot read "));
  source.reset();
  variables["GOOGLE_APPLICATION_CREDENTIALS"] = dir.write("big.json", std::string(70'000, ' ')).string();
  EXPECT_THAT(token_of(ask()), HasSubstr("has more than 65536 bytes"));
  EXPECT_TRUE(metadata.requests().empty());
}

// Answers nothing until it is destroyed or cancelled.
class silent_client final : public http::client {
 public:
  explicit silent_client(asio::io_context& io) : io_(io) {}
  awaitable<result<http::response>> send(http::request, deadline) override {
    ++asked;
    asio::steady_timer never(io_, steady_time::max());
    co_await never.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return fail(error_code::canceled, "gave up");
  }
  int asked = 0;

 private:
  asio::io_context& io_;
};

TEST(GoogleCredentialsInTime, WhoRunsOutOfPatienceLeavesAndTheFetchGoesOn) {
  asio::io_context io(1);
  silent_client silent(io);
  google_credentials source(silent, silent, io.get_executor(), machine_clock(), environment{});
  for (int i = 0; i < 2; ++i) {
    const auto d = deadline::after(machine_clock().now(), 2ms);
    const auto got = testing::run_on(io, source.credentials_for(ref("gcr.io/p/a:1"), d));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::timed_out);
    EXPECT_EQ(got.error().message, "Google: no answer in time");
  }
  EXPECT_EQ(silent.asked, 1) << "one fetch, under its own limit";
}

TEST(GoogleCredentialsAtTheEnd, GoesWhileAFetchIsUnderWay) {
  for (const bool runs_afterwards : {true, false}) {
    asio::io_context io(1);
    silent_client silent(io);
    testing::fake_clock time;
    auto source = std::make_unique<google_credentials>(silent, silent, io.get_executor(), time, environment{});
    std::optional<answer> got;
    auto keep = [](awaitable<answer> inner, std::optional<answer>& out) -> awaitable<void> {
      out.emplace(co_await std::move(inner));
    };
    asio::co_spawn(io, keep(source->credentials_for(ref("gcr.io/p/a:1"), deadline::never()), got),
                   [](const std::exception_ptr&) {});
    io.poll();
    source.reset();
    EXPECT_FALSE(got);
    io.restart();
    if (runs_afterwards) io.poll();
    if (runs_afterwards) {
      ASSERT_TRUE(got);
      EXPECT_EQ(got->error().code, error_code::canceled);
    }
  }
}

TEST_F(GoogleCredentials, AKeyFileThatHangsHoldsNobodyUp) {
  testing::hanging_file hangs;
  variables = {{"GOOGLE_APPLICATION_CREDENTIALS", hangs.path()}};
  source.emplace(api, metadata, io.get_executor(), machine_clock(), variables);
  const auto d = deadline::after(machine_clock().now(), 20ms);
  const auto got = testing::run_on(io, source->credentials_for(ref("eu.gcr.io/p/a:1"), d));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_EQ(side_threads(), 1U) << "the read is left behind";
  EXPECT_EQ(token_of(ask("ghcr.io/a/b:1")), "none");
  EXPECT_TRUE(metadata.requests().empty());
}

}  // namespace
}  // namespace pinhook::cloud
