// The registry client with the real HTTP client against servers that behave as real registries do, one test a quirk.
// Each section names the sources of its quirks; "repo#N" is a GitHub thread, one report each.
#include "support/registry_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace pinhook::testing {
namespace {

using namespace std::chrono_literals;
using registry::credential;
using registry::credential_kind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RegistryQuirks : public registry_world {};

// ---- The request ----
// distribution at 0d6b721d, registry/handlers/manifests.go: 404 without a matching Accept, the linux/amd64 child for a
// list that is not accepted. One line: containerd joins; cri-o#9902 (a proxy keeps one of several lines) against
// containerd#5632 (Harbor 1.1.1). No q values: NEXUS-24124.

TEST_F(RegistryQuirks, AllFourTypesAreAcceptedInOneLineWithoutQ) {
  serve("one.example", "a/b", "1");
  ASSERT_TRUE(resolve("one.example/a/b:1"));
  const auto seen = net.at("one.example").requests().at(0);
  EXPECT_EQ(seen.method, "HEAD");
  EXPECT_EQ(seen.target, "/v2/a/b/manifests/1");
  EXPECT_EQ(std::count_if(seen.headers.begin(), seen.headers.end(), [](const auto& h) { return h.first == "Accept"; }),
            1);
  for (const char* type : {oci_index, oci_manifest, docker_list, docker_manifest})
    EXPECT_THAT(seen.header("Accept"), HasSubstr(type));
  EXPECT_THAT(seen.header("Accept"), Not(HasSubstr("q=")));
  EXPECT_EQ(seen.header("Accept-Encoding"), "identity");
  EXPECT_THAT(seen.header("User-Agent"), HasSubstr("pinhook"));
  EXPECT_FALSE(seen.has_header("Authorization"));
}

TEST_F(RegistryQuirks, Distribution3Answers404WithoutMatchingAccept) {
  net.at("one.example").handle("HEAD", "/v2/a/manifests/1", [](const recorded_request& r) {
    if (r.header("Accept").find(oci_index) == std::string::npos) return refusal(404, "MANIFEST_UNKNOWN");
    return manifest_reply();
  });
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryQuirks, DistributionGivesTheAmd64ChildToThoseWhoAcceptNoList) {
  const std::string child = R"({"schemaVersion":2,"layers":[]})";
  net.at("one.example").handle("HEAD", "/v2/a/manifests/1", [&](const recorded_request& r) {
    const bool lists = r.header("Accept").find(docker_list) != std::string::npos;
    return lists ? manifest_reply(index_text, docker_list) : manifest_reply(child, docker_manifest);
  });
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryQuirks, QuayDowngradesToSchema1WithoutOciTypes) {
  net.at("quay.io").handle("HEAD", "/v2/org/a/manifests/1", [](const recorded_request& r) {
    const bool modern = r.header("Accept").find(oci_index) != std::string::npos;
    return modern ? manifest_reply()
                  : manifest_reply("{}", "application/vnd.docker.distribution.manifest.v1+prettyjws");
  });
  EXPECT_EQ(digest_of("quay.io/org/a:1"), digest());
}

// ---- The digest ----
// distribution-spec at 967efdc0. Digest missing: Red Hat (regclient#363, diun#594), ECR on GET
// (aws/containers-roadmap#1931), Artifactory without Accept (docker_registry2#83), Nexus (registry-cli#43), load
// balancers that strip it (distribution#3848); without "sha256:": Huawei (kaniko#298). Compressed: quay/quay#1310.
// Schema 1: distribution#3718 (the digests of converted manifests mismatch); containerd 2.0 dropped it.

TEST_F(RegistryQuirks, RedHatSendsNoDigestHeader) {
  serve("registry.redhat.io", "ubi9", "1", without_digest(manifest_reply()));
  EXPECT_EQ(digest_of("registry.redhat.io/ubi9:1"), digest());
  EXPECT_THAT(net.at("registry.redhat.io").requests("GET", "/v2/ubi9/manifests/1"), SizeIs(1));
}

TEST_F(RegistryQuirks, RedHatServesTextPlain) {
  serve("registry.access.redhat.com", "ubi9", "1", manifest_reply(index_text, "text/plain"));
  EXPECT_EQ(digest_of("registry.access.redhat.com/ubi9:1"), digest());
}

TEST_F(RegistryQuirks, RedHatCompressesUnlessIdentityIsAsked) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    if (r.header("Accept-Encoding") == "identity") return without_digest(manifest_reply());
    auto compressed = without_digest(manifest_reply());
    compressed.headers.emplace_back("Content-Encoding", "gzip");
    compressed.body = "\x1f\x8b not the manifest";
    return compressed;
  });
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryQuirks, ABodyCompressedAgainstOurWishIsNotHashed) {
  auto compressed = without_digest(manifest_reply());
  compressed.headers.emplace_back("Content-Encoding", "gzip");
  serve("one.example", "a", "1", compressed);
  EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed);
}

