// The registry client: authentication, and failures at each step.
#include "client_world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;

// --- Authentication ---

TEST_F(RegistryClient, ExchangesAnonymouslyForPublicImages) {
  http.reply(head_line, challenged());
  http.reply(token_line, token_reply("T1"));
  http.reply(head_line, manifest_head());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(http.lines(), ElementsAre(head_line, token_line, head_line));
  EXPECT_THAT(shown(), ElementsAre("r.example -", "auth.example -", "r.example Bearer T1"));
}

TEST_F(RegistryClient, TheSecondRequestPresentsItsTokenAtOnce) {
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(token_line, token_reply("T1"));
  ask();
  http.clear_requests();
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example Bearer T1"));
  // Another repository of the host: a token first, no 401.
  http.reply("GET https://auth.example/token?service=r.example&scope=repository%3Aother%3Apull", token_reply("T2"));
  http.reply("HEAD https://r.example/v2/other/manifests/1", manifest_head());
  http.clear_requests();
  EXPECT_EQ(ask("r.example/other:1"), own_digest);
  EXPECT_THAT(shown(), ElementsAre("auth.example -", "r.example Bearer T2"));
}

TEST_F(RegistryClient, TokensAreRenewedBeforeTheyExpire) {
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(token_line, token_reply("T1", 300));
  http.reply(token_line, token_reply("T2", 300));
  ask();
  time.advance(289s);
  http.clear_requests();
  ask();
  EXPECT_THAT(shown(), ElementsAre("r.example Bearer T1"));
  time.advance(1s);
  http.clear_requests();
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(shown(), ElementsAre("auth.example -", "r.example Bearer T2"));
}

TEST_F(RegistryClient, TokensAreNotSharedBetweenIdentities) {
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.answer(token_line,
              [](const http::request& r) { return token_reply(r.authorization ? "FOR-ALICE" : "FOR-ALL"); });
  ask("r.example/acme/api:v1", user());
  http.clear_requests();
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "auth.example -", "r.example Bearer FOR-ALL"));
}

TEST_F(RegistryClient, ARevokedTokenIsReplacedOnce) {
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(head_line, challenged(bearer + R"(,error="invalid_token")"));
  http.reply(head_line, manifest_head());
  http.reply(token_line, token_reply("T1"));
  http.reply(token_line, token_reply("T2"));
  ask();
  http.clear_requests();
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example Bearer T1", "auth.example -", "r.example Bearer T2"));
}

TEST_F(RegistryClient, IdentityTokensAreExchangedByPost) {
  http.reply(head_line, challenged());
  http.reply("POST https://auth.example/token", token_reply("T1"));
  http.reply(head_line, manifest_head());
  EXPECT_EQ(ask("r.example/acme/api:v1", identity_token()), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "auth.example -", "r.example Bearer T1"));
  expect_kept("refresh-me", {"auth.example"});
}

TEST_F(RegistryClient, ATokenServersRedirectIsNotFollowed) {
  http.reply(head_line, challenged());
  http.reply(token_line, respond(307, {{"Location", "https://evil.example/token"}}));
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), "malformed");
  EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(RegistryClient, ARefusedTokenSaysWhoAndWithWhat) {
  http.reply(head_line, challenged(R"(Bearer realm="https://r.example/token",service="r.example")"));
  http.reply("GET https://r.example/token*", respond(401, {}, R"({"errors":[{"code":"DENIED","message":"denied"}]})"));
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), "unauthorized");
  EXPECT_EQ(last.error().message,
            R"(registry r.example refused to give a token for repository "acme/api" (401: DENIED: "denied"). The )"
            "credentials used were: config.json: r.example");
  EXPECT_EQ(watch.seen.back(), "r.example token unauthorized");
}

TEST_F(RegistryClient, ARefusalThatRepeatsTheSecretDoesNotSpreadIt) {
  http.reply(head_line, challenged());
  http.answer(token_line, [](const http::request& r) {
    return respond(401, {}, R"({"details":"bad pa55word or )" + r.authorization->reveal() + "\"}");
  });
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), "unauthorized");
  expect_kept("pa55word", {});
  expect_kept(alice, {"auth.example"});
}

