// The whole client against an HTTP world in memory: what goes over the wire, to whom, and what comes of it.
#include "support/fake_http_client.hpp"
#include "support/run.hpp"

#include <pinhook/registry/exchange.hpp>
#include <pinhook/registry/manifest.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::respond;

const std::string oci_index = "application/vnd.oci.image.index.v1+json";
const std::string body = R"({"schemaVersion":2,"manifests":[]})";
const std::string own_digest = digest::of(body).to_string();
const std::string bearer =
    R"(Bearer realm="https://auth.example/token",service="r.example",scope="repository:acme/api:pull")";

const std::string manifest_url = "https://r.example/v2/acme/api/manifests/v1";
const std::string head_line = "HEAD " + manifest_url;
const std::string get_line = "GET " + manifest_url;
const std::string token_query = "?service=r.example&scope=repository%3Aacme%2Fapi%3Apull";
const std::string token_line = "GET https://auth.example/token" + token_query;

http::response challenged(const std::string& how = bearer) { return respond(401, {{"WWW-Authenticate", how}}); }
http::response manifest_head(const std::string& digest = own_digest) {
  return respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", digest}});
}
http::response manifest_get() { return respond(200, {{"Content-Type", oci_index}}, body); }
http::response token_reply(const std::string& token, int lifetime = 300) {
  return respond(200, {}, R"({"token":")" + token + R"(","expires_in":)" + std::to_string(lifetime) + "}");
}

credential user() {
  return {credential_kind::basic, "alice", secret("pa55word"), "config.json: r.example", "id-alice"};
}
credential identity_token() {
  return {credential_kind::identity_token, "", secret("refresh-me"), "config.json: r.example", "id-refresh"};
}

struct recorder final : observer {
  std::vector<std::string> seen;
  void registry_request(std::string_view host, int status, std::string_view outcome,
                        std::chrono::nanoseconds) override {
    seen.push_back(std::string(host) + " " + std::to_string(status) + " " + std::string(outcome));
  }
  void token_fetched(std::string_view host, std::string_view outcome) override {
    seen.push_back(std::string(host) + " token " + std::string(outcome));
  }
  void rate_limit_remaining(std::string_view host, std::int64_t remaining) override {
    seen.push_back(std::string(host) + " remaining " + std::to_string(remaining));
  }
};

class RegistryClient : public ::testing::Test {
 protected:
  testing::fake_clock time;
  testing::fake_http_client http{time};
  recorder watch;
  client_options options;
  std::unique_ptr<client> client_;
  std::vector<std::chrono::nanoseconds> slept;

  client& made() {
    if (!client_) {
      exchange_seams seams;
      seams.sleep = [this](std::chrono::nanoseconds span) -> awaitable<void> {
        slept.push_back(span);
        time.advance(span);
        co_return;
      };
      seams.random = [] { return 0.0; };
      client_ = make_client(http, options, time, &watch, std::move(seams));
    }
    return *client_;
  }

  result<descriptor> resolve(const std::string& ref = "r.example/acme/api:v1", credential who = {},
                             std::chrono::seconds within = 10s) {
    auto parsed = reference::parse(ref);
    EXPECT_TRUE(parsed) << ref;
    auto work = made().resolve(*parsed, std::move(who), deadline::after(time.now(), within));
    return testing::run(std::move(work));
  }
  // The digest, or the error's code.
  std::string ask(const std::string& ref = "r.example/acme/api:v1", credential who = {}) {
    last = resolve(ref, std::move(who));
    return last ? last->digest.to_string() : std::string(to_string(last.error().code));
  }
  // "host authorization" of every request, "-" for none.
  std::vector<std::string> shown() const {
    std::vector<std::string> out;
    for (const auto& r : http.requests())
      out.push_back(web_url::parse(r.url)->where().authority() + " " +
                    (r.authorization ? r.authorization->reveal() : "-"));
    return out;
  }
  // Neither the secret nor a form of it was sent to any other host, and no message holds it.
  void expect_kept(const std::string& hidden, const std::vector<std::string>& hosts) const {
    for (const auto& r : http.requests()) {
      const std::string to = web_url::parse(r.url)->where().authority();
      const bool carries = (r.authorization && r.authorization->reveal().find(hidden) != std::string::npos) ||
                           (r.body && r.body->reveal().find(hidden) != std::string::npos) ||
                           r.url.find(hidden) != std::string::npos;
      EXPECT_TRUE(!carries || std::find(hosts.begin(), hosts.end(), to) != hosts.end()) << hidden << " went to " << to;
    }
    if (!last) {
      EXPECT_EQ(last.error().message.find(hidden), std::string::npos) << last.error().message;
    }
  }
  result<descriptor> last = fail(error_code::internal, "not asked");
};

const std::string alice = "YWxpY2U6cGE1NXdvcmQ=";

// --- The request (registry.md §2.1) ---

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

