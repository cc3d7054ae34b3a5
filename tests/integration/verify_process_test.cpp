// `pinhook verify` as a process, with a registry (and a Notary server) on loopback that has the signed images of
// tests/corpus/signatures: its output, its exit code, and the requests.
#include "support/certificates.hpp"
#include "support/paths.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"
#include "support/signature_server.hpp"
#include "support/strict_json.hpp"
#include "support/verifier_case.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/config/setting_types.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhook::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyProcess : public ::testing::TestWithParam<std::string> {
 protected:
  // Everything of the case is in this repository.
  void serve(const std::string& name) {
    registry_.otherwise([held = signature_server(name, "acme/app")](const recorded_request& r) {
      return held.answer(r).value_or(reply{.status = 404});
    });
  }
  [[nodiscard]] std::string image(const std::string& rest) const { return registry_.host() + "/acme/app" + rest; }

  [[nodiscard]] program_result verify(std::vector<std::string> words,
                                      const std::vector<signatures::verifier_setting>& verifiers = {}) const {
    words.insert(words.begin(), "verify");
    return run_program(std::move(words), {"PINHOOK_CLOUDS=[]", "HOME=" + home_.path().string(),
                                          "PINHOOK_VERIFIERS=" + config::verifiers_type::write(verifiers)});
  }

  scripted_server registry_;
  temporary_directory home_;
};

// The arguments that the tool had, where flags can say them all.
std::vector<std::string> flags_of(const signatures::verifier_setting& setting) {
  if (const auto* s = std::get_if<signatures::notation_setting>(&setting.by))
    return {"--trust-policy", s->trust_policy, "--trust-store", s->trust_store};
  const auto* s = std::get_if<signatures::cosign_setting>(&setting.by);
  if (s == nullptr || s->required || s->sct || !s->annotations.empty() || !s->digest_algorithm.empty()) return {};
  if (!s->keys.empty()) return {"--key", s->keys.front()};
  const auto& who = s->identities.front();
  return {"--trusted-root", s->trusted_root, "--identity", who.subject.value(), "--issuer", who.issuer.value()};
}

class VerifyProcessOfDigest : public VerifyProcess {};

TEST_P(VerifyProcessOfDigest, DecidesAsTheToolByTagAndByDigest) {
  const auto of = read_signature_case(GetParam());
  const auto with = read_verifier_case(GetParam());
  if (of.is_either_right) GTEST_SKIP() << "either verdict is right";
  serve(GetParam());
  const int expected = of.is_verified ? 0 : 1;
  const auto seen = verify({"--verifier", "case", "--at", with.verify_at, image("@" + of.subject)}, {with.setting});
  EXPECT_EQ(seen.exit_code, expected) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr(of.is_verified ? "case: verified\n" : "case: not verified: "));
  auto words = flags_of(with.setting);
  if (words.empty()) return;
  words.insert(words.end(), {"--at", with.verify_at, image(":v1")});
  const auto flagged = verify(words);
  EXPECT_EQ(flagged.exit_code, expected) << flagged.output << flagged.errors;
  EXPECT_THAT(flagged.output, HasSubstr(image(":v1@" + of.subject)));
}
INSTANTIATE_TEST_SUITE_P(All, VerifyProcessOfDigest, ::testing::ValuesIn(cases_of_digests()), signature_test_name);

class VerifyProcessOfTag : public VerifyProcess {};

TEST_P(VerifyProcessOfTag, DecidesAsTheTool) {
  const auto of = read_signature_case(GetParam());
  auto with = read_verifier_case(GetParam());
  scripted_server notary;
  notary.otherwise([name = GetParam()](const recorded_request& r) { return notary_answer(name, r); });
  std::get<signatures::content_trust_setting>(with.setting.by).server = notary.url("");
  registry_.otherwise([&](const recorded_request&) {
    return reply{.headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"},
                             {"Docker-Content-Digest", of.subject}}};
  });
  const auto seen = verify({"--at", with.verify_at, image(":" + with.tag)}, {with.setting});
  EXPECT_EQ(seen.exit_code, of.is_verified ? 0 : 1) << seen.output << seen.errors;
  ASSERT_FALSE(notary.requests().empty());
  EXPECT_THAT(notary.requests().front().target, HasSubstr("/v2/" + image("/_trust/tuf/root.json")));
}
INSTANTIATE_TEST_SUITE_P(All, VerifyProcessOfTag, ::testing::ValuesIn(cases_of_tags()), signature_test_name);

