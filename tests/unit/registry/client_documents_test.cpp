// Documents beside images: manifests, blobs and lists of referrers, with the same authentication and redirects as
// look-ups.
#include "client_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using kind = document_name::kind;

class RegistryDocuments : public RegistryClient {
 protected:
  result<document> read(kind of, const std::string& name, credential shown = {}, std::size_t most = 1000) {
    auto work = made().read_by(nullptr, *reference::parse("r.example/acme/api:v1"), {of, name, most}, std::move(shown),
                               deadline::after(time.now(), 10s));
    return testing::run(std::move(work));
  }
};

const std::string blob_url = "https://r.example/v2/acme/api/blobs/" + own_digest;

TEST_F(RegistryDocuments, AreReadWithTheTypeThatTheRegistrySays) {
  http.reply(get_line, respond(200, {{"Content-Type", "Application/X; charset=utf-8"}}, "text"));
  const auto got = read(kind::manifest, "v1");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->media_type, "application/x");
  EXPECT_EQ(got->bytes, "text");
  EXPECT_EQ(http.requests().front().limits.body, 1000U);
}

TEST_F(RegistryDocuments, HaveTheDigestThatNamesThem) {
  http.reply("GET " + blob_url, respond(200, {}, body));
  EXPECT_TRUE(read(kind::blob, own_digest));
  http.reply("GET " + blob_url, respond(200, {}, body + " "));
  const auto other = read(kind::blob, own_digest);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, error_code::malformed);
  EXPECT_THAT(other.error().message, HasSubstr("have another digest"));
  const std::string long_name = "sha512:" + std::string(128, 'a');
  http.reply("GET https://r.example/v2/acme/api/manifests/" + long_name, respond(200, {}, body));
  EXPECT_EQ(read(kind::manifest, long_name).error().code, error_code::unsupported);
}

TEST_F(RegistryDocuments, ListsOfReferrersAreNotComparedWithTheirSubject) {
  http.reply("GET https://r.example/v2/acme/api/referrers/" + own_digest,
             respond(200, {{"Content-Type", oci_index}}, "{}"));
  const auto got = read(kind::referrers, own_digest);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->bytes, "{}");
  http.reply("GET https://r.example/v2/acme/api/referrers/" + own_digest, respond(404, {}, "404 page not found"));
  EXPECT_EQ(read(kind::referrers, own_digest).error().code, error_code::not_found);
}

TEST_F(RegistryDocuments, TrustFilesAreBelowTheRepository) {
  http.reply("GET https://r.example/v2/acme/api/_trust/tuf/targets/releases.json",
             respond(200, {{"Content-Type", "text/plain"}}, "{}"));
  const auto got = read(kind::trust_file, "targets/releases.json");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->bytes, "{}");
}

TEST_F(RegistryDocuments, AskForAToken) {
  http.reply("GET " + blob_url, challenged());
  http.reply(token_line, token_reply("t1"));
  http.reply("GET " + blob_url, respond(200, {}, body));
  EXPECT_TRUE(read(kind::blob, own_digest, user()));
  EXPECT_THAT(shown(), ElementsAre("r.example -", "auth.example Basic " + alice, "r.example Bearer t1"));
}

TEST_F(RegistryDocuments, BlobsElsewhereAreFetchedWithoutAuthorization) {
  const std::string storage = "https://cdn.example/data?sig=1";
  http.reply("GET " + blob_url, challenged("Basic realm=\"r\""));
  http.reply("GET " + blob_url, respond(307, {{"Location", storage}}));
  http.reply("GET " + storage, respond(200, {}, body));
  EXPECT_TRUE(read(kind::blob, own_digest, user()));
  EXPECT_THAT(shown(), ElementsAre("r.example -", "r.example Basic " + alice, "cdn.example -"));
}

TEST_F(RegistryDocuments, FailuresNameTheDocument) {
  http.reply("GET " + blob_url, respond(503));
  http.reply("GET " + blob_url, respond(503));
  http.reply("GET " + blob_url, respond(503));
  const auto got = read(kind::blob, own_digest);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message, HasSubstr("acme/api/blobs/sha256:"));
}

TEST_F(RegistryDocuments, OfRegistriesThatAreNotAllowedAreNotAsked) {
  options.deny = {"r.example"};
  EXPECT_EQ(read(kind::manifest, "v1").error().code, error_code::denied);
  EXPECT_TRUE(http.requests().empty());
}

}  // namespace
}  // namespace pinhook::registry
