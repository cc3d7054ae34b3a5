// As registry_quirks_test.cpp, for authentication.
#include "support/registry_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using registry::credential_kind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RegistryAuthQuirks : public registry_world {
 protected:
  static constexpr const char* manifest = "/v2/a/manifests/1";
  static constexpr const char* realm = "https://auth.example/token";

  // "one.example/a:1" behind a Bearer challenge with these parameters; the realm grants to everyone.
  void challenge_with(const std::string& www_authenticate) {
    protect("one.example", manifest, www_authenticate, manifest_reply());
    grant(realm);
  }
  recorded_request token_request(std::size_t which = 0) { return net.at("auth.example").requests().at(which); }
};

// ---- When ----
// zot#3869, zot#2928: /v2/ is 200 where any anonymous policy exists. gcr.io: a comment in containers/image at df7e80d2,
// docker/docker_client.go, on a 401 without WWW-Authenticate.

TEST_F(RegistryAuthQuirks, ZotsPingSucceedsThoughItsRepositoriesWantAuthentication) {
  net.at("one.example").on("GET", "/v2/", {});
  challenge_with("Bearer realm=\"https://auth.example/token\",service=\"zot\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(net.at("one.example").requests("GET", "/v2/"), IsEmpty());
}

TEST_F(RegistryAuthQuirks, GcrRefusesWithoutChallengeAndTellsByPing) {
  net.at("gcr.io").otherwise([](const recorded_request& r) {
    if (r.path() == "/v2/") return challenge("Bearer realm=\"https://gcr.io/v2/token\",service=\"gcr.io\"");
    return r.header("Authorization") == "Bearer token-1" ? manifest_reply() : refusal(401, "UNAUTHORIZED");
  });
  grant("https://gcr.io/v2/token");
  EXPECT_EQ(digest_of("gcr.io/acme/a:1"), digest());
  EXPECT_THAT(net.at("gcr.io").requests("GET", "/v2/"), SizeIs(1));
}

TEST_F(RegistryAuthQuirks, ARegistryThatNeverChallengesIsNamedSo) {
  net.at("one.example").otherwise([](const auto&) { return refusal(401, "UNAUTHORIZED"); });
  EXPECT_EQ(failure("one.example/a:1").code, error_code::unauthorized);
}

TEST_F(RegistryAuthQuirks, AChallengeIsRememberedAndTheTokenKept) {
  challenge_with("Bearer realm=\"https://auth.example/token\",service=\"s\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(net.at("one.example").requests(), SizeIs(3)) << "401, 200, 200";
  EXPECT_THAT(net.at("auth.example").requests(), SizeIs(1));
}

// ---- Challenges ----
// RFC 9110 §11; containerd at 301026e5, core/remotes/docker/auth/parse.go; regclient at 725072f6, internal/auth/auth.go
// (relative realms); nexus-public#659 (no scope); nvidia-container-toolkit#1945 (another realm after expiry).

TEST_F(RegistryAuthQuirks, ChallengesStandInSeveralLines) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    if (r.header("Authorization") == "Bearer token-1") return manifest_reply();
    auto out = challenge("Negotiate");
    out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"https://auth.example/token\"");
    return out;
  });
  grant(realm);
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, ChallengesStandInOneLineAndBearerWins) {
  challenge_with("Negotiate, Basic realm=\"a, b\", bEaReR Realm=\"https://auth.example/token\",service=plain");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(token_request().query(), HasSubstr("service=plain"));
}

TEST_F(RegistryAuthQuirks, QuotedStringsHoldCommasAndEscapes) {
  challenge_with(
      R"(Bearer scope="repository:a:pull,push",service="the \"one\", they say",realm="https://auth.example/token")");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(token_request().query(), AllOf(HasSubstr("service=the%20%22one%22%2C%20they%20say"),
                                             HasSubstr("scope=repository%3Aa%3Apull"), Not(HasSubstr("push"))));
}

TEST_F(RegistryAuthQuirks, OcirSendsAnEmptyScope) {
  challenge_with("Bearer realm=\"https://auth.example/token\",service=\"fra.ocir.io\",scope=\"\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(token_request().query(), HasSubstr("scope=repository%3Aa%3Apull"));
}

TEST_F(RegistryAuthQuirks, NexusSendsNoScope) {
  challenge_with("Bearer realm=\"https://auth.example/token\",service=\"nexus\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(token_request().query(), HasSubstr("scope=repository%3Aa%3Apull"));
}

TEST_F(RegistryAuthQuirks, NvcrSendsNoService) {
  challenge_with("Bearer realm=\"https://auth.example/token\",scope=\"repository:a:pull\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(token_request().query(), Not(HasSubstr("service")));
}

TEST_F(RegistryAuthQuirks, ARealmMayBeRelative) {
  protect("one.example", manifest, "Bearer realm=\"/v2/token\"", manifest_reply());
  grant("https://one.example/v2/token");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, ARealmThatIsNoUrlMakesBearerUnusable) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    return r.header("Authorization") == basic_value ? manifest_reply()
                                                    : challenge("Bearer realm=\"ht tp://[\", Basic realm=\"x\"");
  });
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
}