TEST_F(VerifyProcess, SaysWhoSignedAndWhen) {
  serve("keyless-email");
  const auto with = read_verifier_case("keyless-email");
  const auto seen = verify({image(":v1")}, {with.setting});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("  case: verified\n    + cosign bundle by dev@pinhook.test (issuer "
                                           "http://127.0.0.1:5380), 2026-11-2"),
                                 HasSubstr(": holds\n")));
  EXPECT_EQ(seen.errors, "");
}

TEST_F(VerifyProcess, TellsProgramsEverything) {
  serve("cosign3-two-keys");
  const auto with = read_verifier_case("cosign3-two-keys");
  const auto seen = verify({"-o", "json", image(":v1")}, {with.setting});
  EXPECT_EQ(seen.exit_code, 0) << seen.errors;
  EXPECT_TRUE(read_strict_json(seen.output));
  const auto read = json::parse(seen.output);
  ASSERT_TRUE(read) << seen.output;
  const json::value& one = (*read)[0];
  EXPECT_EQ(json::find_string(one, "digest"), read_signature_case("cosign3-two-keys").subject);
  EXPECT_EQ(json::find_bool(one, "verified"), true);
  const json::value& by = (*json::find(one, "verifiers"))[0];
  EXPECT_EQ(json::find_string(by, "name"), "case");
  const json::value& found = *json::find(by, "signatures");
  ASSERT_EQ(found.Size(), 2U);
  const auto is_verified = [&](unsigned i) { return json::find_bool(found[i], "verified").value(); };
  EXPECT_NE(is_verified(0), is_verified(1));
  const json::value& bad = found[is_verified(0) ? 1 : 0];
  EXPECT_EQ(json::find_string(bad, "reason"), "it was not made by the key");
}

// 5 documents, beside the request that resolves a tag (cosign 3.1.3 makes 9).
TEST_F(VerifyProcess, NeedsFewRequests) {
  serve("cosign3-key-p256");
  const auto with = read_verifier_case("cosign3-key-p256");
  const auto words = flags_of(with.setting);
  std::vector<std::string> all = words;
  all.push_back(image(":v1"));
  EXPECT_EQ(verify(all).exit_code, 0);
  EXPECT_EQ(registry_.requests().size(), 6U);
  all.back() = image("@" + read_signature_case("cosign3-key-p256").subject);
  EXPECT_EQ(verify(all).exit_code, 0);
  EXPECT_EQ(registry_.requests().size(), 6U + 5U);
}

TEST_F(VerifyProcess, OneVerifierThatAcceptsAnImageIsEnough) {
  serve("cosign3-key-p256");
  auto good = read_verifier_case("cosign3-key-p256").setting;
  auto other = read_verifier_case("cosign3-bad-wrong-key").setting;
  other.name = "other";
  const auto seen = verify({image(":v1")}, {other, good});
  EXPECT_EQ(seen.exit_code, 0) << seen.output;
  EXPECT_THAT(seen.output, AllOf(HasSubstr("  other: not verified: "), HasSubstr("  case: verified\n")));
  EXPECT_EQ(verify({"--verifier", "other", image(":v1")}, {other, good}).exit_code, 1);
}

