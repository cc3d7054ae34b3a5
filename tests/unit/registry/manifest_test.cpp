#include <pinhook/registry/manifest.hpp>

#include "support/fake_http_client.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pinhook::registry {
namespace {

using testing::respond;

const wall_time now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
const std::string oci_index = "application/vnd.oci.image.index.v1+json";
const std::string oci_manifest = "application/vnd.oci.image.manifest.v1+json";
const std::string docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
const std::string docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
const std::string some_digest = "sha256:" + std::string(64, 'a');
const std::string index_body =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";

const manifest_query question{{"registry r.example", R"("app:1")", ""}, std::nullopt, false};

manifest_query pinned(const std::string& text) {
  manifest_query q = question;
  q.expected = *digest::parse(text);
  return q;
}

// The decision on HEAD: the digest, "GET", or the error's code.
std::string head(const http::response& r, const manifest_query& q = question) {
  const auto decision = decide_head(q, r, now);
  if (const auto* known = std::get_if<descriptor>(&decision)) return known->digest.to_string();
  if (const auto* failed = std::get_if<error>(&decision)) return std::string(to_string(failed->code));
  return "GET";
}

std::string get(const http::response& r, const manifest_query& q = question) {
  const auto known = decide_get(q, r, now);
  return known ? known->digest.to_string() : std::string(to_string(known.error().code));
}

http::response with_type(const std::string& type, std::string body) {
  return respond(200, {{"Content-Type", type}}, std::move(body));
}

TEST(Accept, HoldsTheFourTypesInOneLineWithoutQValues) {
  for (const auto& type : {oci_index, oci_manifest, docker_list, docker_manifest})
    EXPECT_NE(accepted_manifests.find(type), std::string_view::npos);
  EXPECT_EQ(accepted_manifests.find("q="), std::string_view::npos);
  EXPECT_EQ(accepted_manifests.find(".v1+prettyjws"), std::string_view::npos);
}

TEST(ManifestHead, AWellFormedDigestIsTheAnswer) {
  for (const auto& type : {oci_index, oci_manifest, docker_list, docker_manifest})
    EXPECT_EQ(head(respond(200, {{"Content-Type", type}, {"docker-content-digest", some_digest}})), some_digest);
  const auto with_parameters = decide_head(
      question, respond(200, {{"Content-Type", oci_index + "; charset=utf-8"}, {"Docker-Content-Digest", some_digest}}),
      now);
  ASSERT_TRUE(std::holds_alternative<descriptor>(with_parameters));
  EXPECT_EQ(std::get<descriptor>(with_parameters).media_type, oci_index);
}

TEST(ManifestHead, AMissingOrMalformedDigestLeadsToGet) {
  EXPECT_EQ(head(respond(200, {{"Content-Type", oci_index}})), "GET");
  for (const std::string& value :
       {std::string(), std::string("sha256:abc"), "sha256:" + std::string(64, 'A'), std::string(64, 'a'),
        "md5:" + std::string(32, 'a'), "sha512:" + std::string(128, 'a'), some_digest + " "})
    EXPECT_EQ(head(respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", value}})), "GET") << value;
}

TEST(ManifestHead, TwoDifferentDigestsLeadToGet) {
  EXPECT_EQ(head(respond(200, {{"Content-Type", oci_index},
                               {"Docker-Content-Digest", some_digest},
                               {"Docker-Content-Digest", "sha256:" + std::string(64, 'b')}})),
            "GET");
}

TEST(ManifestHead, AnOddContentTypeLeadsToGet) {
  for (const char* type : {"", "text/html", "text/plain", "application/octet-stream", "application/json"})
    EXPECT_EQ(head(respond(200, {{"Content-Type", type}, {"Docker-Content-Digest", some_digest}})), "GET") << type;
  EXPECT_EQ(head(respond(200, {{"Docker-Content-Digest", some_digest}})), "GET");
}

TEST(ManifestHead, StatusesThatHeadGetsWrongLeadToGet) {
  for (const int status : {204, 206, 400, 403, 404, 405, 406, 500, 501, 502, 503, 504})
    EXPECT_EQ(head(respond(status)), "GET") << status;
}

TEST(ManifestHead, OtherStatusesAreErrors) {
  EXPECT_EQ(head(respond(401)), "unauthorized");
  EXPECT_EQ(head(respond(429)), "rate_limited");
  EXPECT_EQ(head(respond(410)), "not_found");
  EXPECT_EQ(head(respond(408)), "unavailable");
  EXPECT_EQ(head(respond(304)), "malformed");
}

TEST(ManifestHead, DockerHubsNotFoundIsBelievedSinceAGetCountsAsAPull) {
  manifest_query hub = question;
  hub.get_is_costly = true;
  EXPECT_EQ(head(respond(404), hub), "not_found");
  EXPECT_EQ(head(respond(405), hub), "GET");
}

TEST(ManifestHead, Schema1IsRefused) {
  for (const char* type : {"application/vnd.docker.distribution.manifest.v1+prettyjws",
                           "application/vnd.docker.distribution.manifest.v1+json; charset=utf-8"})
    EXPECT_EQ(head(respond(200, {{"Content-Type", type}, {"Docker-Content-Digest", some_digest}})), "unsupported");
}

TEST(ManifestHead, AnotherDigestThanTheOneAskedForIsMalformed) {
  EXPECT_EQ(
      head(respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", some_digest}}), pinned(some_digest)),
      some_digest);
  EXPECT_EQ(
      head(respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", "sha256:" + std::string(64, 'b')}}),
           pinned(some_digest)),
      "malformed");
  // Existence was the question: a missing header, or one of another algorithm, takes nothing away.
  EXPECT_EQ(head(respond(200, {{"Content-Type", oci_index}}), pinned(some_digest)), some_digest);
  EXPECT_EQ(
      head(respond(200, {{"Content-Type", oci_index}, {"Docker-Content-Digest", "sha512:" + std::string(128, 'b')}}),
           pinned(some_digest)),
      some_digest);
}

TEST(ManifestGet, HashesTheRawBytes) {
  // Spaces and key order count: nothing is parsed and written again.
  const std::string body = "{ \"schemaVersion\" : 2, \"manifests\": [ ] }\n";
  EXPECT_EQ(get(with_type(oci_index, body)), digest::of(body).to_string());
  const auto known = decide_get(question, with_type(oci_index, body), now);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->media_type, oci_index);
}

TEST(ManifestGet, AHeaderThatDiffersIsAnErrorAndNeverAChoice) {
  auto r = with_type(oci_index, index_body);
  r.headers.push_back({"Docker-Content-Digest", digest::of(index_body).to_string()});
  EXPECT_EQ(get(r), digest::of(index_body).to_string());
  r.headers.back().value = some_digest;
  EXPECT_EQ(get(r), "malformed");
  r.headers.push_back({"Docker-Content-Digest", digest::of(index_body).to_string()});
  EXPECT_EQ(get(r), "malformed");
}

TEST(ManifestGet, ADigestWithoutItsAlgorithmIsCompared) {
  auto r = with_type(oci_index, index_body);
  r.headers.push_back({"Docker-Content-Digest", std::string(digest::of(index_body).hex())});
  EXPECT_EQ(get(r), digest::of(index_body).to_string());
  r.headers.back().value = std::string(64, 'a');
  EXPECT_EQ(get(r), "malformed");
}

TEST(ManifestGet, AHeaderOfAnotherAlgorithmOrNoneIsNotUsed) {
  for (const std::string& value : {"sha512:" + std::string(128, 'a'), std::string("nonsense"), std::string()}) {
    auto r = with_type(oci_index, index_body);
    r.headers.push_back({"Docker-Content-Digest", value});
    EXPECT_EQ(get(r), digest::of(index_body).to_string()) << value;
  }
}

TEST(ManifestGet, TheBytesMustBeThoseOfTheDigestAskedFor) {
  EXPECT_EQ(get(with_type(oci_index, index_body), pinned(digest::of(index_body).to_string())),
            digest::of(index_body).to_string());
  EXPECT_EQ(get(with_type(oci_index, index_body), pinned(some_digest)), "malformed");
}

TEST(ManifestGet, AnIndexKeepsItsOwnDigest) {
  const std::string body =
      R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("digest":"sha256:1111","size":1,"platform":{"architecture":"amd64","os":"linux"}}]})";
  EXPECT_EQ(get(with_type(docker_list, body)), digest::of(body).to_string());
}