TEST_F(RegistryQuirks, HeadIsUnsupported405) {
  serve("one.example", "a", "1");
  net.at("one.example").on("HEAD", "/v2/a/manifests/1", {.status = 405});
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryQuirks, OldNexusAnswers404ToHead) {
  serve("nexus.corp", "a", "1");
  net.at("nexus.corp").on("HEAD", "/v2/a/manifests/1", {.status = 404});
  EXPECT_EQ(digest_of("nexus.corp/a:1"), digest());
}

TEST_F(RegistryQuirks, OldNexusAnswers503ToHead) {
  serve("nexus.corp", "a", "1");
  net.at("nexus.corp").on("HEAD", "/v2/a/manifests/1", {.status = 503});
  EXPECT_EQ(digest_of("nexus.corp/a:1"), digest());
}

TEST_F(RegistryQuirks, AcrExplainsItsHead403OnlyByGet) {
  net.at("acme.azurecr.io").on("HEAD", "/v2/a/manifests/1", {.status = 403});
  net.at("acme.azurecr.io").on("GET", "/v2/a/manifests/1", refusal(403, "DENIED", "client with IP is not allowed"));
  const error e = failure("acme.azurecr.io/a:1");
  EXPECT_EQ(e.code, error_code::denied);
  EXPECT_THAT(e.message, HasSubstr("client with IP is not allowed"));
}

TEST_F(RegistryQuirks, AMissingTagIsNotFound) {
  net.at("one.example").otherwise([](const auto&) { return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"); });
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::not_found);
  EXPECT_THAT(e.message, AllOf(HasSubstr("one.example"), HasSubstr("a:1"), HasSubstr("MANIFEST_UNKNOWN")));
}

TEST_F(RegistryQuirks, HuaweiLeavesOutTheAlgorithm) {
  auto bare = manifest_reply();
  set_header(bare, "Docker-Content-Digest", std::string(registry::digest::of(index_text).hex()));
  serve("swr.example", "a", "1", bare);
  EXPECT_EQ(digest_of("swr.example/a:1"), digest());
  EXPECT_THAT(net.at("swr.example").requests("GET", "/v2/a/manifests/1"), SizeIs(1));
}

TEST_F(RegistryQuirks, AMalformedDigestHeaderIsNotBelieved) {
  for (const char* text : {"sha256:abc", "md5:0123", "", "SHA256:xyz"}) {
    auto odd = manifest_reply();
    set_header(odd, "Docker-Content-Digest", text);
    serve("one.example", "a", "1", odd);
    EXPECT_EQ(digest_of("one.example/a:1"), digest()) << text;
  }
}

TEST_F(RegistryQuirks, ADigestHeaderThatContradictsTheBytesIsAnError) {
  auto lie = manifest_reply();
  set_header(lie, "Docker-Content-Digest", registry::digest::of("something else").to_string());
  net.at("one.example").on("HEAD", "/v2/a/manifests/1", {.status = 405});
  net.at("one.example").on("GET", "/v2/a/manifests/1", lie);
  EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed);
}

TEST_F(RegistryQuirks, ArtifactorySaysOctetStreamWithoutDigest) {
  reply odd{.headers = {{"Content-Type", "application/octet-stream"}, {"X-Checksum-Sha256", "00"}}, .body = index_text};
  serve("acme.jfrog.io", "docker/a", "1", odd);
  EXPECT_EQ(digest_of("acme.jfrog.io/docker/a:1"), digest());
}

