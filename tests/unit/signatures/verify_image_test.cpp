// Verifies the images of tests/corpus/signatures with verifiers loaded from what their tools were given.
#include <pinhook/signatures/verify_image.hpp>

#include "support/case_registry.hpp"
#include "support/run.hpp"
#include "support/verifier_case.hpp"

#include <pinhook/base/timestamp.hpp>
#include <pinhook/signatures/load_verifier.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::signatures {
namespace {

using ::testing::AllOf;
using testing::case_registry;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

registry::digest digest_of(const std::string& text) { return registry::digest::parse(text).value(); }

verifier loaded(verifier_setting setting) {
  auto out = load_verifiers({std::move(setting)});
  if (!out) throw std::runtime_error(out.error().message);
  return std::move(out->front());
}

result<image_verdict> verify(case_registry& in, const std::string& name, const verifier& by,
                             std::optional<attestation_demand> attested = {}) {
  const auto of = testing::read_signature_case(name);
  return testing::run(verify_image(in.reader(), {testing::read_verifier_case(name).repository, digest_of(of.subject)},
                                   by, {of.verify_at, std::move(attested)}, deadline::never()));
}

result<image_verdict> verify(const std::string& name, std::optional<attestation_demand> attested = {}) {
  case_registry in(name);
  const verifier by = loaded(testing::read_verifier_case(name).setting);
  return verify(in, name, by, std::move(attested));
}

class VerifyImageOfCase : public ::testing::TestWithParam<std::string> {};

TEST_P(VerifyImageOfCase, DecidesAsItsTool) {
  const auto of = testing::read_signature_case(GetParam());
  const auto verdict = verify(GetParam());
  ASSERT_TRUE(verdict) << verdict.error().message;
  if (!of.is_either_right) {
    EXPECT_EQ(verdict->is_verified, of.is_verified) << verdict->reason;
  }
  EXPECT_EQ(verdict->reason.empty(), verdict->is_verified);
}
INSTANTIATE_TEST_SUITE_P(All, VerifyImageOfCase, ::testing::ValuesIn(testing::cases_of_digests()),
                         testing::signature_test_name);

TEST(VerifyImage, NamesSignerIssuerAndTime) {
  const auto keyless = verify("keyless-email");
  ASSERT_TRUE(keyless);
  ASSERT_THAT(keyless->signatures, SizeIs(1));
  const signature_report& one = keyless->signatures.front();
  EXPECT_EQ(one.of, signature_report::kind::cosign_bundle);
  EXPECT_EQ(one.signer, "dev@pinhook.test");
  EXPECT_EQ(one.issuer, "http://127.0.0.1:5380");
  EXPECT_TRUE(one.signed_at);
  const auto notation = verify("notation-jws-p256");
  ASSERT_TRUE(notation);
  ASSERT_THAT(notation->signatures, SizeIs(1));
  EXPECT_THAT(notation->signatures.front().signer, HasSubstr("O=Acme Rockets"));
}

TEST(VerifyImage, SaysWhatWasFoundAndWhyItDoesNotHold) {
  const struct {
    const char* name;
    const char* reason;
  } rows[] = {
      {"cosign3-bad-unsigned", "no signature was found"},
      {"cosign3-bad-wrong-key", "the signature that was found does not hold: it was not made by the key"},
      {"cosign3-bad-truncated-bundle", "no signature that can be read was found"},
      {"keyless-bad-identity", "it was made by \"dev@pinhook.test\" (issuer \"http://127.0.0.1:5380\"), who may not"},
  };
  for (const auto& row : rows) {
    const auto verdict = verify(row.name);
    ASSERT_TRUE(verdict) << row.name;
    EXPECT_FALSE(verdict->is_verified);
    EXPECT_THAT(verdict->reason, HasSubstr(row.reason)) << row.name;
  }
}

TEST(VerifyImage, OneGoodSignatureIsEnoughBesideOthers) {
  const auto mixed = verify("mixed-cosign-and-notation");
  ASSERT_TRUE(mixed);
  EXPECT_TRUE(mixed->is_verified);
  ASSERT_THAT(mixed->signatures, SizeIs(3));
  EXPECT_THAT(mixed->signatures.back().failure->message, HasSubstr("Notation's, which this verifier does not read"));
  const auto two = verify("cosign3-two-keys");
  ASSERT_TRUE(two);
  EXPECT_TRUE(two->is_verified);
  EXPECT_THAT(two->signatures, SizeIs(2));
}

// The attestation beside the signature is made with another key.
verifier of_attestations() {
  auto setting = testing::read_verifier_case("cosign3-signature-and-attestation").setting;
  std::get<cosign_setting>(setting.by).keys = {testing::signature_file("cosign3-two-keys", "k2.pub")};
  return loaded(std::move(setting));
}

TEST(VerifyImage, AttestationsAreFoundByTypeAndFields) {
  const std::string name = "cosign3-signature-and-attestation";
  const std::string type = "https://slsa.dev/provenance/v1";
  const std::string pointer = "/predicate/runDetails/builder/id";
  const struct {
    attestation_demand demand;
    std::string reason;  // empty: verified
  } rows[] = {
      {{type, {}}, ""},
      {{"https://spdx.dev/Document", {}}, "no attestation of type https://spdx.dev/Document was found"},
      {{type, {{pointer, "https://pinhook.test/builder"}}}, ""},
      {{type, {{pointer, "other"}}},
       "its statement has \"https://pinhook.test/builder\" at /predicate/runDetails/builder/id, not \"other\""},
      {{type, {{"/predicate/none", "other"}}}, "its statement has no text at /predicate/none"},
      {{type, {{"/predicate/runDetails", "other"}}}, "its statement has no text at /predicate/runDetails"},
  };
  for (const auto& row : rows) {
    case_registry in(name);
    const auto verdict = verify(in, name, of_attestations(), row.demand);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->is_verified, row.reason.empty()) << row.reason;
    EXPECT_THAT(verdict->reason, HasSubstr(row.reason));
  }
  const auto by_other = verify(name, attestation_demand{type, {}});
  ASSERT_TRUE(by_other);
  EXPECT_EQ(by_other->reason, "the attestation that was found does not hold: it was not made by the key");
}