TEST(ManifestGet, HtmlIsRefused) {
  EXPECT_EQ(get(with_type("text/html; charset=utf-8", "<html><title>Sign in</title>")), "malformed");
  const auto refused = decide_get(question, with_type("TEXT/HTML", "<html><title>Sign in</title>"), now);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("Sign in"), std::string::npos);
}

TEST(ManifestGet, JsonThatContradictsItsContentTypeIsRefused) {
  EXPECT_EQ(get(with_type(oci_manifest, index_body)), "malformed");
  EXPECT_EQ(get(with_type(docker_list, index_body)), "malformed");
  EXPECT_EQ(get(with_type(oci_index, R"({"schemaVersion":2,"layers":[]})")), "malformed");
  EXPECT_EQ(get(with_type(oci_manifest, R"({"schemaVersion":2,"manifests":[]})")), "malformed");
}

TEST(ManifestGet, ManifestsAndLayersTogetherAreAmbiguous) {
  EXPECT_EQ(get(with_type(oci_index, R"({"schemaVersion":2,"manifests":[],"layers":[]})")), "malformed");
  EXPECT_EQ(get(with_type(oci_index,
                          R"({"schemaVersion":2,"mediaType":")" + oci_index + R"(","mediaType":"x","manifests":[]})")),
            "malformed");
}