TEST_F(RegistryQuirks, AStaticFileRegistrySendsNeitherTypeNorDigest) {
  serve("static.example", "a", "1", reply{.body = index_text});
  EXPECT_EQ(digest_of("static.example/a:1"), digest());
}

TEST_F(RegistryQuirks, TypesMayHaveParameters) {
  serve("one.example", "a", "1", manifest_reply(index_text, std::string(oci_index) + "; charset=utf-8"));
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

TEST_F(RegistryQuirks, AHtmlPageIsNoManifest) {
  serve("one.example", "a", "1", {.headers = {{"Content-Type", "text/html"}}, .body = "<title>Sign in</title>"});
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::malformed);
  EXPECT_THAT(e.message, HasSubstr("Sign in"));
}

TEST_F(RegistryQuirks, AMediaTypeThatContradictsTheContentTypeIsAnError) {
  const std::string image = std::string(R"({"schemaVersion":2,"mediaType":")") + oci_manifest + R"(","layers":[]})";
  serve("one.example", "a", "1", without_digest(manifest_reply(image, oci_index)));
  EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed);
}

TEST_F(RegistryQuirks, Schema1IsRefused) {
  for (const char* type : {"application/vnd.docker.distribution.manifest.v1+prettyjws",
                           "application/vnd.docker.distribution.manifest.v1+json", "application/json"}) {
    serve("one.example", "a", "1", manifest_reply(R"({"schemaVersion":1,"name":"a","fsLayers":[]})", type));
    EXPECT_EQ(failure("one.example/a:1").code, error_code::unsupported) << type;
  }
}

TEST_F(RegistryQuirks, AnIndexIsItsOwnDigestNotAChilds) {
  serve("one.example", "a", "1", without_digest(manifest_reply()));
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
  EXPECT_THAT(index_text, HasSubstr(child_digest));
  for (const auto& r : net.at("one.example").requests()) EXPECT_EQ(r.path(), "/v2/a/manifests/1");
}

TEST_F(RegistryQuirks, AManifestBeyond8MiBIsRefused) {
  serve("one.example", "a", "1", without_digest(manifest_reply(std::string(9 << 20, ' '))));
  EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed);
}

TEST_F(RegistryQuirks, APinnedReferenceIsAskedForItsExistence) {
  serve("one.example", "a", digest());
  EXPECT_EQ(digest_of("one.example/a@" + digest()), digest());
  const std::string other = registry::digest::of("other").to_string();
  serve("one.example", "a", other);
  EXPECT_EQ(failure("one.example/a@" + other).code, error_code::malformed);
}

TEST_F(RegistryQuirks, VerifyByGetBelievesNoHead) {
  options.verify_by_get = true;
  serve("one.example", "a", "1");
  auto lie = manifest_reply();
  set_header(lie, "Docker-Content-Digest", registry::digest::of("something else").to_string());
  net.at("one.example").on("HEAD", "/v2/a/manifests/1", lie);
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

// ---- Redirects ----
// registry.k8s.io at 093d55a6, cmd/archeio: 307 to *.pkg.dev. A host redirected to: go-containerregistry#2360 makes an
// anonymous token exchange for it. GHCR's referrers: artifacthub#4785.

TEST_F(RegistryQuirks, RegistryK8sIoRedirectsManifestsToAnotherHost) {
  net.at("registry.k8s.io").otherwise([](const recorded_request& r) {
    return reply{.status = 307, .headers = {{"Location", "https://eu.pkg.dev" + r.target}}};
  });
  serve("eu.pkg.dev", "pause", "3.9");
  EXPECT_EQ(digest_of("registry.k8s.io/pause:3.9"), digest());
  EXPECT_THAT(net.at("eu.pkg.dev").requests("HEAD", "/v2/pause/manifests/3.9"), SizeIs(1));
}

TEST_F(RegistryQuirks, ARedirectToAnotherHostLosesAuthorization) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    if (r.header("Authorization").empty()) return challenge("Basic realm=\"one\"");
    return reply{.status = 307, .headers = {{"Location", "https://storage.example/blob?signature=abc"}}};
  });
  // Storage refuses signed URLs that come with Authorization.
  net.at("storage.example").handle("HEAD", "/blob", [](const recorded_request& r) {
    return r.has_header("Authorization") ? refusal(400, "InvalidArgument") : manifest_reply();
  });
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
  for (const auto& r : net.at("storage.example").requests()) EXPECT_FALSE(r.has_header("Authorization"));
}

