#include <pinhook/trust/signature.hpp>

#include "support/image_signer.hpp"
#include "support/paths.hpp"
#include "support/timestamp_authority.hpp"

#include <pinhook/base/base64.hpp>
#include <pinhook/base/file.hpp>
#include <pinhook/trust/cosign.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

namespace pinhook::trust {
namespace {

using ::testing::HasSubstr;

std::string bundle_of(std::string_view media_type) {
  return fmt::format(
      R"({{"mediaType":"{}","dsseEnvelope":{{"payloadType":"application/vnd.in-toto+json","payload":"e30=",)"
      R"("signatures":[{{"sig":"AAAA"}}]}},"verificationMaterial":{{"tlogEntries":[{{"canonicalizedBody":"e30="}}]}}}})",
      media_type);
}

// The versions of sigstore_bundle.proto; in the first one the log's promise is enough.
TEST(Signature, ReadsBundlesOfTheVersionsThatItKnows) {
  const std::map<std::string, bool> known{{"application/vnd.dev.sigstore.bundle+json;version=0.1", false},
                                          {"application/vnd.dev.sigstore.bundle+json;version=0.2", true},
                                          {"application/vnd.dev.sigstore.bundle+json;version=0.3", true},
                                          {"application/vnd.dev.sigstore.bundle.v0.3+json", true}};
  for (const auto& [type, needs_proof] : known) {
    const auto read = parse_bundle(bundle_of(type));
    ASSERT_TRUE(read) << type << ": " << read.error().message;
    EXPECT_EQ(read->log_entries.front().needs_proof, needs_proof) << type;
  }
  for (const char* type :
       {"application/vnd.dev.sigstore.bundle+json;version=99.9", "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle+json", "application/json", ""}) {
    const auto read = parse_bundle(bundle_of(type));
    ASSERT_FALSE(read) << type;
    EXPECT_EQ(read.error().code, error_code::unsupported);
    EXPECT_THAT(read.error().message, HasSubstr(fmt::format("media type \"{}\" is not supported", type)));
  }
}

// No part of a bundle, of an envelope or of a trusted root is one; depth and size end, too.
TEST(Signature, CutDeepAndHugeTextsAreRefused) {
  const auto corpus = std::filesystem::path(testing::source_dir()) / "tests/corpus/signatures";
  const auto text_of = [&](const char* name) { return std::string(read_file(corpus / name, 1U << 20U)->reveal()); };
  const std::string deep_list(100'000, '[');
  std::string deep_object;
  for (int i = 0; i < 100'000; ++i) deep_object += R"({"dsseEnvelope":)";
  const auto is_none = [&](const std::string& good, const auto& parse) {
    ASSERT_TRUE(parse(good));
    const std::size_t end = good.find_last_of('}');
    for (std::size_t size = 0; size <= end; size += 1 + size / 40) EXPECT_FALSE(parse(good.substr(0, size))) << size;
    EXPECT_FALSE(parse(good.substr(0, end))) << "its last brace";
    for (const std::string& deep : {deep_list, deep_object}) EXPECT_FALSE(parse(deep));
    EXPECT_FALSE(parse(R"({"x":)" + deep_list + std::string(deep_list.size(), ']') + "}"));
    EXPECT_FALSE(parse(good + std::string(max_trusted_root_bytes, ' ')));
  };
  const auto bundle = [](const std::string& text) { return parse_bundle(text).has_value(); };
  for (const char* name : {"keyless-email", "keyless-rekor1", "cosign3-key-p256"})
    is_none(text_of(fmt::format("{}/signature1.layer1.bundle.json", name).c_str()), bundle);
  is_none(R"({"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":"AAAA"}]})",
          [](const std::string& text) { return parse_envelope(text, {}).has_value(); });
  is_none(text_of("keyless-email/trusted_root.json"),
          [](const std::string& text) { return trusted_root::parse(text).has_value(); });
}

// The timestamp of an attestation in the older layout is over the whole envelope, not over the signature in it.
TEST(Signature, TimestampsOfOlderAttestationsAreOverTheEnvelope) {
  const testing::image_signer acme;
  const testing::timestamp_authority stamps;
  const std::string digest = fmt::format("sha256:{:0>64}", "a");
  const std::string statement =
      fmt::format(R"({{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",)"
                  R"("subject":[{{"name":"web","digest":{{"sha256":"{}"}}}}],"predicate":{{}}}})",
                  digest.substr(7));
  const std::string value = acme.signature_of(pre_authentication("application/vnd.in-toto+json", statement));
  const std::string envelope =
      fmt::format(R"({{"payloadType":"application/vnd.in-toto+json","payload":"{}","signatures":[{{"sig":"{}"}}]}})",
                  encode_base64(statement), encode_base64(value));
  const wall_time when{std::chrono::seconds(1'790'000'000)};
  const auto verdict_by = [&](const std::string& data, const testing::timestamp_authority& by) {
    const std::string stamp = fmt::format(R"({{"SignedRFC3161Timestamp":"{}"}})", encode_base64(by.stamp(data, when)));
    const auto read = parse_envelope(envelope, {{"dev.sigstore.cosign/rfc3161timestamp", stamp}});
    EXPECT_TRUE(read);
    trusted_root root;
    root.timestamp_authorities.push_back(stamps.trusted());
    cosign_policy policy;
    policy.keys.push_back(public_key::parse_pem(acme.public_key()).value());
    policy.root = std::make_shared<const trusted_root>(std::move(root));
    policy.needs_timestamp = true;
    policy.predicate_type = "https://slsa.dev/provenance/v0.2";
    return verify_cosign(*read, digest, policy);
  };
  const verdict good = verdict_by(envelope, stamps);
  EXPECT_TRUE(good.is_verified()) << good.failure->message;
  EXPECT_EQ(good.signed_at, when);
  for (const verdict& bad : {verdict_by(value, stamps), verdict_by(envelope + " ", stamps),
                             verdict_by(envelope, testing::timestamp_authority())}) {
    ASSERT_FALSE(bad.is_verified());
    EXPECT_THAT(bad.failure->message, HasSubstr("its timestamp is for another signature, or of an authority"));
  }
}

}  // namespace
}  // namespace pinhook::trust