TEST_F(RegistryAuthQuirks, ARealmsQueryIsKept) {
  challenge_with("Bearer realm=\"https://auth.example/token?account=7\",service=\"s\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(token_request().query(), AllOf(HasSubstr("account=7&"), HasSubstr("service=s")));
}

TEST_F(RegistryAuthQuirks, OneScopeIsAskedFor) {
  challenge_with("Bearer realm=\"https://auth.example/token\",scope=\"repository:a:pull repository:b:pull\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  const std::string query = token_request().query();
  EXPECT_EQ(query.find("scope="), query.rfind("scope="));
  EXPECT_THAT(query, Not(HasSubstr("%3Ab%3A")));
}

TEST_F(RegistryAuthQuirks, AnInvalidTokenIsReplacedOnce) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    if (r.header("Authorization") == "Bearer token-2") return manifest_reply();
    return challenge("Bearer realm=\"https://auth.example/token\",service=\"s\",error=\"invalid_token\"");
  });
  net.at("auth.example")
      .on("GET", "/token", token_reply(R"({"token":"token-1"})"), token_reply(R"({"token":"token-2"})"));
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(net.at("auth.example").requests(), SizeIs(2));
}

TEST_F(RegistryAuthQuirks, ATokenThatIsRefusedTwiceIsTheEnd) {
  net.at("one.example").otherwise([](const auto&) {
    return challenge("Bearer realm=\"https://auth.example/token\",service=\"s\"");
  });
  grant(realm);
  EXPECT_EQ(failure("one.example/a:1").code, error_code::unauthorized);
  EXPECT_THAT(net.at("auth.example").requests(), SizeIs(2));
}

TEST_F(RegistryAuthQuirks, InsufficientScopeIsAskedForAgainAsTheRegistryNamesIt) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    const std::string shown = r.header("Authorization");
    if (shown == "Bearer token-2") return manifest_reply();
    const std::string bearer = "Bearer realm=\"https://auth.example/token\",service=\"s\"";
    return challenge(shown.empty() ? bearer
                                   : bearer + ",scope=\"repository:a:metadata_read\",error=\"insufficient_scope\"");
  });
  net.at("auth.example").handle("GET", "/token", [](const recorded_request& r) {
    const bool wide = r.query().find("metadata_read") != std::string::npos;
    return token_reply(wide ? R"({"token":"token-2"})" : R"({"token":"token-1"})");
  });
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, NvcrNamesAnotherRealmOnceATokenExpired) {
  // The second realm refuses anonymous users; newcomers are sent to the first.
  std::string good = "token-1";
  net.at("nvcr.io").otherwise([&](const recorded_request& r) {
    const std::string shown = r.header("Authorization");
    if (shown == "Bearer " + good) return manifest_reply();
    return challenge(shown.empty() ? "Bearer realm=\"https://nvcr.io/proxy_auth\""
                                   : "Bearer realm=\"https://authn.example/token\"");
  });
  net.at("nvcr.io").on("GET", "/proxy_auth", token_reply(R"({"token":"token-1"})"),
                       token_reply(R"({"token":"token-2"})"));
  net.at("authn.example").otherwise([](const auto&) { return refusal(401, "UNAUTHORIZED"); });
  EXPECT_EQ(digest_of("nvcr.io/nvidia/a:1"), digest());
  good = "token-2";
  net.at("nvcr.io").forget_requests();
  EXPECT_EQ(digest_of("nvcr.io/nvidia/a:1"), digest());
}

// ---- Tokens ----
// distribution at 0d6b721d, docs/content/spec/auth/token.md and oauth.md. POST fails: GCR and Gitea 404, Artifactory
// 401, ACR 400 (comments in containerd at 301026e5). One scope: go-containerregistry (some honour the first only),
// manifest-tool#53 (GitLab the last only).

TEST_F(RegistryAuthQuirks, AnonymousTokensAreAskedForWithoutAuthorization) {
  challenge_with("Bearer realm=\"https://auth.example/token\",service=\"ghcr.io\"");
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_EQ(token_request().method, "GET");
  EXPECT_FALSE(token_request().has_header("Authorization"));
}