TEST(ManifestGet, WithoutAUsefulTypeTheJsonIsLookedAt) {
  for (const char* type : {"", "application/octet-stream", "text/plain; charset=utf-8", "application/json"}) {
    EXPECT_EQ(get(with_type(type, index_body)), digest::of(index_body).to_string()) << type;
    for (const char* body : {R"({"schemaVersion":2,"layers":[]})", R"({"schemaVersion":2,"manifests":[]})"})
      EXPECT_EQ(get(with_type(type, body)), digest::of(body).to_string()) << type;
    for (const char* body : {R"({"schemaVersion":2})", R"({"manifests":[]})", R"({"schemaVersion":3,"layers":[]})",
                             R"({"schemaVersion":2,"mediaType":"text/plain","layers":[]})", R"({"errors":[]})", "[]",
                             "2", R"({"schemaVersion":2,"layers":{}})", R"({"x":{"schemaVersion":2,"layers":[]}})"})
      EXPECT_EQ(get(with_type(type, body)), "malformed") << type << body;
  }
  const auto known = decide_get(question, respond(200, {}, index_body), now);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->media_type, oci_index);
}

TEST(ManifestGet, Schema1IsRefusedHoweverItIsNamed) {
  const std::string schema1 = R"({"schemaVersion":1,"name":"a","fsLayers":[],"signatures":[]})";
  EXPECT_EQ(get(with_type("application/vnd.docker.distribution.manifest.v1+prettyjws", schema1)), "unsupported");
  EXPECT_EQ(get(with_type("application/json", schema1)), "unsupported");
  EXPECT_EQ(get(with_type(docker_manifest, schema1)), "unsupported");
  EXPECT_EQ(get(respond(200, {},
                        R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v1+json"})")),
            "unsupported");
}

TEST(ManifestGet, WhatIsNoJsonIsMalformed) {
  for (const std::string& body : {std::string(), std::string("{"), index_body.substr(0, 40), index_body + "x",
                                  std::string("\x1f\x8b\x08"), std::string("{\"a\":\"\xff\"}")})
    EXPECT_EQ(get(with_type(oci_index, body)), "malformed") << body;
}

TEST(ManifestGet, ACompressedBodyIsMalformed) {
  auto r = with_type(oci_index, index_body);
  r.headers.push_back({"Content-Encoding", "gzip"});
  EXPECT_EQ(get(r), "malformed");
  r.headers.back().value = "identity";
  EXPECT_EQ(get(r), digest::of(index_body).to_string());
}

TEST(ManifestGet, DeepAndCrowdedJsonIsRefused) {
  const auto nested = [](std::size_t depth) {
    return R"({"schemaVersion":2,"manifests":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_NE(get(with_type(oci_index, nested(max_manifest_depth - 1))), "malformed");
  EXPECT_EQ(get(with_type(oci_index, nested(max_manifest_depth))), "malformed");
  EXPECT_EQ(get(with_type(oci_index, nested(1'000'000))), "malformed");
  const auto crowded = [](std::size_t values) {
    std::string body = R"({"schemaVersion":2,"manifests":[)";
    for (std::size_t i = 0; i < values; ++i) body += i == 0 ? "1" : ",1";
    return body + "]}";
  };
  // Beside the values of the array: two keys, the object, the array, one number.
  EXPECT_NE(get(with_type(oci_index, crowded(max_manifest_nodes - 5))), "malformed");
  EXPECT_EQ(get(with_type(oci_index, crowded(max_manifest_nodes - 4))), "malformed");
}

TEST(ManifestGet, OtherStatusesAreTheirErrors) {
  EXPECT_EQ(get(respond(404)), "not_found");
  EXPECT_EQ(get(respond(403)), "denied");
  EXPECT_EQ(get(respond(406)), "malformed");
  EXPECT_EQ(get(respond(503)), "unavailable");
}

}  // namespace
}  // namespace pinhook::registry
