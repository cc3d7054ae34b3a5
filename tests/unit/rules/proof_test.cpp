#include <pinhook/rules/proof.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using state = judgement::state;

demand signed_by(verifier_groups groups) {
  return {.requirement = requirement::signed_by, .verifiers = std::move(groups)};
}

// '+': accepted, '-': no signature, '!': it could not be looked up. Verifiers that are not in it were not asked.
proofs answers_of(const std::vector<std::string>& all) {
  proofs out;
  for (const std::string& one : all) {
    result<proof> answer = proof{.is_given = one[0] == '+'};
    if (one[0] == '!') answer = fail(error_code::unavailable, "registry ghcr.io did not answer");
    out.emplace(proof_question{one.substr(1)}, std::move(answer));
  }
  return out;
}

TEST(Proof, OneGroupMustAcceptAsAWhole) {
  struct row {
    verifier_groups groups;
    std::vector<std::string> answers;
    state is;
  };
  const verifier_groups either{{"a"}, {"b"}};
  const verifier_groups both{{"a", "b"}};
  const verifier_groups one_or_pair{{"a"}, {"b", "c"}};
  const std::vector<row> rows{
      {either, {"+a", "-b"}, state::met},
      {either, {"-a", "+b"}, state::met},
      {either, {"-a", "-b"}, state::broken},
      {either, {"!a", "+b"}, state::met},
      {either, {"!a", "-b"}, state::unknown},
      {either, {"-a"}, state::unknown},
      {either, {}, state::unknown},
      {both, {"+a", "+b"}, state::met},
      {both, {"+a", "-b"}, state::broken},
      {both, {"!a", "-b"}, state::broken},
      {both, {"!a", "+b"}, state::unknown},
      {one_or_pair, {"-a", "+b", "+c"}, state::met},
      {one_or_pair, {"-a", "+b", "-c"}, state::broken},
      {one_or_pair, {"+a", "-b", "-c"}, state::met},
      {one_or_pair, {"-a", "+b", "!c"}, state::unknown},
  };
  for (const row& r : rows) {
    const auto j = judge_proofs(signed_by(r.groups), answers_of(r.answers));
    EXPECT_EQ(j.is, r.is) << ::testing::PrintToString(r.groups) << " by " << ::testing::PrintToString(r.answers);
    EXPECT_EQ(j.failure.has_value(), r.is == state::unknown) << ::testing::PrintToString(r.answers);
  }
}

TEST(Proof, AFailureIsNamed) {
  const auto j = judge_proofs(signed_by({{"a"}}), answers_of({"!a"}));
  ASSERT_TRUE(j.failure);
  EXPECT_EQ(j.failure->code, error_code::unavailable);
  EXPECT_EQ(j.failure->message, "registry ghcr.io did not answer");
}

TEST(Proof, EveryAttestationIsNeeded) {
  const attestation provenance{"https://slsa.dev/provenance/v1", {{"ci"}}, {{"/predicate/builder", "b"}}};
  const attestation scan{"https://example.com/scan", {{"ci"}}, {}};
  const demand d{.requirement = requirement::attested, .attestations = {provenance, scan}};
  const auto asked = questions_of(d);
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].fields, provenance.fields);
  proofs answers{{asked[0], proof{.is_given = true}}, {asked[1], proof{}}};
  const auto j = judge_proofs(d, answers);
  EXPECT_EQ(j.is, state::broken);
  EXPECT_EQ(j.summary, "no attestation https://example.com/scan by ci: no attestation of that type was found");
  answers[asked[1]] = proof{.is_given = true};
  EXPECT_EQ(judge_proofs(d, answers).is, state::met);
  answers[asked[0]] = fail(error_code::timed_out, "late");
  EXPECT_EQ(judge_proofs(d, answers).is, state::unknown);
}

TEST(Proof, QuestionsAreListedOnce) {
  EXPECT_THAT(questions_of(signed_by({{"a"}, {"a", "b"}})), ElementsAre(proof_question{"a"}, proof_question{"b"}));
  EXPECT_THAT(questions_of(demand{requirement::tag}), IsEmpty());
}

TEST(Proof, SaysWhatWasFound) {
  const demand d = signed_by({{"acme"}, {"github"}});
  proofs answers = answers_of({"-acme", "-github"});
  auto j = judge_proofs(d, answers);
  EXPECT_EQ(j.summary, "not signed by acme or github: no signature was found");
  EXPECT_THAT(j.lines, IsEmpty());
  answers[{"acme"}] = proof{false, 1, {"key sha256:ab: it was not made by the key"}};
  answers[{"github"}] = proof{false, 1, {"key sha256:ab: it has no certificate"}};
  j = judge_proofs(d, answers);
  EXPECT_EQ(j.summary, "not signed by acme or github: 1 signature was found, which does not count");
  EXPECT_THAT(j.lines, ElementsAre("acme: key sha256:ab: it was not made by the key",
                                   "github: key sha256:ab: it has no certificate"));
}

TEST(Proof, LinesAreBounded) {
  proof many{false, 1'000, {}};
  for (int i = 0; i < 50; ++i) many.reasons.push_back(fmt::format("signature {}", i));
  const auto j = judge_proofs(signed_by({{"a"}}), {{{"a"}, many}});
  ASSERT_EQ(j.lines.size(), max_proof_lines);
  EXPECT_EQ(j.lines.back(), "and 43 more");
  EXPECT_THAT(j.summary, HasSubstr("1000 signatures were found"));
}

TEST(Proof, NamesAlternativesAsPeopleSayThem) {
  struct row {
    verifier_groups groups;
    std::string_view text;
  };
  const std::vector<row> rows{
      {{{"a"}}, "a"},
      {{{"a"}, {"b"}}, "a or b"},
      {{{"a", "b"}}, "a and b"},
      {{{"a"}, {"b"}, {"c"}}, "a, b or c"},
      {{{"a"}, {"b", "c"}}, "a, or b and c"},
      {{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}}, "a, b, c, or 2 more"},
  };
  for (const row& r : rows) EXPECT_EQ(names_of(r.groups), r.text);
}

TEST(Proof, UnknownVerifiersAreNamed) {
  rule own;
  own.name = "own";
  own.demands.push_back(signed_by({{"acme"}, {"acne"}}));
  own.action = action::deny;
  own.line = 3;
  const auto set = rule_set::make({own});
  ASSERT_TRUE(set);
  struct row {
    std::vector<std::string_view> known;
    std::string_view problem;
  };
  const std::vector<row> rows{
      {{"acme", "acne"}, ""},
      {{"acme"}, "rule \"own\": there is no verifier \"acne\"; did you mean acme?"},
      {{"acme", "github"}, "rule \"own\": there is no verifier \"acne\"; did you mean acme?"},
      {{"github"}, "rule \"own\": there is no verifier \"acme\"; there are github"},
      {{},
       "rule \"own\": there is no verifier \"acme\"; verifiers are described under `verifiers`, and there are none"},
  };
  for (const row& r : rows) {
    const auto found = find_unknown_verifier(*set, r.known);
    EXPECT_EQ(found ? found->message : "", r.problem);
    EXPECT_EQ(found ? found->line : 3U, 3U);
  }
}

}  // namespace
}  // namespace pinhook::rules