// go-containerregistry PR 2291: an attacker's registry names the cloud's metadata service as its realm; that service's
// JSON has a "Token"; a client that ignores case would hand the cloud's credential to the attacker.
TEST_F(RegistryClient, AMetadataServiceIsNoTokenServer) {
  const std::string url = "https://evil.example/v2/x/manifests/1";
  const std::string imds = "169.254.169.254/latest/meta-data/iam/security-credentials/role";
  const auto credentials =
      respond(200, {}, R"({"Code":"Success","AccessKeyId":"AKIA","SecretAccessKey":"s","Token":"CLOUD"})");
  // Over HTTP: never asked.
  http.reply("HEAD " + url, challenged("Bearer realm=\"http://" + imds + "\",service=\"x\""));
  EXPECT_EQ(ask("evil.example/x:1"), "denied");
  EXPECT_THAT(http.lines(), ElementsAre("HEAD " + url));
  // Over HTTPS the HTTP client's address check refuses it first; even if it answered, the answer would not be a token.
  http.forget("HEAD " + url);
  http.reply("HEAD " + url, challenged("Bearer realm=\"https://" + imds + "\",service=\"x\""));
  http.reply("GET https://169.254.169.254/*", credentials);
  EXPECT_EQ(ask("evil.example/x:1"), "malformed");
  EXPECT_FALSE(http.requests().back().reach.loopback);
  expect_kept("CLOUD", {});
}

TEST_F(RegistryClient, AnUnchallenged401IsFollowedByAPing) {
  http.reply(head_line, respond(401));
  http.reply("GET https://r.example/v2/",
             challenged(R"(Bearer realm="https://auth.example/token",service="r.example")"));
  http.reply(token_line, token_reply("T1"));
  http.reply(head_line, manifest_head());
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "r.example -", "auth.example Basic " + alice, "r.example Bearer T1"));
}

// --- One token for many ---

TEST_F(RegistryClient, QuestionsAtTheSameMomentFetchOneTokenPerScope) {
  http.reply(token_line, token_reply("T1"));
  for (int tag = 0; tag < 8; ++tag) {
    const std::string line = "HEAD https://r.example/v2/acme/api/manifests/" + std::to_string(tag);
    http.reply(line, challenged());
    http.reply(line, manifest_head());
  }
  asio::io_context io(1);
  int good = 0;
  const deadline d = deadline::after(time.now(), 10s);
  auto one = [&](std::string tag) -> awaitable<void> {
    auto ref = *reference::parse("r.example/acme/api:" + tag);
    credential anonymous;
    auto found = co_await made().resolve(std::move(ref), std::move(anonymous), d);
    good += found.has_value() ? 1 : 0;
  };
  for (int tag = 0; tag < 8; ++tag) asio::co_spawn(io, one(std::to_string(tag)), [](std::exception_ptr) {});
  io.run();
  EXPECT_EQ(good, 8);
  const auto lines = http.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), token_line), 1);
  EXPECT_EQ(lines.size(), 17U);
}

TEST_F(RegistryClient, ATokenFetchedInVainFailsAllThatWaitedAndIsNotRemembered) {
  http.reply(head_line, challenged());
  http.reply(token_line, respond(403));
  asio::io_context io(1);
  std::vector<error_code> codes;
  const deadline d = deadline::after(time.now(), 10s);
  auto one = [&]() -> awaitable<void> {
    auto ref = *reference::parse("r.example/acme/api:v1");
    credential anonymous;
    auto found = co_await made().resolve(std::move(ref), std::move(anonymous), d);
    if (!found) codes.push_back(found.error().code);
  };
  for (int i = 0; i < 3; ++i) asio::co_spawn(io, one(), [](std::exception_ptr) {});
  io.run();
  EXPECT_THAT(codes, ElementsAre(error_code::denied, error_code::denied, error_code::denied));
  auto lines = http.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), token_line), 1);
  ask();
  lines = http.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), token_line), 2);
}

