// The registry client: the messages for a digest, their hosts, and the result.
#include "client_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;

std::string authority_of(const http::request& r) {
  return r.tls != nullptr && r.tls->authorities.size() == 1 ? r.tls->authorities.front().file : "";
}

// --- The request ---

TEST_F(RegistryClient, AsksByHeadWithAllTypesAndWithoutCompression) {
  http.reply(head_line, manifest_head());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_EQ(last->media_type, oci_index);
  ASSERT_EQ(http.requests().size(), 1U);
  const auto& sent = http.requests().front();
  EXPECT_THAT(http::find_headers(sent.headers, "Accept"), ElementsAre(accepted_manifests));
  EXPECT_EQ(http::find_header(sent.headers, "Accept-Encoding"), "identity");
  EXPECT_EQ(http::find_header(sent.headers, "User-Agent"), "pinhook");
  EXPECT_EQ(sent.limits.body, max_manifest_size);
  EXPECT_FALSE(sent.reach.loopback);
  EXPECT_TRUE(sent.reach.private_networks);
}

TEST_F(RegistryClient, AsksDockerHubAtItsWireHost) {
  http.reply("HEAD https://registry-1.docker.io/v2/library/nginx/manifests/latest", manifest_head());
  EXPECT_EQ(ask("nginx"), own_digest);
}