TEST_F(VerifyProcess, WhatCouldNotBeLookedUpIsNeitherSignedNorUnsigned) {
  const auto with = read_verifier_case("cosign3-key-p256");
  const std::string subject = read_signature_case("cosign3-key-p256").subject;
  // No such image.
  const auto missing = verify({image(":v1")}, {with.setting});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.output, HasSubstr("could not be looked up: "));
  // Where a registry hides the image, it hides its signatures, too.
  const auto hidden = verify({"-o", "json", image("@" + subject)}, {with.setting});
  EXPECT_EQ(hidden.exit_code, 3) << hidden.output;
  // Signatures that cannot be fetched.
  registry_.otherwise([held = signature_server("cosign3-key-p256", "acme/app")](const recorded_request& r) {
    if (r.path().find("/blobs/") != std::string::npos) return reply{.status = 503};
    return held.answer(r).value_or(reply{.status = 404});
  });
  const auto down = verify({image(":v1")}, {with.setting});
  EXPECT_EQ(down.exit_code, 3) << down.output;
  EXPECT_THAT(down.output, HasSubstr("  case: could not be looked up: "));
}

TEST_F(VerifyProcess, RefusesBeforeItAsksAnybody) {
  const auto with = read_verifier_case("cosign3-key-p256");
  const std::string corpus = source_dir() + "/tests/corpus/signatures/";
  const std::string good = corpus + "cosign3-key-p256/k1.pub";
  const std::string damaged = home_.write("damaged", "x").string();
  const std::string store = corpus + "notation-jws-p256/truststore";
  const auto named = [&](std::string_view flag, std::string_view fault) {
    return fmt::format("verify: {}: {}{}", flag, damaged, fault);
  };
  const struct {
    std::vector<std::string> words;
    std::string message;
  } rows[] = {
      {{"UPPER"}, "\"UPPER\" is not a valid image reference"},
      {{"--verifier", "cas", image(":v1")}, "has no verifier \"cas\"; did you mean case?"},
      {{"--key", "/none/acme.pub", image(":v1")}, "verify: --key: cannot read /none/acme.pub: No such file"},
      {{"--key", damaged, image(":v1")}, named("--key", ": no PEM block")},
      {{"--key", good, "--key", damaged, image(":v1")}, named("--key", ": no PEM block")},
      {{"--trusted-root", damaged, "--identity", "a", "--issuer", "i", image(":v1")},
       named("--trusted-root", ": the trusted root is not JSON")},
      {{"--trust-policy", damaged, "--trust-store", store, image(":v1")},
       named("--trust-policy", ": the trust policy is not JSON")},
      {{"--trust-policy", damaged, "--trust-store", "/none", image(":v1")},
       "verify: --trust-store: /none/x509: No such file"},
      {{"--at", "yesterday", image(":v1")}, "--at: \"yesterday\" is not a moment as 2026-11-21T02:45:00Z"},
      {{"--trusted-root", "r", "--identity-regexp", "(", "--issuer", "i", image(":v1")},
       "verify: --identity-regexp: \"(\" is not a valid regular expression"},
  };
  for (const auto& row : rows) {
    const auto seen = verify(row.words, {with.setting});
    EXPECT_EQ(seen.exit_code, 2) << row.message;
    EXPECT_EQ(seen.output, "");
    EXPECT_THAT(seen.errors, HasSubstr(row.message));
  }
  const auto none = verify({image(":v1")});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("there is no verifier: say who may sign with --key"));
  EXPECT_THAT(registry_.requests(), IsEmpty());
}

TEST_F(VerifyProcess, AsksForAttestations) {
  serve("cosign3-signature-and-attestation");
  auto setting = read_verifier_case("cosign3-signature-and-attestation").setting;
  std::get<signatures::cosign_setting>(setting.by).keys = {signature_file("cosign3-two-keys", "k2.pub")};
  const std::string type = "https://slsa.dev/provenance/v1";
  const auto seen = verify({"--attestation", type, image(":v1")}, {setting});
  EXPECT_EQ(seen.exit_code, 0) << seen.output << seen.errors;
  EXPECT_THAT(seen.output, HasSubstr("cosign bundle with attestation " + type));
  EXPECT_EQ(verify({"--attestation", "https://spdx.dev/Document", image(":v1")}, {setting}).exit_code, 1);
}

}  // namespace
}  // namespace pinhook::testing