// A world in which the first of the requests is canceled while its token is fetched.
class CanceledLeader : public RegistryClient {
 protected:
  void start(int requests) {
    for (int i = 0; i < requests; ++i) http.reply(head_line, challenged());
    http.reply(head_line, manifest_head());
    http.reply(token_line, respond(503));
    http.reply(token_line, token_reply("T1"));
    wait_seams seams;
    seams.sleep = [this](std::chrono::nanoseconds) -> awaitable<void> {
      stop.emit(asio::cancellation_type::terminal);
      auto executor = co_await asio::this_coro::executor;
      for (int turn = 0; turn < 3; ++turn) co_await asio::post(executor, asio::use_awaitable);
      at_sleep_end = outcomes;
    };
    client_ = make_client(http, options, time, &watch, std::move(seams));
    asio::io_context io(1);
    for (int i = 0; i < requests; ++i)
      asio::co_spawn(io, one(),
                     asio::bind_cancellation_slot(i == 0 ? stop.slot() : asio::cancellation_slot(),
                                                  [](const std::exception_ptr&) {}));
    io.run();
  }
  awaitable<void> one() {
    auto ref = *reference::parse("r.example/acme/api:v1");
    credential anonymous;
    const deadline d = deadline::after(time.now(), 10s);
    auto found = co_await made().resolve(std::move(ref), std::move(anonymous), d);
    outcomes.emplace_back(found ? "good" : to_string(found.error().code));
  }
  asio::cancellation_signal stop;
  std::vector<std::string> outcomes;
  std::vector<std::string> at_sleep_end;
};

TEST_F(CanceledLeader, FailsNoOtherThatWaitsForItsToken) {
  start(2);
  EXPECT_THAT(at_sleep_end, ElementsAre("canceled"));
  EXPECT_THAT(outcomes, ElementsAre("canceled", "good"));
  const auto lines = http.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), token_line), 2) << "one fetch, of two tries";
}

TEST_F(CanceledLeader, LeavesItsTokenToTheNextRequest) {
  start(1);
  EXPECT_THAT(outcomes, ElementsAre("canceled"));
  EXPECT_EQ(std::count(watch.seen.begin(), watch.seen.end(), "r.example token ok"), 1);
  http.clear_requests();
  http.forget(head_line);
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "r.example Bearer T1"));
}

TEST_F(RegistryClient, ATokensTriesAreItsOwn) {
  for (const auto& line : {token_line, head_line}) {
    if (line == head_line) http.reply(line, challenged());
    http.reply(line, respond(503));
    http.reply(line, respond(503));
  }
  http.reply(token_line, token_reply("T1"));
  http.reply(head_line, manifest_head());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_EQ(http.requests().size(), 7U);
}