TEST_F(RegistryClient, ReachesLoopbackOnlyForRegistriesThatTheConfigurationNames) {
  for (const char* ref : {"localhost:5000/a:1", "LOCALHOST/a:1", "127.0.0.1/a:1", "[::1]:5000/a:1"}) {
    EXPECT_EQ(ask(ref), "denied") << ref;
    // The line to write, ready to be copied.
    const std::string registry = reference::parse(ref)->registry();
    EXPECT_TRUE(
        last.error().message.ends_with("write in pinhook's configuration: registries: {\"" + registry + "\": {}}"))
        << last.error().message;
    EXPECT_EQ(last.error().mended_by, remedy::in_message);
  }
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(RegistryClient, ReachesLoopbackForAPersonButNotWhereARegistryLeads) {
  options.asks_loopback = true;
  http.reply("HEAD http://localhost:5000/v2/a/manifests/1", manifest_head());
  EXPECT_EQ(ask("localhost:5000/a:1"), own_digest);
  EXPECT_TRUE(http.requests().back().reach.loopback);
  // Another program of this machine, or one that a registry elsewhere names.
  http.reply("HEAD https://r.example/v2/a/manifests/1", respond(307, {{"Location", "https://localhost:6000/x"}}));
  http.reply("HEAD https://localhost:6000/x", manifest_head());
  ask("r.example/a:1");
  EXPECT_FALSE(http.requests().back().reach.loopback);
  http.reply("HEAD https://r.example/v2/b/manifests/1",
             challenged(R"(Bearer realm="https://localhost:6001/token",service="x")"));
  http.reply("GET https://localhost:6001/*", token_reply("T"));
  ask("r.example/b:1");
  for (const auto& r : http.requests()) EXPECT_EQ(r.reach.loopback, !r.url.contains("localhost:600")) << r.url;
}

TEST_F(RegistryClient, SpeaksHttpToLoopbackNamesAndConfiguredHostsOnly) {
  for (const char* host : {"localhost:5000", "127.0.0.1:5000", "[::1]:5000"}) options.hosts[host] = {};
  options.hosts["plain.example"].plain_http = true;
  options.hosts["localhost:7000"].plain_http = false;
  options.hosts["localhost:7001"].ca_file = "/etc/ca.pem";
  options.hosts["localhost:7002"] = {true, "/etc/ca.pem", {}};
  options.hosts["secure.example"].ca_file = "/etc/ca.pem";
  http.reply("HEAD *", manifest_head());
  for (const char* ref :
       {"localhost:5000/a:1", "127.0.0.1:5000/a:1", "[::1]:5000/a:1", "plain.example/a:1", "localhost:7000/a:1",
        "localhost:7001/a:1", "localhost:7002/a:1", "secure.example/a:1", "r.example/a:1", "127.1/a:1", "10.0.0.1/a:1"})
    ask(ref);
  EXPECT_THAT(http.lines(),
              ElementsAre("HEAD http://localhost:5000/v2/a/manifests/1", "HEAD http://127.0.0.1:5000/v2/a/manifests/1",
                          "HEAD http://[::1]:5000/v2/a/manifests/1", "HEAD http://plain.example/v2/a/manifests/1",
                          "HEAD https://localhost:7000/v2/a/manifests/1",
                          "HEAD https://localhost:7001/v2/a/manifests/1", "HEAD http://localhost:7002/v2/a/manifests/1",
                          "HEAD https://secure.example/v2/a/manifests/1", "HEAD https://r.example/v2/a/manifests/1",
                          "HEAD https://127.1/v2/a/manifests/1", "HEAD https://10.0.0.1/v2/a/manifests/1"));
  std::vector<bool> loopback;
  for (const auto& r : http.requests()) loopback.push_back(r.reach.loopback);
  EXPECT_THAT(loopback, ElementsAre(true, true, true, true, true, true, true, true, false, false, false));
  EXPECT_EQ(authority_of(http.requests()[5]), "/etc/ca.pem");
  EXPECT_EQ(authority_of(http.requests()[7]), "/etc/ca.pem");
  EXPECT_EQ(http.requests()[8].tls, nullptr);
}

// --- HEAD and GET ---

TEST_F(RegistryClient, FallsBackToGetAndHashesTheBytes) {
  http.reply(head_line, respond(405));
  http.reply(get_line, manifest_get());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(http.lines(), ElementsAre(head_line, get_line));
}

TEST_F(RegistryClient, AHeadThatIsNotFoundIsAskedByGetExceptAtDockerHub) {
  http.reply(head_line, respond(404));
  http.reply(get_line, respond(404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})"));
  EXPECT_EQ(ask(), "not_found");
  EXPECT_EQ(last.error().message,
            R"(registry r.example does not have "acme/api:v1" (404: MANIFEST_UNKNOWN: "manifest unknown"))");
  http.reply("HEAD https://registry-1.docker.io/v2/library/nginx/manifests/9", respond(404));
  http.clear_requests();
  EXPECT_EQ(ask("nginx:9"), "not_found");
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RegistryClient, VerifyByGetNeverTrustsAHeader) {
  options.verify_by_get = true;
  http.reply(
      get_line,
      respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", "sha256:" + std::string(64, 'a')}}, body));
  EXPECT_EQ(ask(), "malformed");
  EXPECT_THAT(http.lines(), ElementsAre(get_line));
}

TEST_F(RegistryClient, ADigestIsAskedForItsExistence) {
  const std::string ref = "r.example/acme/api:v1@" + own_digest;
  http.reply("HEAD https://r.example/v2/acme/api/manifests/" + own_digest, manifest_head());
  EXPECT_EQ(ask(ref), own_digest);
  http.forget("HEAD https://r.example/v2/acme/api/manifests/" + own_digest);
  http.reply("HEAD https://r.example/v2/acme/api/manifests/" + own_digest,
             manifest_head("sha256:" + std::string(64, 'a')));
  EXPECT_EQ(ask(ref), "malformed");
}

// --- Redirects ---

TEST_F(RegistryClient, FollowsARedirectToAnotherHostWithoutAuthorization) {
  http.reply(head_line, challenged("Basic realm=x"));
  http.reply(head_line, respond(307, {{"Location", elsewhere + "?sig=1"}}));
  http.reply("HEAD " + elsewhere + "?sig=1", manifest_head());
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "r.example Basic " + alice, "cdn.example -"));
  EXPECT_EQ(http.requests().back().verb, http::method::head);
}

TEST_F(RegistryClient, ATokenForTheRegistryDoesNotFollowTheRedirect) {
  http.reply(head_line, challenged());
  http.reply(token_line, token_reply("T1"));
  http.reply(head_line, respond(302, {{"Location", elsewhere}}));
  http.reply("HEAD " + elsewhere, manifest_head());
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest);
  expect_kept("T1", {"r.example"});
  expect_kept(alice, {"auth.example"});
}

TEST_F(RegistryClient, ARedirectWithinTheHostKeepsTheAuthorization) {
  http.reply(head_line, challenged("Basic realm=x"));
  http.reply(head_line, respond(308, {{"Location", "/v2/acme/moved/manifests/v1"}}));
  http.reply("HEAD https://r.example/v2/acme/moved/manifests/v1", manifest_head());
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "r.example Basic " + alice, "r.example Basic " + alice));
}

TEST_F(RegistryClient, AnotherPortIsAnotherHost) {
  http.reply(head_line, challenged("Basic realm=x"));
  http.reply(head_line, respond(307, {{"Location", "https://r.example:8443/v2/acme/api/manifests/v1"}}));
  http.reply("HEAD https://r.example:8443/v2/acme/api/manifests/v1", challenged("Basic realm=x"));
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), "unauthorized");
  expect_kept(alice, {"r.example"});
}

