#include <pinhook/trust/cosign.hpp>

#include "support/dice.hpp"
#include "support/signature_case.hpp"
#include "support/timestamp_authority.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pinhook::trust {
namespace {

using ::testing::HasSubstr;
using testing::read_signature_case;
using testing::signature_case;
using testing::signature_cases;

// One good signature is enough.
std::vector<verdict> verdicts_of(const signature_case& of) {
  std::vector<verdict> out;
  for (const signature& one : of.signatures) out.push_back(verify_cosign(one, of.subject, of.policy));
  return out;
}

bool is_verified(const signature_case& of) {
  return std::ranges::any_of(verdicts_of(of), [](const verdict& v) { return v.is_verified(); });
}

// What the tool that signed decides about it.
struct CosignCases : ::testing::TestWithParam<std::string> {};

TEST_P(CosignCases, AreDecidedAsByTheTool) {
  const signature_case of = read_signature_case(GetParam());
  std::string reasons;
  for (const verdict& v : verdicts_of(of))
    reasons += fmt::format("{}: {}\n", v.signer, v.failure ? v.failure->message : "verified");
  if (of.is_either_right) GTEST_SKIP() << "either verdict is right: " << reasons;
  EXPECT_EQ(is_verified(of), of.is_verified) << reasons;
}

INSTANTIATE_TEST_SUITE_P(Corpus, CosignCases, ::testing::ValuesIn(signature_cases("cosign")),
                         testing::signature_test_name);

TEST(Cosign, SaysWhyASignatureDoesNotCount) {
  const std::map<std::string, std::string> reasons{
      {"cosign2-bad-other-image", "it is about another image: \"sha256:"},
      {"cosign3-bad-altered-payload", "it was not made by the key"},
      {"cosign3-bad-annotation", "its annotation team is \"rockets\", not \"others\""},
      {"cosign3-bad-other-image", "it is about another image: \""},
      {"cosign3-bad-wrong-key", "it was not made by the key"},
      {"keyless-bad-identity",
       "it was made by \"dev@pinhook.test\" (issuer \"http://127.0.0.1:5380\"), who may not sign"},
      {"keyless-bad-inclusion-hash", "the inclusion proof of its log entry does not hold"},
      {"keyless-bad-issuer", "who may not sign for this"},
      {"keyless-bad-log-entry-of-other-signature", "its log entry is of another signature"},
      {"keyless-bad-no-inclusion-proof", "its log entry has no inclusion proof"},
      {"keyless-bad-no-timestamp", "nothing proves when it was made"},
      {"keyless-bad-other-ca", "its certificate is not from a trusted authority: "},
      {"keyless-bad-other-image", "it is about another image: \""},
      {"keyless-bad-other-rekor", "its log entry is of a log that is not trusted"},
      {"keyless-bad-timestamp-after-certificate",
       "its certificate is not from a trusted authority: certificate has expired"},
      {"keyless-bad-timestamp-of-other-signature", "its timestamp is for another signature"},
      {"keyless-rekor1-bad-entry-of-other-signature", "its log entry is of another signature"},
      {"keyless-rekor1-bad-integrated-time", "promise (signed entry timestamp) does not fit"},
      {"keyless-rekor1-bad-other-log", "its log entry is of a log that is not trusted"},
  };
  for (const auto& [name, reason] : reasons) {
    const auto all = verdicts_of(read_signature_case(name));
    ASSERT_EQ(all.size(), 1U) << name;
    ASSERT_TRUE(all.front().failure) << name;
    EXPECT_THAT(all.front().failure->message, HasSubstr(reason)) << name;
  }
}

TEST(Cosign, TellsWhoSignedAndWhen) {
  const auto by_key = verdicts_of(read_signature_case("cosign3-key-tsa")).front();
  EXPECT_THAT(by_key.signer, ::testing::StartsWith("key sha256:"));
  EXPECT_TRUE(by_key.signed_at);
  const auto by_identity = verdicts_of(read_signature_case("keyless-github-uri")).front();
  EXPECT_EQ(by_identity.signer, "https://github.com/acme/rockets/.github/workflows/release.yml@refs/heads/main");
  EXPECT_EQ(by_identity.issuer, "http://127.0.0.1:5381");
  EXPECT_TRUE(by_identity.signed_at);
}

// A policy that trusts no authority or no log believes none of their proofs.
TEST(Cosign, NothingIsBelievedThatTheRootDoesNotHold) {
  const signature_case good = read_signature_case("keyless-email");
  ASSERT_TRUE(is_verified(good));
  const auto without = [&](auto member) {
    signature_case out = read_signature_case("keyless-email");
    trusted_root root = *out.policy.root;
    (root.*member).clear();
    out.policy.root = std::make_shared<trusted_root>(root);
    return out;
  };
  EXPECT_FALSE(is_verified(without(&trusted_root::logs)));
  EXPECT_FALSE(is_verified(without(&trusted_root::certificate_logs)));
  EXPECT_FALSE(is_verified(without(&trusted_root::authorities)));
  EXPECT_FALSE(is_verified(without(&trusted_root::timestamp_authorities)));
}

// As the bundle's version demands (sigstore-conformance, intoto-missing-inclusion-proof).
TEST(Cosign, APromiseAloneIsEnoughInTheOldestBundlesOnly) {
  signature_case of = read_signature_case("keyless-rekor1");
  ASSERT_TRUE(is_verified(of));
  log_entry& entry = of.signatures.front().log_entries.front();
  ASSERT_TRUE(entry.needs_proof);
  entry.proof.reset();
  EXPECT_THAT(verdicts_of(of).front().failure.value().message, HasSubstr("its log entry has no inclusion proof"));
  entry.needs_proof = false;
  EXPECT_TRUE(is_verified(of));
}

// A second proof of another time does not help a certificate that had ended, or had not begun, by then.
TEST(Cosign, TheCertificateHoldsAtEachProvenTime) {
  const testing::timestamp_authority stamps;
  signature_case of = read_signature_case("keyless-rekor1");
  const wall_time promised = verdicts_of(of).front().signed_at.value();
  trusted_root root = *of.policy.root;
  root.timestamp_authorities = {stamps.trusted()};
  of.policy.root = std::make_shared<trusted_root>(root);
  signature& one = of.signatures.front();
  const auto stamped_after = [&](std::chrono::seconds later) {
    one.timestamps = {stamps.stamp(one.stamped, promised + later)};
    return verdicts_of(of).front();
  };
  const verdict good = stamped_after(std::chrono::seconds(0));
  EXPECT_TRUE(good.is_verified()) << good.failure->message;
  EXPECT_EQ(good.signed_at, promised);
  for (const int days : {-1, 1}) {
    const verdict bad = stamped_after(std::chrono::hours(24 * days));
    ASSERT_FALSE(bad.is_verified()) << days;
    EXPECT_THAT(bad.failure->message, HasSubstr("its certificate is not from a trusted authority: certificate"));
  }
}

// The bytes of a signature are all covered: none can be another without the signature's falling, but for those that are
// hints or proofs that this policy does not need.
TEST(Cosign, AnyByteOfWhatIsSignedMatters) {
  for (const char* name : {"keyless-email", "keyless-rekor1", "cosign3-key-rekor2-tsa", "cosign2-keyless-rekor1"}) {
    const signature_case of = read_signature_case(name);
    ASSERT_TRUE(is_verified(of)) << name;
    const signature& good = of.signatures.front();
    testing::dice dice(7);
    const auto flipped = [&](std::string text) {
      text[dice.roll(text.size())] ^= static_cast<char>(1U << dice.roll(8));
      return text;
    };
    for (int i = 0; i < 60; ++i) {
      signature one = good;
      one.message = flipped(one.message);
      EXPECT_FALSE(verify_cosign(one, of.subject, of.policy).is_verified()) << name;
      one = good;
      one.value = flipped(one.value);
      EXPECT_FALSE(verify_cosign(one, of.subject, of.policy).is_verified()) << name;
      if (!good.certificates.empty()) {
        one = good;
        one.certificates.front() = flipped(one.certificates.front());
        EXPECT_FALSE(verify_cosign(one, of.subject, of.policy).is_verified()) << name;
      }
      if (of.policy.needs_log && good.log_entries.front().proof) {
        one = good;
        std::string& note = one.log_entries.front().proof->checkpoint;
        note = flipped(note);
        EXPECT_FALSE(verify_cosign(one, of.subject, of.policy).is_verified()) << name << "\n" << note;
      }
    }
  }
}

}  // namespace
}  // namespace pinhook::trust