TEST_F(RegistryClient, SpeaksHttpToLoopbackNamesAndConfiguredHostsOnly) {
  options.hosts["plain.example"].plain_http = true;
  options.hosts["localhost:7000"].plain_http = false;
  options.hosts["secure.example"].ca_file = "/etc/ca.pem";
  http.reply("HEAD *", manifest_head());
  for (const char* ref : {"localhost:5000/a:1", "127.0.0.1:5000/a:1", "[::1]:5000/a:1", "plain.example/a:1",
                          "localhost:7000/a:1", "secure.example/a:1", "r.example/a:1", "127.1/a:1", "10.0.0.1/a:1"})
    ask(ref);
  EXPECT_THAT(http.lines(),
              ElementsAre("HEAD http://localhost:5000/v2/a/manifests/1", "HEAD http://127.0.0.1:5000/v2/a/manifests/1",
                          "HEAD http://[::1]:5000/v2/a/manifests/1", "HEAD http://plain.example/v2/a/manifests/1",
                          "HEAD https://localhost:7000/v2/a/manifests/1",
                          "HEAD https://secure.example/v2/a/manifests/1", "HEAD https://r.example/v2/a/manifests/1",
                          "HEAD https://127.1/v2/a/manifests/1", "HEAD https://10.0.0.1/v2/a/manifests/1"));
  std::vector<bool> loopback;
  for (const auto& r : http.requests()) loopback.push_back(r.reach.loopback);
  EXPECT_THAT(loopback, ElementsAre(true, true, true, true, true, true, false, false, false));
  EXPECT_EQ(http.requests()[5].ca_file, "/etc/ca.pem");
}

// --- HEAD and GET (§2.2) ---

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

// --- Redirects (§2.3) ---

const std::string elsewhere = "https://cdn.example/v2/proj/img/manifests/v1";

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

TEST_F(RegistryClient, TheRegistrysOwnAuthoritiesAreNotTrustedElsewhere) {
  options.hosts["r.example"].ca_file = "/etc/corp.pem";
  http.reply(head_line, respond(307, {{"Location", elsewhere}}));
  http.reply("HEAD " + elsewhere, manifest_head());
  EXPECT_EQ(ask(), own_digest);
  EXPECT_EQ(http.requests()[0].ca_file, "/etc/corp.pem");
  EXPECT_EQ(http.requests()[1].ca_file, "");
}

// --- Statuses (§2.4) ---

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

// --- Docker Hub's budget and what is watched (§2.5) ---

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

// --- Authentication (§3) ---

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

// go-containerregistry PR 2291: a registry of the attacker names the cloud's metadata service as its realm, whose JSON
// has a "Token"; a client that ignores case would hand the cloud's credential to the attacker.
TEST_F(RegistryClient, AMetadataServiceIsNoTokenServer) {
  const std::string url = "https://evil.example/v2/x/manifests/1";
  const std::string imds = "169.254.169.254/latest/meta-data/iam/security-credentials/role";
  const auto credentials =
      respond(200, {}, R"({"Code":"Success","AccessKeyId":"AKIA","SecretAccessKey":"s","Token":"CLOUD"})");
  // Over HTTP: never asked.
  http.reply("HEAD " + url, challenged("Bearer realm=\"http://" + imds + "\",service=\"x\""));
  EXPECT_EQ(ask("evil.example/x:1"), "denied");
  EXPECT_THAT(http.lines(), ElementsAre("HEAD " + url));
  // Over HTTPS the address check stands before it, which belongs to the HTTP client; were it to answer, it is no token.
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
    credential nobody;
    auto found = co_await made().resolve(std::move(ref), std::move(nobody), d);
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
    credential nobody;
    auto found = co_await made().resolve(std::move(ref), std::move(nobody), d);
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

TEST_F(RegistryClient, WhenTheOneThatFetchesIsCanceledAnotherTakesOver) {
  http.reply(head_line, challenged());
  http.reply(head_line, challenged());
  http.reply(head_line, manifest_head());
  http.reply(token_line, fail(error_code::canceled, "canceled"));
  http.reply(token_line, token_reply("T1"));
  asio::io_context io(1);
  std::vector<std::string> outcomes;
  const deadline d = deadline::after(time.now(), 10s);
  auto one = [&]() -> awaitable<void> {
    auto ref = *reference::parse("r.example/acme/api:v1");
    credential nobody;
    auto found = co_await made().resolve(std::move(ref), std::move(nobody), d);
    outcomes.emplace_back(found ? "good" : to_string(found.error().code));
  };
  for (int i = 0; i < 2; ++i) asio::co_spawn(io, one(), [](std::exception_ptr) {});
  io.run();
  EXPECT_THAT(outcomes, ElementsAre("canceled", "good"));
}

TEST_F(RegistryClient, CancellationIsAResult) {
  http.reply(head_line, respond(503));
  asio::io_context io(1);
  asio::cancellation_signal stop;
  exchange_seams seams;
  seams.sleep = [&](std::chrono::nanoseconds) -> awaitable<void> {
    stop.emit(asio::cancellation_type::terminal);
    co_return;
  };
  auto canceled = make_client(http, options, time, nullptr, std::move(seams));
  std::optional<error_code> code;
  const deadline d = deadline::after(time.now(), 10s);
  auto one = [&]() -> awaitable<void> {
    auto ref = *reference::parse("r.example/acme/api:v1");
    credential nobody;
    auto found = co_await canceled->resolve(std::move(ref), std::move(nobody), d);
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