TEST_F(RegistryClient, A401OfTheOtherHostIsAnsweredAnonymouslyForThatHostOnly) {
  http.reply(head_line, respond(307, {{"Location", elsewhere}}));
  http.reply("HEAD " + elsewhere, challenged(R"(Bearer realm="https://cdn.example/token",service="cdn")"));
  http.reply("GET https://cdn.example/token?service=cdn&scope=repository%3Aproj%2Fimg%3Apull", token_reply("T2"));
  http.reply("HEAD " + elsewhere, manifest_head());
  EXPECT_EQ(ask("r.example/acme/api:v1", user()), own_digest);
  EXPECT_THAT(shown(), ElementsAre("r.example -", "cdn.example -", "cdn.example -", "cdn.example Bearer T2"));
  expect_kept(alice, {});
}

TEST_F(RegistryClient, RedirectsEndAfterFiveHops) {
  http.reply("HEAD *", respond(307, {{"Location", "/v2/again"}}));
  EXPECT_EQ(ask(), "malformed");
  EXPECT_EQ(http.requests().size(), 6U);
  http.clear_requests();
  http.forget("HEAD *");
  int n = 0;
  http.answer("HEAD *", [&](const http::request&) {
    return respond(307, {{"Location", "https://h" + std::to_string(++n) + ".example/v2/x/manifests/1"}});
  });
  EXPECT_EQ(ask(), "malformed");
  EXPECT_EQ(http.requests().size(), 6U);
}

TEST_F(RegistryClient, DoesNotFollowDownToHttp) {
  http.reply(head_line, respond(307, {{"Location", "http://r.example/v2/acme/api/manifests/v1"}}));
  EXPECT_EQ(ask(), "denied");
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RegistryClient, ARedirectReachesNoDeeperThanItsRegistry) {
  auto moved = respond(307, {{"Location", elsewhere}});
  moved.from_public_network = true;
  http.reply(head_line, moved);
  http.reply("HEAD " + elsewhere, manifest_head());
  options.hosts["r.example"];
  EXPECT_EQ(ask(), own_digest);
  EXPECT_TRUE(http.requests()[0].reach.loopback) << "a configured host";
  EXPECT_FALSE(http.requests()[1].reach.loopback);
  EXPECT_FALSE(http.requests()[1].reach.private_networks);
}

// The other ports of this machine are other programs, such as our own admin port.
TEST_F(RegistryClient, ARegistryOnThisMachineLeadsOnlyToNamedOnesOfIt) {
  options.hosts["localhost:5000"] = options.hosts["localhost:5001"] = options.hosts["127.0.0.1:5001"] = {};
  const std::vector<std::pair<std::string, bool>> rows{
      {"http://localhost:5001", true},   {"http://localhost:5002", false},  {"http://localhost", false},
      {"https://127.0.0.1:5001", true},  {"https://127.0.0.1:9090", false}, {"https://[::1]:5001", false},
      {"https://localhost:5002", false}, {"https://r.example", false},
  };
  for (const auto& [to, is_reached] : rows) {
    http.clear_requests();
    const std::string here = "HEAD http://localhost:5000/v2/a/manifests/1";
    const std::string there = to + "/v2/a/manifests/1";
    http.forget(here);
    http.reply(here, respond(307, {{"Location", there}}));
    http.reply("HEAD " + there, manifest_head());
    EXPECT_EQ(ask("localhost:5000/a:1"), own_digest);
    ASSERT_EQ(http.requests().size(), 2U) << to;
    EXPECT_TRUE(http.requests()[0].reach.loopback);
    EXPECT_EQ(http.requests()[1].reach.loopback, is_reached) << to;
  }
}

TEST_F(RegistryClient, TheRegistrysOwnAuthoritiesAreNotTrustedElsewhere) {
  options.hosts["r.example"].ca_file = "/etc/corp.pem";
  http.reply(head_line, respond(307, {{"Location", elsewhere}}));
  http.reply("HEAD " + elsewhere, manifest_head());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_EQ(authority_of(http.requests()[0]), "/etc/corp.pem");
  EXPECT_EQ(http.requests()[1].tls, nullptr);
}

// --- Statuses ---

TEST_F(RegistryClient, RateLimitIsSaidWithItsTimeAndNotRetried) {
  http.reply(head_line, respond(429, {{"Retry-After", "30"}}));
  EXPECT_EQ(ask(), "rate_limited");
  EXPECT_EQ(last.error().retry_after, 30s);
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(RegistryClient, TransientStatusesAreTriedThreeTimes) {
  for (const int status : {408, 499, 500, 502, 503, 504, 522}) {
    http.clear_requests();
    slept.clear();
    http.forget(head_line);
    http.reply(head_line, respond(status));
    http.reply(head_line, respond(status));
    http.reply(head_line, manifest_head());
    EXPECT_EQ(ask(), own_digest) << status;
    EXPECT_THAT(slept, ElementsAre(50ms, 100ms));
  }
}

TEST_F(RegistryClient, TheTriesAreCountedForHeadAndGetTogether) {
  http.reply(head_line, respond(503));
  http.reply(get_line, respond(503, {}, "maintenance"));
  EXPECT_EQ(ask(), "unavailable");
  EXPECT_THAT(http.lines(), ElementsAre(head_line, head_line, head_line, get_line));
  EXPECT_NE(last.error().message.find("maintenance"), std::string::npos);
}

TEST_F(RegistryClient, ConnectionFailuresAreTriedThreeTimes) {
  http.reply(head_line, fail(error_code::unavailable, "connection to r.example refused"));
  EXPECT_EQ(ask(), "unavailable");
  EXPECT_EQ(last.error().message, "registry r.example: connection to r.example refused");
  EXPECT_EQ(http.requests().size(), 3U);
}

TEST_F(RegistryClient, NoRetryOutlivesTheDeadline) {
  http.reply(head_line, fail(error_code::unavailable, "reset"));
  http.answer(head_line, [&](const http::request&) -> result<http::response> {
    time.advance(9'980ms);
    return fail(error_code::unavailable, "reset");
  });
  EXPECT_EQ(ask(), "unavailable");
  EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(RegistryClient, NothingIsSentWhenTheTimeIsOver) {
  const auto late = resolve("r.example/acme/api:v1", {}, 0s);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, error_code::timed_out);
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(RegistryClient, PublicEcrs400MakesAFreshToken) {
  const std::string ecr_bearer = R"(Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws")";
  const std::string url = "https://public.ecr.aws/v2/acme/api/manifests/v1";
  const auto expired =
      respond(400, {}, R"({"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]})");
  http.reply("HEAD " + url, challenged(ecr_bearer));
  http.reply("HEAD " + url, manifest_head());
  http.reply("HEAD " + url, respond(400));
  http.reply("GET " + url, expired);
  http.reply("GET " + url, manifest_get());
  http.reply("GET https://public.ecr.aws/token/*", token_reply("T1"));
  http.reply("GET https://public.ecr.aws/token/*", token_reply("T2"));
  EXPECT_EQ(ask("public.ecr.aws/acme/api:v1"), own_digest);
  http.clear_requests();
  EXPECT_EQ(ask("public.ecr.aws/acme/api:v1"), own_digest);
  EXPECT_THAT(shown(), ElementsAre("public.ecr.aws Bearer T1", "public.ecr.aws Bearer T1", "public.ecr.aws -",
                                   "public.ecr.aws Bearer T2"));
}

TEST_F(RegistryClient, PrivateEcrs403SaysThatThePasswordExpired) {
  const std::string url = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/acme/api/manifests/v1";
  http.reply("HEAD " + url, respond(403));
  http.reply("GET " + url, respond(403, {}, R"({"errors":[{"code":"DENIED","message":"token has expired"}]})"));
  EXPECT_EQ(ask("123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/api:v1", user()), "unauthorized");
  EXPECT_EQ(http.requests().size(), 2U);
}

// --- Docker Hub's budget and the observer ---

TEST_F(RegistryClient, ReportsWhatHappened) {
  http.reply(head_line, challenged());
  http.reply(token_line, token_reply("T1"));
  auto limited = manifest_head();
  limited.headers.push_back({"ratelimit-remaining", "76;w=21600"});
  http.reply(head_line, limited);
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(watch.seen,
              ElementsAre("r.example 401 ok", "r.example token ok", "r.example 200 ok", "r.example remaining 76"));
  watch.seen.clear();
  http.forget(head_line);
  auto odd = manifest_head();
  odd.headers.push_back({"ratelimit-remaining", "lots"});
  http.reply(head_line, odd);
  http.fail_at(http.requests().size() + 1, fail(error_code::unavailable, "reset"));
  EXPECT_EQ(ask(), own_digest);
  EXPECT_THAT(watch.seen, ElementsAre("r.example 0 unavailable", "r.example 200 ok"));
}

}  // namespace
}  // namespace pinhook::registry
