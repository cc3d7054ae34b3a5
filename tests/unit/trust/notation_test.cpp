#include <pinhook/trust/notation.hpp>

#include "support/dice.hpp"
#include "support/signature_case.hpp"

#include <pinhook/base/timestamp.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::trust {
namespace {

using ::testing::HasSubstr;
using testing::read_signature_case;
using testing::signature_case;
using testing::signature_cases;

std::vector<verdict> verdicts_of(const signature_case& of) {
  std::vector<verdict> out;
  const notation_rule* rule = of.notation.rule_for("registry.example/any");
  if (rule == nullptr) return out;
  for (const notation_signature& one : of.notation_signatures)
    out.push_back(verify_notation(one, of.described, *rule, of.stores, of.verify_at));
  return out;
}

bool is_verified(const signature_case& of) {
  return std::ranges::any_of(verdicts_of(of), [](const verdict& v) { return v.is_verified(); });
}

// What notation itself decides about it.
struct NotationCases : ::testing::TestWithParam<std::string> {};

TEST_P(NotationCases, AreDecidedAsByTheTool) {
  const signature_case of = read_signature_case(GetParam());
  std::string reasons;
  for (const verdict& v : verdicts_of(of))
    reasons += fmt::format("{}: {}\n", v.signer, v.failure ? v.failure->message : "verified");
  EXPECT_FALSE(of.notation_signatures.empty());
  EXPECT_EQ(is_verified(of), of.is_verified) << reasons;
}

INSTANTIATE_TEST_SUITE_P(Corpus, NotationCases, ::testing::ValuesIn(signature_cases("notation")),
                         testing::signature_test_name);

// Verified a second before, it holds; a second after, it does not.
TEST(Notation, SaysUntilWhenAVerdictHolds) {
  for (const char* name : {"notation-jws-p256", "notation-cose-p256", "notation-jws-metadata-expiry"}) {
    signature_case of = read_signature_case(name);
    const auto until = verdicts_of(of).front().good_until;
    ASSERT_TRUE(until) << name;
    of.verify_at = *until - std::chrono::seconds(1);
    EXPECT_TRUE(is_verified(of)) << name;
    of.verify_at = *until + std::chrono::seconds(1);
    EXPECT_FALSE(is_verified(of)) << name;
  }
  const auto timestamped = verdicts_of(read_signature_case("notation-jws-certificate-expired-timestamped"));
  EXPECT_FALSE(timestamped.front().good_until) << "a timestamp proves it for good";
}

TEST(Notation, SaysWhyASignatureDoesNotCount) {
  const std::map<std::string, std::string> reasons{
      {"notation-bad-altered-payload", "it was not made by the key of its certificate"},
      {"notation-bad-certificate-expired", "certificate has expired"},
      {"notation-bad-identity", "who is no trusted identity"},
      {"notation-bad-other-image", "it is about another image"},
      {"notation-bad-signature-expired", "it has expired"},
      {"notation-bad-timestamp-no-tsa-store", "certificate has expired"},
      {"notation-bad-untrusted-root", "its certificates lead to none of the policy's trust stores"},
  };
  for (const auto& [name, reason] : reasons) {
    const auto all = verdicts_of(read_signature_case(name));
    ASSERT_EQ(all.size(), 1U) << name;
    ASSERT_TRUE(all.front().failure) << name;
    EXPECT_THAT(all.front().failure->message, HasSubstr(reason)) << name;
  }
}

TEST(Notation, ALevelSaysWhatIsEnforced) {
  const auto with = [](const char* name, const char* level, auto... overridden) {
    signature_case out = read_signature_case(name);
    const auto policy = notation_policy::parse(fmt::format(
        R"({{"version":"1.0","trustPolicies":[{{"name":"a","registryScopes":["*"],"signatureVerification":{{"level":"{}"{}}},)"
        R"("trustStores":["ca:acme"],"trustedIdentities":["x509.subject: C=US, ST=WA, O=Acme Rockets"]}}]}})",
        level, (std::string() + ... + fmt::format(R"(,"override":{{"{}"}})", overridden))));
    EXPECT_TRUE(policy) << policy.error().message;
    out.notation = *policy;
    return is_verified(out);
  };
  EXPECT_FALSE(with("notation-bad-signature-expired", "strict"));
  EXPECT_TRUE(with("notation-bad-signature-expired", "permissive"));
  EXPECT_TRUE(with("notation-bad-signature-expired", "strict", R"(expiry":"log)"));
  EXPECT_FALSE(with("notation-bad-signature-expired", "permissive", R"(expiry":"enforce)"));
  EXPECT_FALSE(with("notation-bad-certificate-expired", "strict"));
  EXPECT_TRUE(with("notation-bad-certificate-expired", "permissive"));
  for (const char* level : {"strict", "permissive", "audit"}) {
    EXPECT_FALSE(with("notation-bad-altered-payload", level)) << level;
    EXPECT_FALSE(with("notation-bad-other-image", level)) << level;
  }
  EXPECT_TRUE(with("notation-bad-altered-payload", "skip"));
}

TEST(Notation, AnyByteOfWhatIsSignedMatters) {
  for (const char* name : {"notation-jws-p256", "notation-jws-rsa2048", "notation-cose-p521"}) {
    const signature_case of = read_signature_case(name);
    ASSERT_TRUE(is_verified(of)) << name;
    const notation_signature& good = of.notation_signatures.front();
    testing::dice dice(3);
    for (int i = 0; i < 40; ++i) {
      notation_signature one = good;
      for (std::string* text : {&one.message, &one.value, &one.certificates.front()}) {
        const std::string before = *text;
        (*text)[dice.roll(text->size())] ^= static_cast<char>(1U << dice.roll(8));
        EXPECT_FALSE(
            verify_notation(one, of.described, *of.notation.rule_for(""), of.stores, of.verify_at).is_verified())
            << name;
        *text = before;
      }
    }
  }
}

TEST(NotationEnvelope, DamagedOnesAreRefused) {
  for (const char* bad : {"", "{}", "[]", R"({"protected":"e30","payload":"e30"})",
                          R"({"protected":"!!","payload":"e30","signature":"AA","header":{}})"})
    EXPECT_FALSE(parse_notation_jws(bad)) << bad;
  const std::string cose = [] {
    std::string out("\xd2\x84\x41\xa0\xa0\x40\x40", 7);
    return out;
  }();
  EXPECT_TRUE(parse_notation_cose(cose));
  for (std::size_t size = 0; size < cose.size(); ++size)
    EXPECT_FALSE(parse_notation_cose(cose.substr(0, size))) << size;
  EXPECT_FALSE(parse_notation_cose(cose + "\x40"));
  // Deep, endless and announced to be long.
  EXPECT_FALSE(parse_notation_cose("\xd2\x84\x41\xa0\xa1\x61x" + std::string(100000, '\x81')));
  EXPECT_FALSE(parse_notation_cose("\xd2\x84\x41\xa0\xa1\x61x\x9f\xff\x40\x40"));
  EXPECT_FALSE(parse_notation_cose(std::string("\xd2\x84\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 11)));
  EXPECT_FALSE(parse_notation_cose(std::string("\xd2\x84\x41\xa0\xa1\x61x\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 16)));
}

TEST(NotationPolicy, NamesWhatIsWrong) {
  const auto policy = [](std::string_view rule) {
    return fmt::format(R"({{"version":"1.0","trustPolicies":[{}]}})", rule);
  };
  const std::string rest = R"("trustStores":["ca:a"],"trustedIdentities":["*"])";
  const std::string strict = R"("signatureVerification":{"level":"strict"})";
  const std::vector<std::pair<std::string, std::string>> bad{
      {"{", "not JSON"},
      {R"({"version":"2.0"})", "version \"2.0\""},
      {R"({"version":"1.0"})", "trustPolicies is empty"},
      {policy(R"({"registryScopes":["*"]})"), "it has no name"},
      {policy(R"({"name":"a"})"), "registryScopes is empty"},
      {policy(R"({"name":"a","registryScopes":["*","r.io/x"],)" + strict + "," + rest + "}"), "* beside other scopes"},
      {policy(R"({"name":"a","registryScopes":["r.io/*"],)" + strict + "," + rest + "}"), "registryScopes \"r.io/*\""},
      {policy(R"({"name":"a","registryScopes":["*"],)" + rest + "}"), "signatureVerification is missing"},
      {policy(R"({"name":"a","registryScopes":["*"],"signatureVerification":{"level":"high"},)" + rest + "}"),
       "\"high\""},
      {policy(
           R"({"name":"a","registryScopes":["*"],"signatureVerification":{"level":"strict","override":{"x":"log"}},)" +
           rest + "}"),
       "override \"x\""},
      {policy(R"({"name":"a","registryScopes":["*"],)" + strict +
              R"(,"trustStores":["x:a"],"trustedIdentities":["*"]})"),
       "trustStores \"x:a\""},
      {policy(R"({"name":"a","registryScopes":["*"],)" + strict +
              R"(,"trustStores":["ca:../a"],"trustedIdentities":["*"]})"),
       "trustStores \"ca:../a\""},
      {policy(R"({"name":"a","registryScopes":["*"],)" + strict +
              R"(,"trustStores":["ca:a"],"trustedIdentities":["me"]})"),
       "trustedIdentities \"me\""},
      {policy(R"({"name":"a","registryScopes":["*"],)" + strict +
              R"(,"trustStores":["ca:a"],"trustedIdentities":["x509.subject: C=US, O=A"]})"),
       "has no ST"},
      {policy(R"({"name":"a","registryScopes":["*"],)" + strict + R"(,"trustStores":["ca:a"]})"), "is empty"},
      {policy(R"({"name":"a","registryScopes":["*"],)" + strict + "," + rest +
              R"(},{"name":"b","registryScopes":["*"],)" + strict + "," + rest + "}"),
       "the scope \"*\""},
  };
  for (const auto& [text, reason] : bad) {
    const auto parsed = notation_policy::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(reason));
  }
}

TEST(NotationPolicy, ARuleThatNamesTheRepositoryComesFirst) {
  const auto policy = notation_policy::parse(R"({"version":"1.0","trustPolicies":[
    {"name":"all","registryScopes":["*"],"signatureVerification":{"level":"skip"}},
    {"name":"web","registryScopes":["r.example:5000/shop/web"],"signatureVerification":{"level":"strict"},
     "trustStores":["ca:a"],"trustedIdentities":["*"]}]})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->rule_for("r.example:5000/shop/web")->name, "web");
  EXPECT_EQ(policy->rule_for("r.example:5000/shop/web2")->name, "all");
}

TEST(NotationPolicy, SubjectsAreReadAsRfc4514HasThem) {
  const auto subject = parse_subject(" c=US, ST = WA ,O=Acme\\, Rockets,OU=a\\2Bb\\ ");
  ASSERT_TRUE(subject) << subject.error().message;
  EXPECT_EQ(*subject, (subject_attributes{{"C", "US"}, {"ST", "WA"}, {"O", "Acme, Rockets"}, {"OU", "a+b "}}));
  for (const char* bad : {"", "C", "C=", "=US", "C=US,C=DE", "C=US\\"}) EXPECT_FALSE(parse_subject(bad)) << bad;
}

}  // namespace
}  // namespace pinhook::trust