TEST_F(RegistryAuthQuirks, UserAndPasswordGoByGet) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
  EXPECT_EQ(token_request().method, "GET");
  EXPECT_EQ(token_request().header("Authorization"), basic_value);
  for (const auto& r : net.at("one.example").requests()) EXPECT_NE(r.header("Authorization"), basic_value);
}

TEST_F(RegistryAuthQuirks, AnIdentityTokenGoesByPost) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  net.at("auth.example").on("POST", "/token", token_reply(R"({"access_token":"token-1"})"));
  EXPECT_EQ(digest_of("one.example/a:1", with(credential_kind::identity_token, "refresh me")), digest());
  EXPECT_EQ(token_request().method, "POST");
  EXPECT_THAT(token_request().body, AllOf(HasSubstr("grant_type=refresh_token"),
                                          HasSubstr("refresh_token=refresh%20me"), HasSubstr("client_id=pinhook"),
                                          HasSubstr("scope=repository%3Aa%3Apull"), Not(HasSubstr("offline"))));
  EXPECT_EQ(token_request().header("Content-Type"), "application/x-www-form-urlencoded");
}

TEST_F(RegistryAuthQuirks, PostThatIsMissingFallsBackToGet) {
  // GCR and Gitea 404, Artifactory 401, ACR 400, others 405.
  for (const int status : {404, 401, 400, 405}) {
    protect_with_token("one.example", manifest, realm, manifest_reply());
    net.at("auth.example").on("POST", "/token", refusal(status, "UNSUPPORTED"));
    EXPECT_EQ(digest_of("one.example/a:1", with(credential_kind::identity_token, std::to_string(status))), digest())
        << status;
  }
}

TEST_F(RegistryAuthQuirks, ARegistryTokenIsShownAsItIs) {
  protect("one.example", manifest, "Bearer realm=\"https://auth.example/token\"", manifest_reply(), "ready-made");
  EXPECT_EQ(digest_of("one.example/a:1", with(credential_kind::registry_token, "ready-made")), digest());
  EXPECT_THAT(net.at("one.example").requests(), SizeIs(1));
}

TEST_F(RegistryAuthQuirks, ArtifactoryAnswers406ToThoseWhoDoNotAcceptJson) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  net.at("auth.example").handle("GET", "/token", [](const recorded_request& r) {
    return r.header("Accept") == "application/json" ? token_reply(R"({"token":"token-1"})") : reply{.status = 406};
  });
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, AccessTokenIsPreferred) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  grant(realm, token_reply(R"({"token":"old","access_token":"token-1"})"));
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, AcrSendsNoExpiresInWhichMeansAMinute) {
  protect_with_token("acme.azurecr.io", manifest, "https://acme.azurecr.io/oauth2/token", manifest_reply());
  grant("https://acme.azurecr.io/oauth2/token", token_reply(R"({"access_token":"token-1"})"));
  const auto asked = [&] { return net.at("acme.azurecr.io").requests("GET", "/oauth2/token").size(); };
  EXPECT_EQ(digest_of("acme.azurecr.io/a:1"), digest());
  time.ahead = 50s;
  EXPECT_EQ(digest_of("acme.azurecr.io/a:1"), digest());
  EXPECT_EQ(asked(), 1U);
  time.ahead = 61s;
  EXPECT_EQ(digest_of("acme.azurecr.io/a:1"), digest());
  EXPECT_EQ(asked(), 2U);
}

TEST_F(RegistryAuthQuirks, LongTokensAreTaken) {
  const std::string token(16 * 1024, 't');
  protect("one.example", manifest, "Bearer realm=\"https://auth.example/token\"", manifest_reply(), token);
  grant(realm, token_reply(R"({"token":")" + token + R"("})"));
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, UnusableTokensAreRefused) {
  for (const std::string body :
       {R"({"token":"a\r\nX-Evil: 1"})", R"({"token":""})", R"({"token":7})", R"({})", R"([])", "", "token-1",
        // The name that a cloud's metadata service gives its credentials: never shown to a registry.
        R"({"Token":"token-1"})"}) {
    protect_with_token("one.example", manifest, realm, manifest_reply());
    grant(realm, token_reply(body));
    EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed) << body;
  }
}

TEST_F(RegistryAuthQuirks, ATokenAnswerBeyond64KiBIsRefused) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  grant(realm, token_reply(R"({"token":"token-1","filler":")" + std::string(70'000, 'x') + R"("})"));
  EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed);
}