TEST_F(RegistryQuirks, ARedirectWithinTheHostKeepsAuthorization) {
  protect_with_basic("one.example", "/v2/b/manifests/1", manifest_reply());
  net.at("one.example")
      .on("HEAD", "/v2/a/manifests/1", {.status = 307, .headers = {{"Location", "/v2/b/manifests/1"}}});
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
}

TEST_F(RegistryQuirks, AHostRedirectedToIsAskedAsAnonymous) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    if (r.header("Authorization").empty()) return challenge("Basic realm=\"one\"");
    return reply{.status = 307, .headers = {{"Location", "https://two.example/v2/a/manifests/1"}}};
  });
  protect_with_token("two.example", "/v2/a/manifests/1", "https://auth.two.example/token", manifest_reply());
  EXPECT_EQ(digest_of("one.example/a:1", basic()), digest());
  for (const auto& r : net.at("auth.two.example").requests()) EXPECT_FALSE(r.has_header("Authorization"));
}

TEST_F(RegistryQuirks, ARedirectToPlainHttpIsRefused) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    return reply{.status = 302, .headers = {{"Location", "http://one.example" + r.target}}};
  });
  EXPECT_EQ(failure("one.example/a:1").code, error_code::denied);
}

TEST_F(RegistryQuirks, RedirectsEnd) {
  net.at("one.example").otherwise([](const recorded_request& r) {
    return reply{.status = 307, .headers = {{"Location", r.target + "x"}}};
  });
  EXPECT_EQ(failure("one.example/a:1").code, error_code::malformed);
  EXPECT_THAT(net.at("one.example").requests(), SizeIs(6));
}

TEST_F(RegistryQuirks, ARedirectFromThePublicInternetDoesNotLeadIntoAPrivateNetwork) {
  net.make_public("one.example");
  net.at("one.example").otherwise([](const recorded_request& r) {
    return reply{.status = 307, .headers = {{"Location", "https://inside.corp" + r.target}}};
  });
  serve("inside.corp", "a", "1");
  EXPECT_TRUE(resolve("one.example/a:1"));  // the guard itself is in the HTTP client; this checks its settings
  EXPECT_TRUE(net.log().front().reach.private_networks);
  EXPECT_FALSE(net.log().back().reach.private_networks);
}

TEST_F(RegistryQuirks, GhcrRedirectsToAHtmlSite) {
  net.at("ghcr.io").otherwise(
      [](const auto&) { return reply{.status = 303, .headers = {{"Location", "https://github.com/org/a"}}}; });
  net.at("github.com").otherwise([](const auto&) {
    return reply{.headers = {{"Content-Type", "text/html; charset=utf-8"}}, .body = "<html></html>"};
  });
  EXPECT_EQ(failure("ghcr.io/org/a:1").code, error_code::malformed);
}

// ---- Statuses ----
// distribution-spec at 967efdc0, "Error Codes" and "Warnings"; Retry-After: RFC 9110 §10.2.3.

TEST_F(RegistryQuirks, TooManyRequestsInSeconds) {
  net.at("one.example").otherwise([](const auto&) {
    auto r = refusal(429, "TOOMANYREQUESTS", "pull rate limit");
    r.headers.emplace_back("Retry-After", "17");
    return r;
  });
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::rate_limited);
  EXPECT_EQ(e.retry_after, 17s);
}

TEST_F(RegistryQuirks, TooManyRequestsUntilADate) {
  net.at("one.example").otherwise([](const auto&) {
    return reply{.status = 429, .headers = {{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}}};
  });
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::rate_limited);
  EXPECT_EQ(e.retry_after, 60s) << "no longer than the cap";
}

