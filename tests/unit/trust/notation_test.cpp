#include <pinhook/trust/notation.hpp>

#include "support/dice.hpp"
#include "support/signature_case.hpp"

#include <pinhook/base/clock.hpp>
#include <pinhook/base/timestamp.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

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

// A certificate with a key of its own, and a signature by it: ECDSA P-256, r and s.
notation_signature signed_by_subject(const std::vector<std::pair<const char*, const char*>>& subject) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> own(X509_new(), X509_free);
  X509_set_version(own.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(own.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(own.get()), 3600);
  X509_set_pubkey(own.get(), key.get());
  for (const auto& [name, value] : subject)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(own.get()), name, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value), -1, -1, 0);
  X509_set_issuer_name(own.get(), X509_get_subject_name(own.get()));
  X509_sign(own.get(), key.get(), EVP_sha256());
  unsigned char* der = nullptr;
  const int der_size = i2d_X509(own.get(), &der);
  notation_signature out;
  out.message = "e30.e30";
  out.algorithm = "ES256";
  out.content_type = "application/vnd.cncf.notary.payload.v1+json";
  out.payload = R"({"targetArtifact":{"digest":"sha256:a","mediaType":"m","size":1}})";
  out.scheme = "notary.x509";
  out.certificates.emplace_back(reinterpret_cast<char*>(der), static_cast<std::size_t>(der_size));
  OPENSSL_free(der);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> with(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestSignInit(with.get(), nullptr, EVP_sha256(), nullptr, key.get());
  std::array<unsigned char, 128> value{};
  std::size_t size = value.size();
  EVP_DigestSign(with.get(), value.data(), &size, reinterpret_cast<const unsigned char*>(out.message.data()),
                 out.message.size());
  const unsigned char* at = value.data();
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)),
                                                                   ECDSA_SIG_free);
  out.value.resize(64);
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), reinterpret_cast<unsigned char*>(out.value.data()), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), reinterpret_cast<unsigned char*>(out.value.data()) + 32, 32);
  return out;
}

// notation refuses a subject that has an attribute twice. Those that the policy does not name may be there twice, as
// the parts of a domain are.
TEST(Notation, AnAttributeThatIsInASubjectTwiceIsNoIdentity) {
  const auto policy = notation_policy::parse(
      R"({"version":"1.0","trustPolicies":[{"name":"a","registryScopes":["*"],"signatureVerification":{"level":"strict"},)"
      R"("trustStores":["ca:a"],"trustedIdentities":["x509.subject: C=US, ST=WA, O=Acme"]}]})");
  ASSERT_TRUE(policy) << policy.error().message;
  const auto failure = [&](std::vector<std::pair<const char*, const char*>> more) {
    std::vector<std::pair<const char*, const char*>> subject{{"C", "US"}, {"ST", "WA"}, {"O", "Acme"}};
    subject.insert(subject.end(), more.begin(), more.end());
    const notation_signature one = signed_by_subject(subject);
    const verdict v = verify_notation(one, {"sha256:a", "m", 1}, policy->rules.front(), {{"ca:a", one.certificates}},
                                      machine_clock().wall());
    return v.failure ? v.failure->message : std::string();
  };
  EXPECT_EQ(failure({}), "");
  EXPECT_EQ(failure({{"DC", "acme"}, {"DC", "test"}}), "");
  EXPECT_THAT(failure({{"O", "Another"}}), HasSubstr("who is no trusted identity"));
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

// The author of a Pod chooses the spelling.
TEST(NotationPolicy, NoSpellingOfARegistryGetsRoundItsRule) {
  const auto policy = notation_policy::parse(R"({"version":"1.0","trustPolicies":[
    {"name":"all","registryScopes":["*"],"signatureVerification":{"level":"skip"}},
    {"name":"web","registryScopes":["Quay.io/shop/web","r.example:5000/shop/web","[fc00::1]/shop/web"],
     "signatureVerification":{"level":"strict"},"trustStores":["ca:a"],"trustedIdentities":["*"]}]})");
  ASSERT_TRUE(policy) << policy.error().message;
  for (const char* spelling :
       {"quay.io/shop/web", "QUAY.io/shop/web", "quay.io:443/shop/web", "quay.IO:0443/shop/web",
        "R.example:5000/shop/web", "r.example:05000/shop/web", "[FC00::1]/shop/web", "[fc00::1]:443/shop/web"})
    EXPECT_EQ(policy->rule_for(spelling)->name, "web") << spelling;
  for (const char* other : {"quay.io:80/shop/web", "quay.io:4430/shop/web", "r.example/shop/web", "quay.io/shop/web2"})
    EXPECT_EQ(policy->rule_for(other)->name, "all") << other;
}

// A scope that can name no image would leave its images to the rule for all.
TEST(NotationPolicy, AScopeNamesARepository) {
  for (const char* bad : {"r.io/x:v1", "r.io:5000/x:v1", "r.io:5000/x@sha256:aa", "r.io/", "/x", "r.io/X", "r.io/x y",
                          "https://r.io/x", "r.io/x/", "r.io", ""}) {
    const auto parsed = notation_policy::parse(fmt::format(
        R"({{"version":"1.0","trustPolicies":[{{"name":"a","registryScopes":["{}"],"signatureVerification":{{"level":"skip"}}}}]}})",
        bad));
    ASSERT_FALSE(parsed) << bad;
    EXPECT_THAT(parsed.error().message, HasSubstr("is not * or registry/repository")) << bad;
  }
}

TEST(NotationPolicy, SubjectsAreReadAsRfc4514HasThem) {
  const auto subject = parse_subject(" c=US, ST = WA ,O=Acme\\, Rockets,OU=a\\2Bb\\ ");
  ASSERT_TRUE(subject) << subject.error().message;
  EXPECT_EQ(*subject, (subject_attributes{{"C", "US"}, {"ST", "WA"}, {"O", "Acme, Rockets"}, {"OU", "a+b "}}));
  for (const char* bad : {"", "C", "C=", "=US", "C=US,C=DE", "C=US\\"}) EXPECT_FALSE(parse_subject(bad)) << bad;
}

}  // namespace
}  // namespace pinhook::trust