TEST_F(RegistryAuthQuirks, ATokenMayBeNarrowerThanAsked) {
  // The grant is 200 all the same; the registry then refuses it.
  protect_with_token("one.example", manifest, realm, refusal(403, "DENIED", "requested access is denied"));
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::denied);
  EXPECT_THAT(e.message, HasSubstr("requested access is denied"));
}

// ---- Basic, expiry ----
// Private ECR: flipt#3043 (403 without a challenge), aws/containers-roadmap#1931 (no digest on GET).

TEST_F(RegistryAuthQuirks, BasicIsSentWhereItIsAskedFor) {
  protect_with_basic("one.example", manifest, manifest_reply());
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
  EXPECT_FALSE(net.at("one.example").requests().at(0).has_header("Authorization")) << "not before";
}

TEST_F(RegistryAuthQuirks, BasicWithoutCredentialsIsUnauthorized) {
  protect_with_basic("one.example", manifest, manifest_reply());
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::unauthorized);
  EXPECT_THAT(e.message, HasSubstr("user name and password"));
}

TEST_F(RegistryAuthQuirks, WrongPasswordsAreUnauthorizedAlsoForPublicImages) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  net.at("auth.example").handle("GET", "/token", [](const recorded_request& r) {
    return r.has_header("Authorization") ? refusal(401, "UNAUTHORIZED", "incorrect username or password")
                                         : token_reply(R"({"token":"token-1"})");
  });
  const error e = failure("one.example/a:1", basic());
  EXPECT_EQ(e.code, error_code::unauthorized);
  EXPECT_THAT(e.message, AllOf(HasSubstr("incorrect username or password"), HasSubstr("config.json: one")));
}

TEST_F(RegistryAuthQuirks, PrivateEcrTakesBasicAtOnceAndSendsNoDigestOnGet) {
  const std::string host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  net.at(host).otherwise([](const recorded_request& r) {
    if (r.header("Authorization") != basic_value) return refusal(401, "UNAUTHORIZED");
    return r.method == "HEAD" ? manifest_reply() : without_digest(manifest_reply());
  });
  EXPECT_EQ(digest_of(host + "/a:1", basic()), digest());
  EXPECT_THAT(net.at(host).requests(), SizeIs(1));
  options.verify_by_get = true;
  restart();
  EXPECT_EQ(digest_of(host + "/a:1", basic()), digest());
}

