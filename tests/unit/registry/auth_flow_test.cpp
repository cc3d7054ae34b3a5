// The handshake of one request: its messages, its tokens and its memory.
#include "auth_flow_world.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pinhook::registry {
namespace {

TEST(AuthFlow, SendsTheRealRequestFirstAndWithoutCredentials) {
  drive d(user());
  EXPECT_EQ(d.start(), "send");
  EXPECT_EQ(d.answer(respond(200)), "finished");
}

TEST(AuthFlow, FetchesATokenWhenChallenged) {
  drive d;
  EXPECT_EQ(d.start(), "send");
  EXPECT_EQ(d.answer(challenged(bearer)), ask_auth);
  EXPECT_EQ(d.requested.key.service, "r.example");
  EXPECT_EQ(d.requested.key.registry, "https://r.example:443");
  EXPECT_EQ(d.requested.key.identity, "anonymous");
  EXPECT_EQ(d.token("T1"), "send Bearer T1");
  EXPECT_EQ(d.answer(respond(200)), "finished");
}

TEST(AuthFlow, TheNextRequestToTheHostBringsATokenAtOnce) {
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("T1");
  d.answer(respond(404));
  EXPECT_EQ(d.start(), ask_auth);
  // Another identity has learnt nothing from this one.
  d.shown = user();
  EXPECT_EQ(d.start(), "send");
}

TEST(AuthFlow, OwnScopeIsAskedForWhateverTheChallengeSays) {
  for (const char* scope : {R"(,scope="repository:acme/api:pull,push")", R"(,scope="")", R"(,scope="*")", "",
                            R"(,scope="registry:catalog:*")"}) {
    drive d;
    d.start();
    EXPECT_EQ(d.answer(challenged(R"(Bearer realm="https://auth.example/token")" + std::string(scope))), ask_auth)
        << scope;
  }
}

TEST(AuthFlow, PingsOnlyWhenTheChallengeIsUnusable) {
  for (const char* challenge : {"Negotiate", R"(Bearer realm="no url")", ""}) {
    drive d;
    d.start();
    EXPECT_EQ(d.answer(challenged(challenge)), "ping") << challenge;
    // The ping's scope is the catalogue's.
    EXPECT_EQ(d.ping(challenged(R"(Bearer realm="https://auth.example/token",scope="registry:catalog:*")")), ask_auth);
  }
  drive d;
  d.start();
  EXPECT_EQ(d.answer(respond(401)), "ping");
  EXPECT_EQ(d.ping(respond(200)), "error unauthorized");
  EXPECT_NE(d.failed.message.find("does not say of which kind"), std::string::npos);
}

// The outcome is the error of that answer: the registry is in trouble, and does not lack a login.
TEST(AuthFlow, APingInTroubleIsTheAnswer) {
  for (const int status : {408, 429, 499, 500, 502, 503, 504}) {
    drive d;
    d.start();
    EXPECT_EQ(d.answer(respond(401)), "ping");
    EXPECT_EQ(d.ping(respond(status)), "finished") << status;
  }
  for (const int status : {200, 400, 401, 403, 404, 501}) {
    drive d;
    d.start();
    d.answer(respond(401));
    EXPECT_EQ(d.ping(respond(status)), "error unauthorized") << status;
  }
}

TEST(AuthFlow, BasicIsShownToARegistryThatAsksForIt) {
  drive d(user());
  EXPECT_EQ(d.start(), "send");
  EXPECT_EQ(d.answer(challenged("Basic realm=x")), "send Basic YWxpY2U6cGE1NXdvcmQ=");
  EXPECT_EQ(d.answer(respond(200)), "finished");
  // From now on at once, for this host and this identity.
  EXPECT_EQ(d.start(), "send Basic YWxpY2U6cGE1NXdvcmQ=");
  d.target.url = *web_url::parse("https://r.example:8443/v2/acme/api/manifests/v1");
  EXPECT_EQ(d.start(), "send");
}

TEST(AuthFlow, BasicWithoutCredentialsIsUnauthorized) {
  drive d;
  d.start();
  EXPECT_EQ(d.answer(challenged("Basic realm=x")), "error unauthorized");
  EXPECT_NE(d.failed.message.find("user name and password"), std::string::npos);
  drive e(identity_token());
  e.start();
  EXPECT_EQ(e.answer(challenged("Basic realm=x")), "error unauthorized");
}

TEST(AuthFlow, RefusedBasicIsUnauthorizedAndForgotten) {
  drive d(user());
  d.start();
  d.answer(challenged("Basic realm=x"));
  EXPECT_EQ(d.answer(challenged("Basic realm=x")), "error unauthorized");
  EXPECT_NE(d.failed.message.find("config.json: r.example"), std::string::npos);
  EXPECT_EQ(d.start(), "send");
}

TEST(AuthFlow, AHostThatTurnsFromBasicToBearerIsProbedAgain) {
  drive d(user());
  d.start();
  d.answer(challenged("Basic realm=x"));
  d.answer(respond(200));
  d.start();
  EXPECT_EQ(d.answer(challenged(bearer)), "send");
  EXPECT_EQ(d.answer(challenged(bearer)), ask_auth);
}

TEST(AuthFlow, ARegistryTokenIsShownAsItIsAndNeverExchanged) {
  drive d(registry_token());
  EXPECT_EQ(d.start(), "send Bearer raw-token");
  EXPECT_EQ(d.answer(challenged(bearer)), "error unauthorized");
}

TEST(AuthFlow, ARefusedTokenIsReplacedOnceByAFreshOne) {
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("old", false);
  EXPECT_EQ(d.answer(challenged(bearer + R"(,error="invalid_token")")), ask_auth);
  EXPECT_FALSE(d.tokens.find(d.requested.key, d.time.now())) << "the refused token is forgotten";
  EXPECT_EQ(d.token("new"), "send Bearer new");
  EXPECT_EQ(d.answer(challenged(bearer)), "error unauthorized");
  EXPECT_EQ(d.tokens.size(), 0U);
}

TEST(AuthFlow, A401WithoutChallengeAfterATokenCountsAsARefusedToken) {
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("old", false);
  EXPECT_EQ(d.answer(respond(401)), ask_auth);
  d.token("new");
  EXPECT_EQ(d.answer(respond(401)), "error unauthorized");
}

TEST(AuthFlow, InsufficientScopeAsksForTheChallengesScopeOnce) {
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("narrow");
  const std::string more = R"(Bearer realm="https://auth.example/token",service="r.example",)"
                           R"(scope="repository:acme/api:pull,metadata_read",error="insufficient_scope")";
  EXPECT_EQ(d.answer(challenged(more)), "token https://auth.example/token repository:acme/api:pull,metadata_read");
  d.token("wide");
  EXPECT_EQ(d.answer(challenged(more)), "error unauthorized");
}

TEST(AuthFlow, AScopeOfAnotherNameIsTakenOverWhenOursDoesNotDo) {
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("T1");
  EXPECT_EQ(d.answer(challenged(R"(Bearer realm="https://auth.example/token",service="r.example",)"
                                R"(scope="repository:mirror/acme/api:pull")")),
            "token https://auth.example/token repository:mirror/acme/api:pull");
}

TEST(AuthFlow, ANarrowerGrantThanAskedForEndsWithoutAnotherToken) {
  // Docker Hub grants an anonymous token for a repository that does not exist or is private, and refuses it then.
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("T1", true);
  EXPECT_EQ(d.answer(challenged(bearer + R"(,error="insufficient_scope")")), "error unauthorized");
}

TEST(AuthFlow, AHugeScopeOfAChallengeIsNotTakenOver) {
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("T1");
  EXPECT_EQ(d.answer(challenged(R"(Bearer realm="https://auth.example/token",service="r.example",scope=")" +
                                std::string(2000, 'x') + '"')),
            ask_auth);
}

TEST(AuthFlow, ARealmThatChangesAfterExpiryIsProbedWithoutAuthorization) {
  // nvcr.io: the realm named to an expired token refuses anonymous users.
  drive d;
  d.start();
  d.answer(challenged(bearer));
  d.token("T1");
  d.answer(respond(200));
  EXPECT_EQ(d.start(), ask_auth);
  EXPECT_EQ(d.token("T1", false), "send Bearer T1");
  EXPECT_EQ(d.answer(challenged(other_bearer)), "send");
  EXPECT_EQ(d.answer(challenged(bearer)), ask_auth);
  EXPECT_EQ(d.token("T2"), "send Bearer T2");
  EXPECT_EQ(d.answer(respond(200)), "finished");
}

TEST(AuthFlow, ARememberedRealmThatRefusesIsProbedAndNotAskedTwice) {
  drive d;
  d.challenges.put({"https://r.example:443", "anonymous"},
                   {*choose_challenge(parse_challenges({bearer}), d.target.url), false});
  EXPECT_EQ(d.start(), ask_auth);
  EXPECT_EQ(d.no_token(error_code::denied), "send");
  // The same realm again: its answer is known.
  EXPECT_EQ(d.answer(challenged(bearer)), "error denied");

  d.challenges.put({"https://r.example:443", "anonymous"},
                   {*choose_challenge(parse_challenges({bearer}), d.target.url), false});
  d.start();
  d.no_token(error_code::denied);
  EXPECT_EQ(d.answer(challenged(other_bearer)), ask_second);
}

TEST(AuthFlow, ARememberedRealmInTroubleIsNoReasonToProbe) {
  for (const auto code :
       {error_code::unavailable, error_code::timed_out, error_code::rate_limited, error_code::canceled}) {
    drive d;
    d.challenges.put({"https://r.example:443", "anonymous"},
                     {*choose_challenge(parse_challenges({bearer}), d.target.url), false});
    d.start();
    EXPECT_EQ(d.no_token(code), "error " + std::string(to_string(code)));
  }
}

TEST(AuthFlow, ATokenThatCannotBeHadIsTheError) {
  drive d(user());
  d.start();
  d.answer(challenged(bearer));
  EXPECT_EQ(d.no_token(error_code::unauthorized), "error unauthorized");
}

TEST(AuthFlow, A400WithDeniedIsAnExpiredTokenOfPublicEcr) {
  const auto refused =
      respond(400, {}, R"({"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]})");
  drive d;
  d.start();
  EXPECT_EQ(d.answer(refused), "finished") << "without a token it is just a 400";
  d.start();
  d.answer(challenged(bearer));
  d.token("old", false);
  EXPECT_EQ(d.answer(refused), ask_auth);
  EXPECT_FALSE(d.tokens.find(d.requested.key, d.time.now()));
  d.token("new");
  EXPECT_EQ(d.answer(refused), "finished") << "once";
  d.start();
  d.token("T");
  EXPECT_EQ(d.answer(respond(400, {}, R"({"errors":[{"code":"NAME_INVALID"}]})")), "finished");
}

const std::string ecr = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/acme/api/manifests/v1";

TEST(AuthFlow, PrivateEcrGetsBasicAtOnce) {
  drive d(user(), ecr);
  EXPECT_EQ(d.start(), "send Basic YWxpY2U6cGE1NXdvcmQ=");
  drive like_it(user(), "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/v2/acme/api/manifests/v1");
  EXPECT_EQ(like_it.start(), "send");
}

TEST(AuthFlow, PrivateEcrSaysWith403AndNoChallengeThatThePasswordExpired) {
  drive d(user(), ecr);
  d.start();
  // HEAD carries no reason: the GET that follows does.
  EXPECT_EQ(d.answer(respond(403)), "finished");
  d.target.verb = http::method::get;
  d.start();
  EXPECT_EQ(d.answer(respond(403, {}, R"({"errors":[{"code":"DENIED","message":"token has expired"}]})")),
            "error unauthorized");
  EXPECT_NE(d.failed.message.find("12 hours"), std::string::npos);
  EXPECT_NE(d.failed.message.find("token has expired"), std::string::npos);
}

TEST(AuthFlow, A403ElsewhereIsTheAnswer) {
  drive d(user());
  d.target.verb = http::method::get;
  d.start();
  d.answer(challenged("Basic realm=x"));
  EXPECT_EQ(d.answer(respond(403)), "finished");
}

struct realm_case {
  const char* registry;
  const char* realm;
  bool plain_http;
  std::vector<std::string> listed;
  bool taken;
};

class RealmRules : public ::testing::TestWithParam<realm_case> {};

TEST_P(RealmRules, DecideWhoMayGetCredentials) {
  const auto& rule = GetParam();
  drive d(user(), std::string(rule.registry) + "/v2/acme/api/manifests/v1");
  d.target.plain_http = rule.plain_http;
  d.target.realm_hosts = rule.listed;
  d.start();
  const std::string action = d.answer(challenged("Bearer realm=\"" + std::string(rule.realm) + '"'));
  EXPECT_EQ(action.starts_with("token "), rule.taken) << action << ": " << d.failed.message;
  if (!rule.taken) {
    EXPECT_EQ(action, "error denied");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, RealmRules,
    ::testing::Values(
        realm_case{"https://r.example", "https://auth.example/t", false, {}, true},
        // HTTPS, unless HTTP was configured and it is the same host.
        realm_case{"https://r.example", "http://r.example/t", false, {}, false},
        realm_case{"https://r.example", "http://169.254.169.254/latest", false, {}, false},
        realm_case{"https://r.example", "http://r.example/t", true, {}, false},
        realm_case{"http://r.example:5000", "http://r.example:5000/t", true, {}, true},
        realm_case{"http://r.example:5000", "http://r.example:5001/t", true, {}, true},
        realm_case{"http://r.example:5000", "http://other.example/t", true, {}, false},
        realm_case{"http://r.example:5000", "http://r.example:5000/t", false, {}, false},
        realm_case{"http://r.example:5000", "https://other.example/t", true, {}, true},
        realm_case{"http://r.example:5000", "/t", true, {}, true},
        // The operator's list; the registry itself is always on it.
        realm_case{"https://r.example", "https://auth.example/t", false, {"auth.example"}, true},
        realm_case{"https://r.example", "https://auth.example:8443/t", false, {"auth.example:8443"}, true},
        realm_case{"https://r.example", "https://auth.example:8444/t", false, {"auth.example:8443"}, false},
        realm_case{"https://r.example", "https://other.example/t", false, {"auth.example"}, false},
        realm_case{"https://r.example", "https://auth.example.evil/t", false, {"auth.example"}, false},
        realm_case{"https://r.example", "https://r.example/t", false, {"auth.example"}, true},
        // Clouds whose tokens open more than one registry.
        realm_case{"https://acme.azurecr.io", "https://acme.azurecr.io/oauth2/token", false, {}, true},
        realm_case{"https://acme.azurecr.io", "https://evil.example/t", false, {}, false},
        realm_case{"https://europe-docker.pkg.dev", "https://evil.example/t", false, {}, false},
        realm_case{"https://gcr.io", "https://gcr.io/v2/token", false, {}, true},
        realm_case{"https://eu.gcr.io", "https://evil.example/t", false, {}, false},
        realm_case{"https://public.ecr.aws", "https://evil.example/t", false, {}, false},
        realm_case{"https://acme.azurecr.io", "https://sso.acme.example/t", false, {"sso.acme.example"}, true}));

TEST(AuthFlow, TheRealmReachesNoDeeperThanItsRegistry) {
  const auto reach_of = [](drive& d, const std::string& realm, bool from_public) {
    d.start();
    auto r = challenged("Bearer realm=\"" + realm + '"');
    r.from_public_network = from_public;
    EXPECT_TRUE(d.answer(r).starts_with("token "));
    return d.requested.reach;
  };
  // A configured host may be on loopback; a realm that it names may not, unless it is the same host and port.
  drive d;
  d.target.reach.loopback = true;
  EXPECT_FALSE(reach_of(d, "https://auth.example/t", false).loopback);
  EXPECT_TRUE(reach_of(d, "https://r.example/t", false).loopback);
  EXPECT_FALSE(reach_of(d, "https://r.example:8443/t", false).loopback);
  d.target.realm_hosts = {"auth.example"};
  EXPECT_TRUE(reach_of(d, "https://auth.example/t", false).loopback);
  drive local({}, "http://localhost:5000/v2/acme/api/manifests/v1");
  local.target.reach.loopback = true;
  local.target.plain_http = true;
  EXPECT_FALSE(reach_of(local, "http://localhost:5001/t", false).loopback) << "another program of this machine";
  EXPECT_TRUE(reach_of(local, "http://localhost:5000/t", false).loopback);
  local.target.is_named = [](const origin& there) { return there.authority() == "localhost:5001"; };
  EXPECT_TRUE(reach_of(local, "http://localhost:5001/t", false).loopback) << "it is listed under registries";
  EXPECT_FALSE(reach_of(local, "http://localhost:5002/t", false).loopback);
  local.target.is_named = nullptr;
  local.target.realm_hosts = {"localhost:5001"};
  EXPECT_TRUE(reach_of(local, "http://localhost:5001/t", false).loopback) << "it is listed under realm_hosts";
  // From the public internet into a private network: only to itself or where the operator says.
  drive p;
  EXPECT_TRUE(reach_of(p, "https://auth.example/t", false).private_networks);
  EXPECT_FALSE(reach_of(p, "https://auth.example/t", true).private_networks);
  EXPECT_TRUE(reach_of(p, "https://r.example/t", true).private_networks);
  p.target.realm_hosts = {"auth.example"};
  EXPECT_TRUE(reach_of(p, "https://auth.example/t", true).private_networks);
}

TEST(AuthFlow, WhereTheRegistryStoodIsRemembered) {
  drive d;
  d.start();
  auto r = challenged(bearer);
  r.from_public_network = true;
  d.answer(r);
  d.token("T");
  d.answer(respond(200));
  EXPECT_EQ(d.start(), ask_auth);
  EXPECT_FALSE(d.requested.reach.private_networks);
}

TEST(AuthFlow, AHostThatWasRedirectedToNeverSeesCredentials) {
  for (const auto& shown : {user(), identity_token(), registry_token()}) {
    drive d(shown, "https://cdn.example/v2/acme/api/manifests/v1");
    d.target.redirected = true;
    EXPECT_EQ(d.start(), "send");
    EXPECT_EQ(d.answer(challenged("Basic realm=x")), "error unauthorized");
    d.start();
    EXPECT_EQ(d.answer(challenged(bearer)), ask_auth);
    EXPECT_EQ(d.requested.key.identity, "anonymous");
  }
  drive d(user(), ecr);
  d.target.redirected = true;
  EXPECT_EQ(d.start(), "send");
}

TEST(AuthFlow, WithoutARepositoryOfItsOwnTheChallengesScopeIsUsed) {
  drive d;
  d.target.redirected = true;
  d.target.repository.clear();
  d.start();
  EXPECT_EQ(d.answer(challenged(R"(Bearer realm="https://auth.example/token",scope="repository:real/name:pull")")),
            "token https://auth.example/token repository:real/name:pull");
}

TEST(AuthFlow, EndsWhateverThePeerSays) {
  const std::vector<http::response> responses{
      respond(200),
      respond(401),
      respond(403),
      challenged(bearer),
      challenged(other_bearer),
      challenged("Basic realm=x"),
      challenged(bearer + R"(,error="insufficient_scope")"),
      challenged(R"(Bearer realm="https://auth.example/token",service="r.example",scope="repository:x:pull")"),
      respond(400, {}, R"({"errors":[{"code":"DENIED"}]})"),
      challenged(R"(Bearer realm="http://evil.example/t")")};
  std::minstd_rand random(7);
  for (int round = 0; round < 5000; ++round) {
    drive d(round % 3 == 0 ? user() : round % 3 == 1 ? identity_token() : credential{});
    d.challenges.put(
        {"https://r.example:443", d.shown.identity},
        {*choose_challenge(parse_challenges({round % 2 == 0 ? bearer : other_bearer}), d.target.url), false});
    std::string now = d.start();
    int steps = 0;
    for (; now != "finished" && !now.starts_with("error"); ++steps) {
      ASSERT_LT(steps, 16) << "round " << round;
      const auto& r = responses[random() % responses.size()];
      if (now == "ping")
        now = d.ping(r);
      else if (now.starts_with("token"))
        now = random() % 4 == 0 ? d.no_token(error_code::denied)
                                : d.token("T" + std::to_string(steps), random() % 2 == 0);
      else
        now = d.answer(r);
      EXPECT_EQ(now.find("send Basic") != std::string::npos && d.shown.kind != credential_kind::basic, false);
    }
  }
}

TEST(Scope, CoversWhenOnlyActionsAreMore) {
  EXPECT_TRUE(scope_covers("repository:a:pull,push", "repository:a:pull"));
  EXPECT_TRUE(scope_covers("repository:a:push,pull", "repository:a:pull"));
  EXPECT_TRUE(scope_covers("repository:host:5000/a:pull", "repository:host:5000/a:pull"));
  EXPECT_FALSE(scope_covers("repository:a:push", "repository:a:pull"));
  EXPECT_FALSE(scope_covers("repository:b:pull", "repository:a:pull"));
  EXPECT_FALSE(scope_covers("repository:a:pullx", "repository:a:pull"));
  EXPECT_FALSE(scope_covers("", "repository:a:pull"));
}

}  // namespace
}  // namespace pinhook::registry
