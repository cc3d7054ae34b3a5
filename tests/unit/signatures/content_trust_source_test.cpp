// Verifies the repositories of tests/corpus/signatures that a Notary server has.
#include <pinhook/signatures/content_trust_source.hpp>

#include "support/case_notary.hpp"
#include "support/run.hpp"
#include "support/signature_case.hpp"
#include "support/verifier_case.hpp"

#include <pinhook/signatures/load_verifier.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pinhook::signatures {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using testing::case_notary;

verifier loaded(const std::string& name) {
  return std::move(load_verifiers({testing::read_verifier_case(name).setting}).value().front());
}

result<image_verdict> verify(case_notary& server, const std::string& name, tag_subject of) {
  const auto case_of = testing::read_signature_case(name);
  return testing::run(
      verify_signed_tag(server.reader(), std::move(of), loaded(name), case_of.verify_at, deadline::never()));
}

registry::digest subject_of(const std::string& name) {
  return registry::digest::parse(testing::read_signature_case(name).subject).value();
}

TEST(ContentTrustSource, EachCaseIsDecidedAsByNotary) {
  for (const std::string& name : testing::cases_of_tags()) {
    const auto of = testing::read_signature_case(name);
    const std::string tag = testing::read_verifier_case(name).tag;
    const std::vector<tag_subject> subjects{{tag, std::nullopt}, {tag, subject_of(name)}, {"", subject_of(name)}};
    for (const tag_subject& subject : subjects) {
      case_notary server(name);
      const auto verdict = verify(server, name, subject);
      ASSERT_TRUE(verdict) << name << verdict.error().message;
      EXPECT_EQ(verdict->is_verified, of.is_verified) << name << verdict->reason;
      if (of.is_verified) {
        EXPECT_EQ(verdict->signed_tag->digest, of.subject) << name;
        EXPECT_EQ(verdict->signed_tag->tag, tag);
      }
    }
  }
}

TEST(ContentTrustSource, AsksForTheFilesThatAreNeeded) {
  case_notary plain("dct-targets");
  ASSERT_TRUE(verify(plain, "dct-targets", {"v1", std::nullopt}));
  EXPECT_THAT(plain.asked, ElementsAre("root.json", "timestamp.json", "snapshot.json", "targets.json"));
  case_notary delegated("dct-delegation");
  ASSERT_TRUE(verify(delegated, "dct-delegation", {"v2", std::nullopt}));
  EXPECT_EQ(delegated.asked.back(), "targets/releases.json");
  case_notary rotated("dct-root-rotated");
  ASSERT_TRUE(verify(rotated, "dct-root-rotated", {"v2", std::nullopt}));
  EXPECT_THAT(rotated.asked, ElementsAre("root.json", "2.root.json", "3.root.json", "timestamp.json", "snapshot.json",
                                         "targets.json"));
}

TEST(ContentTrustSource, AnotherDigestAnotherTagAndAnUnknownRepositoryAreNotVerified) {
  const auto other = registry::digest::parse("sha256:" + std::string(64, '0')).value();
  const struct {
    tag_subject of;
    std::string reason;
  } rows[] = {
      {{"v1", other}, "is signed for tag \"v1\", not sha256:0000"},
      {{"v9", std::nullopt}, "no signer gave a digest to tag \"v9\""},
      {{"", other}, "no signer gave sha256:0000"},
  };
  for (const auto& row : rows) {
    case_notary server("dct-targets");
    const auto verdict = verify(server, "dct-targets", row.of);
    ASSERT_TRUE(verdict);
    EXPECT_FALSE(verdict->is_verified);
    EXPECT_THAT(verdict->reason, HasSubstr(row.reason));
  }
  case_notary empty("dct-targets");
  empty.instead.emplace("root.json", fail(error_code::not_found, "not there"));
  EXPECT_EQ(verify(empty, "dct-targets", {"v1", std::nullopt})->reason,
            "the Notary server has no signatures for its repository");
}

// A damaged file is a verdict; an answer that did not come is none, at each step.
TEST(ContentTrustSource, ADamagedFileIsNotVerifiedAndAMissingAnswerIsAnError) {
  case_notary all("dct-delegation");
  ASSERT_TRUE(verify(all, "dct-delegation", {"v2", std::nullopt}));
  for (const std::string& name : all.asked) {
    case_notary damaged("dct-delegation");
    damaged.instead.emplace(name, "{\"signed\":{},\"signatures\":[]}");
    const auto verdict = verify(damaged, "dct-delegation", {"v2", std::nullopt});
    ASSERT_TRUE(verdict) << name << verdict.error().message;
    EXPECT_FALSE(verdict->is_verified) << name;
    for (const error_code code : {error_code::unavailable, error_code::denied, error_code::timed_out}) {
      case_notary down("dct-delegation");
      down.instead.emplace(name, fail(code, "no answer"));
      const auto none = verify(down, "dct-delegation", {"v2", std::nullopt});
      ASSERT_FALSE(none) << name;
      EXPECT_EQ(none.error().code, code);
    }
  }
}

TEST(ContentTrustSource, OfAnotherKindIsUnsupported) {
  case_notary server("dct-targets");
  const verifier other = load_verifiers({testing::read_verifier_case("cosign3-key-p256").setting}).value().front();
  EXPECT_EQ(
      testing::run(verify_signed_tag(server.reader(), {"v1", std::nullopt}, other, {}, deadline::never())).error().code,
      error_code::unsupported);
}

}  // namespace
}  // namespace pinhook::signatures