// cosign 2 and before, and cosign 3 with --new-bundle-format=false.
TEST(VerifyImage, AttestationsOfTheOlderLayoutAreReadWhereTheyAreAskedFor) {
  const std::string name = "cosign3-attestation-older-layout";
  const verifier by = loaded(testing::read_verifier_case(name).setting);
  const std::string type = "https://slsa.dev/provenance/v1";
  case_registry in(name);
  const auto stated = verify(in, name, by, attestation_demand{type, {}});
  ASSERT_TRUE(stated) << stated.error().message;
  EXPECT_TRUE(stated->is_verified) << stated->reason;
  EXPECT_EQ(in.asked.size(), 5U);
  EXPECT_TRUE(in.asked.back().starts_with("blob"));
  const auto other = verify(in, name, by, attestation_demand{"https://spdx.dev/Document", {}});
  EXPECT_EQ(other->reason, "no attestation of type https://spdx.dev/Document was found");
  case_registry again(name);
  const auto as_signature = verify(again, name, by);
  ASSERT_TRUE(as_signature);
  EXPECT_EQ(as_signature->reason, "no signature was found");
}

TEST(VerifyImage, AnAttestationIsNoSignature) {
  const std::string name = "cosign3-signature-and-attestation";
  case_registry in(name);
  const auto verdict = verify(in, name, of_attestations());
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->reason, "the signature that was found does not hold: it was not made by the key");
  EXPECT_THAT(verdict->signatures, SizeIs(2));
}

TEST(VerifyImage, PlatformsNeedSignaturesOfTheirOwn) {
  const struct {
    const char* name;
    std::vector<const char*> platforms;
    bool is_verified;
  } rows[] = {
      {"cosign3-index", {}, true},
      {"cosign3-index", {"linux/amd64"}, false},
      {"cosign3-index-recursive", {"linux/amd64"}, true},
      {"cosign3-index-recursive", {"linux/amd64", "linux/arm64"}, true},
      // The index has none, so no node of it can run the image.
      {"cosign3-index", {"linux/s390x"}, true},
      // No index.
      {"cosign3-key-p256", {"linux/amd64"}, true},
  };
  for (const auto& row : rows) {
    auto setting = testing::read_verifier_case(row.name).setting;
    for (const char* one : row.platforms) setting.platforms.push_back(registry::platform::parse(one).value());
    case_registry in(row.name);
    const auto verdict = verify(in, row.name, loaded(setting));
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_EQ(verdict->is_verified, row.is_verified) << row.name << row.platforms.size() << verdict->reason;
    if (!row.is_verified) {
      EXPECT_EQ(verdict->reason, "linux/amd64: no signature was found");
    }
  }
}

TEST(VerifyImage, EvidenceOfSeveralVerifiersIsJudgedByThePlatformsOfEach) {
  const std::string name = "cosign3-index";
  auto strict_setting = testing::read_verifier_case(name).setting;
  const verifier plain = loaded(strict_setting);
  strict_setting.platforms = {registry::platform::parse("linux/amd64").value()};
  const verifier strict = loaded(strict_setting);
  case_registry in(name);
  const auto of = testing::read_signature_case(name);
  const auto evidence = testing::run(gather_evidence(in.reader(), {"registry.example/acme/app", digest_of(of.subject)},
                                                     demand_of({&plain, &strict}), deadline::never()));
  ASSERT_TRUE(evidence);
  EXPECT_TRUE(judge(*evidence, plain, of.verify_at)->is_verified);
  EXPECT_FALSE(judge(*evidence, strict, of.verify_at)->is_verified);
}