TEST_F(RegistryQuirks, DockerHubsAbuseLimiterSpeaksPlainText) {
  net.at("registry-1.docker.io").otherwise([](const auto&) {
    return reply{.status = 429, .headers = {{"Content-Type", "text/plain"}}, .body = "Too Many Requests\n"};
  });
  const error e = failure("nginx:1");
  EXPECT_EQ(e.code, error_code::rate_limited);
  EXPECT_EQ(e.retry_after, std::nullopt);
}

TEST_F(RegistryQuirks, ATokenServerMayLimitToo) {
  protect_with_token("one.example", "/v2/a/manifests/1", "https://auth.example/token", manifest_reply());
  net.at("auth.example").on("GET", "/token", {.status = 429, .headers = {{"Retry-After", "5"}}});
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::rate_limited);
  EXPECT_EQ(e.retry_after, 5s);
}

TEST_F(RegistryQuirks, ABadMomentIsTriedAgain) {
  for (const int status : {408, 499, 500, 502, 503, 504, 522}) {
    serve("one.example", "a", "1");
    net.at("one.example").on("HEAD", "/v2/a/manifests/1", {.status = status}, {.status = status}, manifest_reply());
    EXPECT_EQ(digest_of("one.example/a:1"), digest()) << status;
  }
}

TEST_F(RegistryQuirks, TroubleThatLastsIsUnavailable) {
  net.at("one.example").otherwise([](const auto&) {
    return reply{.status = 502, .headers = {{"Content-Type", "text/html"}}, .body = "<title>Bad Gateway</title>"};
  });
  const error e = failure("one.example/a:1");
  EXPECT_EQ(e.code, error_code::unavailable);
  EXPECT_THAT(e.message, HasSubstr("Bad Gateway"));
}

TEST_F(RegistryQuirks, WarningsChangeNothing) {
  auto r = manifest_reply();
  r.headers.emplace_back("Warning", "299 - \"this registry closes tomorrow\"");
  serve("one.example", "a", "1", r);
  EXPECT_EQ(digest_of("one.example/a:1"), digest());
}

// ---- Docker Hub ----
// docker/docs, the pages about usage and limits: a HEAD of a manifest is not a pull, a GET is.

TEST_F(RegistryQuirks, DockerHubHeadIsFreeAndGetIsNot) {
  protect_with_token("registry-1.docker.io", "/v2/library/nginx/manifests/1", "https://auth.docker.io/token",
                     manifest_reply(), "registry.docker.io");
  EXPECT_EQ(digest_of("nginx:1"), digest());
  EXPECT_THAT(net.at("registry-1.docker.io").requests("GET", "/v2/library/nginx/manifests/1"), IsEmpty());
  const auto token = net.at("auth.docker.io").requests().at(0);
  EXPECT_THAT(token.query(),
              AllOf(HasSubstr("service=registry.docker.io"), HasSubstr("scope=repository%3Alibrary%2Fnginx%3Apull")));
}

TEST_F(RegistryQuirks, DockerHubs404IsBelievedWithoutGet) {
  net.at("registry-1.docker.io").otherwise([](const auto&) { return reply{.status = 404}; });
  EXPECT_EQ(failure("nginx:1").code, error_code::not_found);
  EXPECT_THAT(net.at("registry-1.docker.io").requests("GET", "/v2/library/nginx/manifests/1"), IsEmpty());
}

TEST_F(RegistryQuirks, DockerHubReportsItsPullBudgetOnHead) {
  auto r = manifest_reply();
  r.headers.emplace_back("ratelimit-limit", "100;w=21600");
  r.headers.emplace_back("ratelimit-remaining", "76;w=21600");
  serve("registry-1.docker.io", "library/nginx", "1", r);
  EXPECT_EQ(digest_of("nginx:1"), digest());
  EXPECT_EQ(watch.remaining, 76);
}

TEST_F(RegistryQuirks, DockerHubSays401ForWhatDoesNotExist) {
  protect_with_token("registry-1.docker.io", "/v2/acme/none/manifests/1", "https://auth.docker.io/token",
                     refusal(401, "UNAUTHORIZED", "authentication required"));
  EXPECT_EQ(failure("acme/none:1").code, error_code::unauthorized);
}

}  // namespace
}  // namespace pinhook::testing