TEST_F(RegistryAuthQuirks, PrivateEcrAnswers403WithoutChallengeWhenThePasswordExpired) {
  const std::string host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  net.at(host).otherwise([](const auto&) {
    return refusal(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.");
  });
  const error e = failure(host + "/a:1", basic());
  EXPECT_EQ(e.code, error_code::unauthorized) << "so that newer credentials are looked for";
  EXPECT_THAT(e.message, HasSubstr("has expired"));
}

TEST_F(RegistryAuthQuirks, PublicEcrAnswers400WhenATokenExpired) {
  std::string good = "token-1";
  net.at("public.ecr.aws").otherwise([&](const recorded_request& r) {
    const std::string shown = r.header("Authorization");
    if (shown == "Bearer " + good) return manifest_reply();
    return shown.empty() ? challenge("Bearer realm=\"https://public.ecr.aws/token/\",service=\"public.ecr.aws\"")
                         : refusal(400, "DENIED", "Your authorization token has expired.");
  });
  net.at("public.ecr.aws")
      .on("GET", "/token/", token_reply(R"({"token":"token-1","expires_in":3600})"),
          token_reply(R"({"token":"token-2","expires_in":3600})"));
  EXPECT_EQ(digest_of("public.ecr.aws/acme/a:1"), digest());
  good = "token-2";
  net.at("public.ecr.aws").forget_requests();
  EXPECT_EQ(digest_of("public.ecr.aws/acme/a:1"), digest());
}

TEST_F(RegistryAuthQuirks, GhcrRefusesAnonymousTokensForPrivateImages) {
  protect_with_token("ghcr.io", "/v2/acme/a/manifests/1", "https://ghcr.io/token", manifest_reply());
  net.at("ghcr.io").on("GET", "/token", refusal(403, "DENIED", "requested access to the resource is denied"));
  EXPECT_EQ(failure("ghcr.io/acme/a:1").code, error_code::denied);
}

TEST_F(RegistryAuthQuirks, ArtifactRegistryRefusesTheTokenForWhatMayNotExist) {
  const std::string host = "europe-docker.pkg.dev";
  protect_with_token(host, "/v2/p/r/a/manifests/1", "https://europe-docker.pkg.dev/v2/token", manifest_reply());
  net.at(host).on("GET", "/v2/token", refusal(403, "DENIED", "(or it may not exist)"));
  const error e = failure(host + "/p/r/a:1");
  EXPECT_EQ(e.code, error_code::denied);
  EXPECT_THAT(e.message, HasSubstr("or it may not exist"));
}

TEST_F(RegistryAuthQuirks, QuaySays401ForWhatDoesNotExist) {
  protect_with_token("quay.io", "/v2/acme/none/manifests/1", "https://quay.io/v2/auth",
                     refusal(401, "UNAUTHORIZED", "access to the requested resource is not authorized"));
  EXPECT_EQ(failure("quay.io/acme/none:1").code, error_code::unauthorized);
}

// ---- Where credentials may go ----
// CVE-2020-15157 (containerd), CVE-2026-33540 (distribution), CVE-2026-24845, CVE-2026-33990, CVE-2026-48978 (oras-go);
// go-containerregistry#2291 (redirects of token requests), #2258 and #2302 (Harbor in a private network);
// artifact-keeper#3606 (tokens shared by tenants).

TEST_F(RegistryAuthQuirks, GitLabsRealmIsOnAnotherHost) {
  protect_with_token("registry.gitlab.corp", "/v2/g/a/manifests/1", "https://gitlab.corp/jwt/auth", manifest_reply(),
                     "container_registry");
  EXPECT_EQ(digest_of("registry.gitlab.corp/g/a:1", basic()), digest());
  EXPECT_EQ(net.at("gitlab.corp").requests().at(0).header("Authorization"), basic_value);
}

TEST_F(RegistryAuthQuirks, ARealmByPlainHttpGetsNothing) {
  protect("one.example", manifest, "Bearer realm=\"http://one.example/token\"", manifest_reply());
  EXPECT_EQ(failure("one.example/a:1", basic()).code, error_code::denied);
  for (const auto& asked : net.log()) EXPECT_THAT(asked.url, Not(HasSubstr("http://")));
}

TEST_F(RegistryAuthQuirks, ARealmBesidesTheConfiguredOnesGetsNothing) {
  options.hosts["one.example"].realm_hosts = {"sso.corp"};
  challenge_with("Bearer realm=\"https://auth.example/token\"");
  EXPECT_EQ(failure("one.example/a:1", basic()).code, error_code::denied);
  EXPECT_THAT(net.at("auth.example").requests(), IsEmpty());
}

TEST_F(RegistryAuthQuirks, CloudTokensGoToTheCloudAlone) {
  for (const std::string host : {"acme.azurecr.io", "eu.gcr.io", "europe-docker.pkg.dev", "public.ecr.aws"}) {
    protect(host, manifest, "Bearer realm=\"https://auth.example/token\"", manifest_reply());
    EXPECT_EQ(failure(host + "/a:1", basic()).code, error_code::denied) << host;
  }
  EXPECT_THAT(net.at("auth.example").requests(), IsEmpty());
}

TEST_F(RegistryAuthQuirks, TokenRequestsFollowNoRedirect) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  net.at("auth.example").on("GET", "/token", {.status = 307, .headers = {{"Location", "https://evil.example/"}}});
  net.at("evil.example").otherwise([](const auto&) { return token_reply(R"({"token":"token-1"})"); });
  EXPECT_EQ(failure("one.example/a:1", basic()).code, error_code::malformed);
  EXPECT_THAT(net.at("evil.example").requests(), IsEmpty());
}

TEST_F(RegistryAuthQuirks, HarborsRealmStandsInThePrivateNetworkBesideIt) {
  protect_with_token("harbor.corp", manifest, "https://harbor.corp/service/token", manifest_reply(), "harbor-registry");
  EXPECT_EQ(digest_of("harbor.corp/a:1", basic()), digest());
  for (const auto& asked : net.log()) EXPECT_TRUE(asked.reach.private_networks) << asked.url;
}

TEST_F(RegistryAuthQuirks, APublicRegistryMayNotNameARealmInAPrivateNetwork) {
  net.make_public("one.example");
  challenge_with("Bearer realm=\"https://auth.example/token\"");
  EXPECT_TRUE(resolve("one.example/a:1"));
  for (const auto& asked : net.log()) {
    const bool is_realm = asked.url.find("auth.example") != std::string::npos;
    EXPECT_EQ(asked.reach.private_networks, !is_realm) << asked.url;
    EXPECT_FALSE(asked.reach.loopback) << asked.url;
  }
}

TEST_F(RegistryAuthQuirks, TokensAreKeptApartByIdentity) {
  protect_with_token("one.example", manifest, realm, manifest_reply());
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(net.at("auth.example").requests(), SizeIs(2)) << "the token of one is not shown for another";
}

}  // namespace
}  // namespace pinhook::testing