// "Not signed" is never concluded from an answer that did not come; at each step.
TEST(VerifyImage, ARegistryThatDoesNotAnswerIsAnErrorUnlessTheRestIsEnough) {
  std::size_t failures = 0;
  for (const char* name : {"cosign3-index-recursive", "notation-jws-p256"}) {
    auto setting = testing::read_verifier_case(name).setting;
    setting.platforms = {registry::platform::parse("linux/amd64").value()};
    const verifier by = loaded(setting);
    std::vector<std::string> names;
    case_registry all(name);
    const document_reader recording = [&, inner = all.reader()](registry::document_name wanted, deadline d) {
      names.push_back(wanted.name);
      return inner(std::move(wanted), d);
    };
    const auto of = testing::read_signature_case(name);
    const image_subject subject{"registry.example/acme/app", digest_of(of.subject)};
    ASSERT_TRUE(testing::run(verify_image(recording, subject, by, {of.verify_at, {}}, deadline::never())));
    for (const std::string& one : names) {
      case_registry in(name);
      in.failures.emplace(one, error{error_code::unavailable, "no answer", std::nullopt});
      const auto verdict = verify(in, name, by);
      if (verdict) {
        EXPECT_TRUE(verdict->is_verified) << one;
        continue;
      }
      ++failures;
      EXPECT_EQ(verdict.error().code, error_code::unavailable);
    }
  }
  EXPECT_GE(failures, 6U) << "the manifests and blobs of the signatures";
}

// A place that nobody can ask, behind a mirror that has the signature.
TEST(VerifyImage, WhatIsOutOfReachMattersOnlyWhereTheRestIsNotEnough) {
  const struct {
    const char* name;
    bool is_verified;
  } rows[] = {{"cosign3-key-p256", true}, {"cosign3-bad-wrong-key", false}, {"cosign3-bad-unsigned", false}};
  for (const auto& row : rows) {
    case_registry in(row.name);
    const auto of = testing::read_signature_case(row.name);
    in.failures.emplace("sha256-" + of.subject.substr(7) + ".sig",
                        error{error_code::unavailable, "no connection", std::nullopt});
    const auto verdict = verify(in, row.name, loaded(testing::read_verifier_case(row.name).setting));
    EXPECT_EQ(verdict.has_value() && verdict->is_verified, row.is_verified) << row.name;
    if (!row.is_verified) {
      ASSERT_FALSE(verdict) << row.name;
      EXPECT_EQ(verdict.error().message, "no connection");
    }
  }
}

TEST(VerifyImage, ATrustPolicyWithoutARuleForTheRepositoryVerifiesNothing) {
  const std::string name = "notation-jws-p256";
  auto setting = testing::read_verifier_case(name).setting;
  auto& notation = std::get<notation_setting>(setting.by);
  std::string policy = testing::signature_file(name, "trustpolicy.json");
  policy.replace(policy.find("\"*\""), 3, "\"registry.example/other\"");
  notation.trust_policy = policy;
  case_registry in(name);
  const auto verdict = verify(in, name, loaded(setting));
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->reason, HasSubstr("the trust policy has no rule for notation-jws"));
}

TEST(VerifyImage, ASkippingTrustPolicyTakesUnsignedImages) {
  auto setting = testing::read_verifier_case("notation-jws-p256").setting;
  std::get<notation_setting>(setting.by).trust_policy =
      R"({"version":"1.0","trustPolicies":[{"name":"none","registryScopes":["*"],)"
      R"("signatureVerification":{"level":"skip"}}]})";
  case_registry in("cosign3-bad-unsigned");
  const auto verdict = verify(in, "cosign3-bad-unsigned", loaded(setting));
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->is_verified);
}

TEST(VerifyImage, OfAnotherKindIsUnsupported) {
  const verifier tags = loaded(testing::read_verifier_case("dct-targets").setting);
  case_registry in("cosign3-key-p256");
  EXPECT_EQ(verify(in, "cosign3-key-p256", tags).error().code, error_code::unsupported);
  const verifier notation = loaded(testing::read_verifier_case("notation-jws-p256").setting);
  EXPECT_EQ(verify(in, "cosign3-key-p256", notation, attestation_demand{"x", {}}).error().code,
            error_code::unsupported);
}

TEST(JudgeSignedTag, ComparesTheSignedDigest) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const trust::signed_tag tag{"v1", digest, 1, "targets", {}};
  EXPECT_TRUE(judge_signed_tag(tag, digest_of(digest)).is_verified);
  const auto other = judge_signed_tag(tag, digest_of("sha256:" + std::string(64, 'b')));
  EXPECT_FALSE(other.is_verified);
  EXPECT_THAT(other.reason, AllOf(HasSubstr(digest), HasSubstr("is signed for tag \"v1\", not sha256:bbb")));
  const auto none =
      judge_signed_tag(fail(error_code::not_found, "no signer gave a digest to tag \"v9\""), digest_of(digest));
  EXPECT_THAT(none.signatures, IsEmpty());
  EXPECT_EQ(none.reason, "no signer gave a digest to tag \"v9\"");
}

}  // namespace
}  // namespace pinhook::signatures
