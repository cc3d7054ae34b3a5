// `verifiers:` in the configuration (src/config/verifier_settings.cpp).
#include "unit/config/refusal.hpp"

#include <pinhook/config/configuration.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(VerifierSettings, PlaceTheirProblems) {
  const struct {
    std::string_view verifier;
    std::string_view message;
  } rows[] = {
      {"{name: a, cosgn: {}}", "column 23: verifiers[0] (a): \"cosgn\" is not a valid key; did you mean cosign?"},
      {"{cosign: {keys: [k]}}", "column 13: verifiers[0]: name is missing"},
      {"{name: A, cosign: {keys: [k]}}", "column 20: verifiers[0] (A): \"A\" is not a valid name of a verifier"},
      {"{name: a}", "verifiers[0] (a): must have one of cosign, notation, content_trust, and has none"},
      {"{name: a, cosign: {keys: [k]}, notation: {}}", "and has several"},
      {"{name: a, cosign: {key: k}}",
       "column 32: verifiers[0] (a): cosign: \"key\" is not a valid key; did you mean keys?"},
      {"{name: a, cosign: {}}", "verifiers[0] (a): cosign: keys or identities are missing"},
      {"{name: a, cosign: {keys: k}}", "cosign: keys: must be a list, not a scalar"},
      {"{name: a, cosign: {keys: [k, \"\"]}}", "cosign: keys: [1]: is empty"},
      {"{name: a, cosign: {keys: [k], digest_algorithm: md5}}",
       "cosign: digest_algorithm: \"md5\" is not one of: sha256, sha384 or sha512"},
      {"{name: a, cosign: {keys: [k], require: [logs]}}", "require: [0]: \"logs\" is not one of: log or timestamp"},
      {"{name: a, cosign: {keys: [k], sct: maybe}}", "cosign: sct: \"maybe\" is not true or false"},
      {"{name: a, cosign: {trusted_root: r, identities: [{issuer: i, subject_regexp: \"(\"}]}}",
       "column 90: verifiers[0] (a): cosign: identities: [0]: subject_regexp: \"(\" is not a valid regular expression"},
      {"{name: a, cosign: {trusted_root: r, identities: [{subject: s}]}}", "issuer or issuer_regexp is missing"},
      {"{name: a, cosign: {trusted_root: r, identities: [{issuers: s}]}}", "did you mean issuer?"},
      {"{name: a, notation: {trust_policy: p}}", "notation.trust_store is missing"},
      {"{name: a, content_trust: {server: \"https://n\"}}", "either root_key_ids or root"},
      {"{name: a, cosign: {keys: [k]}, platforms: [amd64]}", "platforms: [0]: \"amd64\" is not a valid platform"},
      {"{name: a, cosign: {keys: [k]}}, {name: a, cosign: {keys: [k]}}", "another verifier has this name"},
      {"x", "verifiers[0]: must be a mapping of name, cosign"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(refusal(std::string("verifiers: [").append(row.verifier) + "]\n"),
                AllOf(StartsWith("pinhook.yaml: line 1, column "), HasSubstr(row.message)))
        << row.verifier;
  EXPECT_THAT(refusal("verifiers:\n"), HasSubstr("verifiers: the value is missing; write verifiers: [] for none"));
  EXPECT_THAT(refusal("verifiers: {}\n"), HasSubstr("verifiers: must be a list of verifiers, not a mapping"));
}

TEST(VerifierSettings, AnswerTheRulesThatNameThem) {
  const std::string verifiers =
      "verifiers:\n"
      "- {name: acme, cosign: {keys: [/k.pub]}}\n"
      "- {name: notary, notation: {trust_policy: /p.json, trust_store: /s}}\n"
      "- {name: legacy, content_trust: {server: \"https://notary.example.com\", root_key_ids: [\"" +
      std::string(64, 'a') + "\"]}}\n";
  struct row {
    std::string_view require, problem;
  };
  const std::vector<row> rows{
      {"{signed: [acme, notary]}", ""},
      {"{attested: {type: t, by: acme}}", ""},
      {"{signed: [acne]}", "line 6: rules: rule \"own\": there is no verifier \"acne\"; did you mean acme?"},
      {"{attested: {type: t, by: notary}}", "verifier notary is not one of cosign's, and only these read attestations"},
      {"{signed: legacy}", ""},
      {"{attested: {type: t, by: legacy}}", "verifier legacy is not one of cosign's"},
  };
  for (const row& r : rows) {
    settings s;
    const auto read = read_configuration(
        fmt::format("{}rules:\n- {{name: own, require: {}, action: deny}}\n", verifiers, r.require), "f", s);
    ASSERT_TRUE(read) << read.error().message;
    const auto good = check_together(s);
    EXPECT_EQ(good.has_value(), r.problem.empty()) << r.require;
    if (!good) {
      EXPECT_THAT(good.error().message, HasSubstr(r.problem));
    }
  }
}

}  // namespace
}  // namespace pinhook::config