TEST_F(RegistryClient, CancellationIsAResult) {
  http.reply(head_line, respond(503));
  asio::io_context io(1);
  asio::cancellation_signal stop;
  wait_seams seams;
  seams.sleep = [&](std::chrono::nanoseconds) -> awaitable<void> {
    stop.emit(asio::cancellation_type::terminal);
    co_return;
  };
  auto canceled = make_client(http, options, time, nullptr, std::move(seams));
  std::optional<error_code> code;
  const deadline d = deadline::after(time.now(), 10s);
  auto one = [&]() -> awaitable<void> {
    auto ref = *reference::parse("r.example/acme/api:v1");
    credential anonymous;
    auto found = co_await canceled->resolve(std::move(ref), std::move(anonymous), d);
    if (!found) code = found.error().code;
  };
  asio::co_spawn(io, one(), asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
  io.run();
  EXPECT_EQ(code, error_code::canceled);
  EXPECT_EQ(http.requests().size(), 1U);
}

// --- A failure at every step ---

struct broken_step {
  const char* name;
  result<http::response> outcome;
  bool hang = false;
};

class BrokenStep : public RegistryClient, public ::testing::WithParamInterface<std::size_t> {};

// The longest way: no challenge, ping, token, HEAD that does not settle it, GET, redirect, the other host's token.
void play_the_long_way(testing::fake_http_client& http) {
  http.reply(head_line, respond(401));
  http.reply(head_line, respond(200, {{"Content-Type", oci_index}}));
  http.reply("GET https://r.example/v2/",
             challenged(R"(Bearer realm="https://auth.example/token",service="r.example")"));
  http.reply(token_line, token_reply("T1"));
  http.reply(get_line, respond(307, {{"Location", elsewhere}}));
  http.reply("GET " + elsewhere, challenged(R"(Bearer realm="https://cdn.example/token",service="cdn")"));
  http.reply("GET " + elsewhere, manifest_get());
  http.reply("GET https://cdn.example/token*", token_reply("T2"));
  // Only asked when a step fails.
  http.reply("GET https://cdn.example/v2/", respond(404));
}

constexpr std::size_t long_way = 8;

TEST_F(RegistryClient, TheLongWayWorksWhenNothingFails) {
  play_the_long_way(http);
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest);
  EXPECT_EQ(http.requests().size(), long_way);
}

TEST_P(BrokenStep, GivesAnErrorOrRecoversLeaksNothingAndTheNextRequestWorks) {
  const std::vector<broken_step> ways{
      {"refused", fail(error_code::unavailable, "connection refused")},
      {"reset", fail(error_code::unavailable, "connection reset")},
      {"hang", http::response{}, true},
      {"truncated", fail(error_code::malformed, "the connection ended within the body")},
      {"huge", fail(error_code::malformed, "a body of more than 65536 bytes")},
      {"address", fail(error_code::denied, "a link-local address")},
      {"canceled", fail(error_code::canceled, "canceled")},
      {"html", respond(200, {{"Content-Type", "text/html"}}, "<html><title>Sign in</title></html>")},
      {"garbage", respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", "\xff\xfe"}}, "\x00\x01\x02")},
      {"wrong type", respond(200, {{"Content-Type", "image/png"}}, R"({"token":7,"schemaVersion":"2"})")},
      {"empty", respond(200)},
      {"401", respond(401)},
      {"403", respond(403)},
      {"404", respond(404)},
      {"429", respond(429, {{"Retry-After", "9999999999"}})},
      {"500", respond(500, {}, std::string(100'000, 'x'))},
      {"redirect to nowhere", respond(302)},
      {"redirect to file", respond(302, {{"Location", "file:///etc/passwd"}})},
      {"challenge to http", respond(401, {{"WWW-Authenticate", R"(Bearer realm="http://evil.example/t")"}})},
      {"challenge to another", respond(401, {{"WWW-Authenticate", "Basic realm=x"}})},
  };
  for (const auto& way : ways) {
    SCOPED_TRACE(way.name);
    client_.reset();
    // A request that hangs does so to the end of its own limit, and a token's must not be longer than the whole.
    options.token_limit = 10s;
    testing::fake_http_client& world = http;
    world.clear_requests();
    for (const auto& line : {head_line, get_line, "GET " + elsewhere, token_line,
                             std::string("GET https://r.example/v2/"), std::string("GET https://cdn.example/token*")})
      world.forget(line);
    play_the_long_way(world);
    if (way.hang)
      world.hang_at(GetParam());
    else
      world.fail_at(GetParam(), way.outcome);

    const auto started = time.now();
    const std::string outcome = ask("r.example/acme/api:v1", user());
    EXPECT_LE(time.now() - started, 10s) << "the deadline holds";
    EXPECT_LE(world.requests().size(), 24U);
    EXPECT_TRUE(outcome == own_digest || !last) << outcome;
    if (!last) {
      EXPECT_LT(last.error().message.size(), 800U);
      EXPECT_FALSE(last.error().message.empty());
    }
    if (way.hang) {
      EXPECT_EQ(outcome, "timed_out");
    }
    // Refused once: the retry carries it through.
    if (std::string_view(way.name) == "refused") {
      EXPECT_EQ(outcome, own_digest);
    }
    // A Basic challenge of the registry itself may have them; the CDN and evil.example never.
    expect_kept(alice, {"auth.example", "r.example"});
    expect_kept("pa55word", {});
    expect_kept("T1", {"r.example"});
    expect_kept("T2", {"cdn.example"});

    world.heal();
    EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest)
        << "the next request works: " << (last ? "" : last.error().message);
  }
}

INSTANTIATE_TEST_SUITE_P(EachStep, BrokenStep, ::testing::Range<std::size_t>(1, long_way + 1));

TEST_F(RegistryClient, NullObserverIsFine) {
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(token_line, token_reply("T1"));
  auto quiet = make_client(http, options, time, nullptr);
  auto work =
      quiet->resolve(*reference::parse("r.example/acme/api:v1"), credential{}, deadline::after(time.now(), 10s));
  EXPECT_TRUE(testing::run(std::move(work)));
}

}  // namespace
}  // namespace pinhook::registry
