// Demands on signatures at admission: which digests are verified, what each mode and action makes of the answer, and
// what an author reads.
#include "support/fake_tenant_credentials.hpp"
#include "support/handler_fixture.hpp"

#include <pinhook/admission/proof_source.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {
namespace {

using ::testing::AllOf;
using testing::container;
using ::testing::Contains;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::review_of;
using testing::sha;

constexpr std::string_view deny_rule = "[{name: own, require: {signed: [acme]}, action: deny}]";
constexpr std::string_view warn_rule = "[{name: own, require: {signed: [acme]}, action: warn}]";
constexpr std::string_view audit_rule = "[{name: own, require: {signed: [acme]}, action: audit}]";
const error down{error_code::unavailable, "registry ghcr.io did not answer", std::nullopt};

std::string pod_review(std::string_view image) {
  std::string out =
      review_of(R"({"metadata":{"name":"p","ownerReferences":[{"apiVersion":"example.com/v1","kind":"Db",)"
                R"("name":"d","uid":"u","controller":true}]},"spec":{"containers":[)" +
                container("web", image) + "]}}");
  const std::string kind = R"("group":"apps","version":"v1","kind":"Deployment")";
  out.replace(out.find(kind), kind.size(), R"("group":"","version":"v1","kind":"Pod")");
  return out;
}

class SignedImages : public testing::handler_fixture {
 protected:
  void SetUp() override { tags->holds("ghcr.io/acme/web:1", digest_of_digit('a')); }

  // "canonical tag" of each verified image.
  std::vector<std::string> verified() {
    std::vector<std::string> out;
    for (const auto& q : signatures->queries()) out.push_back(q.image + (q.tag.empty() ? "" : " " + q.tag));
    return out;
  }

  std::string web(std::string_view image = "ghcr.io/acme/web:1") {
    return review_of(deployment(container("web", image)));
  }
};

TEST_F(SignedImages, WhatWasVerifiedIsPinned) {
  use_rules(deny_rule);
  signatures->accepts("acme", digest_of_digit('a'));
  const auto v = ask(web());
  EXPECT_EQ(v.outcome, outcome::pinned);
  EXPECT_THAT(patch(), HasSubstr("ghcr.io/acme/web@" + sha('a')));
  EXPECT_THAT(verified(), ElementsAre("ghcr.io/acme/web@" + sha('a') + " 1"));
  ASSERT_EQ(signatures->queries().size(), 1U);
  EXPECT_EQ(signatures->queries()[0].owner, "shop");
  EXPECT_EQ(signatures->queries()[0].identity, "operator");
}

TEST_F(SignedImages, EachActionInEachMode) {
  struct row {
    std::string_view rule;
    pin::mode mode;
    outcome is;
    std::string_view taken;
    bool is_pinned;
  };
  const std::vector<row> rows{
      {deny_rule, pin::mode::enforce, outcome::denied, "deny", false},
      {deny_rule, pin::mode::best_effort, outcome::denied, "deny", false},
      {deny_rule, pin::mode::audit, outcome::audited, "would-deny", false},
      {warn_rule, pin::mode::enforce, outcome::pinned, "warn", true},
      {warn_rule, pin::mode::best_effort, outcome::pinned, "warn", true},
      {warn_rule, pin::mode::audit, outcome::audited, "would-warn", false},
      {audit_rule, pin::mode::enforce, outcome::pinned, "audit", true},
      {audit_rule, pin::mode::best_effort, outcome::pinned, "audit", true},
      {audit_rule, pin::mode::audit, outcome::audited, "audit", false},
  };
  for (const row& r : rows) {
    use_rules(r.rule);
    const auto v = ask(web(), r.mode);
    EXPECT_EQ(v.outcome, r.is) << r.rule << to_string(r.mode);
    ASSERT_EQ(v.findings.size(), 1U) << r.rule;
    EXPECT_EQ(v.findings[0].taken, r.taken) << r.rule << to_string(r.mode);
    EXPECT_EQ(!patch().empty(), r.is_pinned) << r.rule << to_string(r.mode);
  }
}

TEST_F(SignedImages, ADenialSaysWhatWasFound) {
  use_rules(deny_rule);
  ask(web());
  EXPECT_THAT(message(),
              HasSubstr("pinhook denies Deployment \"web\": 1 finding: rule own: container web, image "
                        "\"ghcr.io/acme/web:1\": not signed by acme: no signature was found. Have it signed"));
  signatures->refuses("acme", digest_of_digit('a'),
                      {"key sha256:ab: it was not made by the key", "dev@acme.test: no identity matches"});
  const auto v = ask(web());
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_THAT(lines()[0], HasSubstr("not signed by acme: 2 signatures were found, none of which counts. Have it"));
  EXPECT_EQ(lines()[1], "  - acme: key sha256:ab: it was not made by the key");
  EXPECT_EQ(lines()[2], "  - acme: dev@acme.test: no identity matches");
  EXPECT_THAT(lines()[3], HasSubstr("Namespace shop is labelled"));
}

// A registry that does not answer is a failed look-up, neither a signature nor the lack of one.
TEST_F(SignedImages, TheModeDecidesAboutALookUpThatFailed) {
  struct row {
    std::string_view rule;
    pin::mode mode;
    outcome is;
    std::vector<std::string> warnings;
  };
  const std::string reason = "registry ghcr.io did not answer";
  const std::vector<row> rows{
      {deny_rule, pin::mode::enforce, outcome::denied, {}},
      {deny_rule, pin::mode::best_effort, outcome::unchanged, {"not verified: " + reason}},
      {deny_rule, pin::mode::audit, outcome::audited, {"would not be verified: " + reason}},
      {warn_rule, pin::mode::enforce, outcome::pinned, {"rule own is unchecked: " + reason}},
      {warn_rule, pin::mode::best_effort, outcome::pinned, {"rule own is unchecked: " + reason}},
      {audit_rule, pin::mode::enforce, outcome::pinned, {}},
  };
  signatures->fails(digest_of_digit('a'), down);
  for (const row& r : rows) {
    SCOPED_TRACE(std::string(r.rule) + " " + std::string(to_string(r.mode)));
    use_rules(r.rule);
    const auto v = ask(web(), r.mode);
    EXPECT_EQ(v.outcome, r.is);
    ASSERT_EQ(warnings().size(), r.warnings.size() + (r.mode == pin::mode::audit && r.rule != deny_rule ? 1 : 0));
    for (std::size_t i = 0; i < r.warnings.size(); ++i) EXPECT_THAT(warnings()[i], HasSubstr(r.warnings[i]));
  }
  use_rules(deny_rule);
  ask(web());
  EXPECT_EQ(field("status")["code"].GetInt(), 503);
  EXPECT_THAT(message(), AllOf(HasSubstr("pinhook cannot verify 1 of 1 images: container web"), HasSubstr(reason)));
  use_rules(audit_rule);
  const auto v = ask(web());
  ASSERT_EQ(v.findings.size(), 1U);
  EXPECT_EQ(v.findings[0].taken, "unchecked");
  EXPECT_THAT(annotation("findings"), HasSubstr("unchecked own: web: ghcr.io/acme/web:1"));
}

TEST_F(SignedImages, ImagesByDigestAreVerifiedToo) {
  use_rules(deny_rule);
  const auto v = ask(web("ghcr.io/acme/web@" + sha('b')));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_THAT(verified(), ElementsAre("ghcr.io/acme/web@" + sha('b')));
  EXPECT_THAT(tags->asked(), IsEmpty());
  signatures->fails(digest_of_digit('b'), down);
  ask(web("ghcr.io/acme/web@" + sha('b')));
  EXPECT_THAT(message(), HasSubstr("pinhook cannot verify 1 of 1 images"));
}

TEST_F(SignedImages, AnImageThatStaysATagIsVerifiedByTheDigestOfNow) {
  use_rules("[{name: left, pin: never}, {name: own, require: {signed: [acme]}, action: deny}]");
  EXPECT_EQ(ask(web()).outcome, outcome::denied);
  EXPECT_THAT(verified(), ElementsAre("ghcr.io/acme/web@" + sha('a') + " 1"));
  signatures->accepts("acme", digest_of_digit('a'));
  EXPECT_EQ(ask(web()).outcome, outcome::unchanged);
  tags->fails("ghcr.io/acme/web:1", down);
  EXPECT_EQ(ask(web()).outcome, outcome::denied);
  EXPECT_THAT(message(), HasSubstr("pinhook cannot verify 1 of 1 images"));
}

TEST_F(SignedImages, PodsOfForeignControllersAreVerified) {
  use_rules(deny_rule);
  EXPECT_EQ(ask(pod_review("ghcr.io/acme/web:1")).outcome, outcome::denied);
  signatures->accepts("acme", digest_of_digit('a'));
  EXPECT_EQ(ask(pod_review("ghcr.io/acme/web:1")).outcome, outcome::unchanged);
  signatures->fails(digest_of_digit('a'), down);
  EXPECT_EQ(ask(pod_review("ghcr.io/acme/web:1")).outcome, outcome::denied);
  EXPECT_THAT(message(), HasSubstr("pinhook cannot verify 1 of 1 images"));
}

// Content Trust also resolves: what was signed for a tag is pinned, whatever the registry has.
TEST_F(SignedImages, TheDigestThatWasSignedForATagIsPinned) {
  use_rules("[{name: own, require: {signed: [legacy]}, action: deny}]");
  signatures->names("legacy", digest_of_digit('a'), digest_of_digit('b'));
  signatures->accepts("legacy", digest_of_digit('b'));
  EXPECT_EQ(ask(web()).outcome, outcome::pinned);
  EXPECT_THAT(patch(), HasSubstr("ghcr.io/acme/web@" + sha('b')));
  EXPECT_THAT(warnings(), ElementsAre(AllOf(HasSubstr("the tag is signed to be sha256:bbbb"),
                                            HasSubstr("the registry has sha256:aaaa"), HasSubstr("container web"))));
  EXPECT_THAT(verified(), ElementsAre("ghcr.io/acme/web@" + sha('a') + " 1", "ghcr.io/acme/web@" + sha('b') + " 1"));
  // Only once: a server that names yet another one convinces nobody.
  signatures->names("legacy", digest_of_digit('b'), digest_of_digit('c'));
  EXPECT_EQ(ask(web()).outcome, outcome::denied);
}

TEST_F(SignedImages, ASignedTagMovesNothingThatIsAcceptedOrIsNoTag) {
  signatures->names("legacy", digest_of_digit('a'), digest_of_digit('b'));
  signatures->accepts("legacy", digest_of_digit('b'));
  signatures->accepts("acme", digest_of_digit('a'));
  use_rules("[{name: own, require: {signed: [acme, legacy]}, action: deny}]");
  EXPECT_EQ(ask(web()).outcome, outcome::pinned);
  EXPECT_THAT(patch(), HasSubstr("ghcr.io/acme/web@" + sha('a')));
  use_rules("[{name: own, require: {signed: [[acme, legacy]]}, action: deny}]");
  EXPECT_EQ(ask(web()).outcome, outcome::denied) << "nobody signed all of it";
  use_rules("[{name: own, require: {signed: [legacy]}, action: audit}]");
  ask(web());
  EXPECT_THAT(patch(), HasSubstr("ghcr.io/acme/web@" + sha('a'))) << "a rule that only records changes nothing";
  use_rules("[{name: own, require: {signed: [legacy]}, action: deny}]");
  EXPECT_EQ(ask(web("ghcr.io/acme/web@" + sha('a'))).outcome, outcome::denied);
  EXPECT_EQ(ask(pod_review("ghcr.io/acme/web:1")).outcome, outcome::denied);
}

// A recorded pin is verified like any other digest; where nothing is refused, it stays even when that fails.
TEST_F(SignedImages, KeptPinsAreVerified) {
  use_rules(deny_rule);
  const std::string record =
      R"("name":"web","annotations":{"pinhook.dev/pins":"{\"ghcr.io/acme/web:1\":\")" + sha('c') + R"(\"}"})";
  const std::string before = deployment(container("old", "ghcr.io/acme/web:1"), record);
  const std::string after = deployment(container("new", "ghcr.io/acme/web:1"), record);
  EXPECT_EQ(ask(review_of(after, before)).outcome, outcome::denied);
  EXPECT_THAT(verified(), ElementsAre("ghcr.io/acme/web@" + sha('c') + " 1"));
  signatures->fails(digest_of_digit('c'), down);
  EXPECT_EQ(ask(review_of(after, before)).outcome, outcome::denied);
  ask(review_of(after, before), pin::mode::best_effort);
  EXPECT_THAT(patch(), HasSubstr("ghcr.io/acme/web@" + sha('c')));
  EXPECT_THAT(warnings(), Contains(HasSubstr("not verified: registry ghcr.io did not answer")));
}

// Scaling must work whatever happens to a registry, and must not wait for one.
TEST_F(SignedImages, ImagesThatAreNotNewAreJudgedByWhatIsHeld) {
  use_rules(deny_rule);
  const std::string before = deployment(container("web", "ghcr.io/acme/web@" + sha('b')));
  std::string after = before;
  after.replace(after.find(R"("spec":{)"), 8, R"("spec":{"replicas":3,)");
  EXPECT_EQ(ask(review_of(after, before)).outcome, outcome::unchanged);
  EXPECT_THAT(warnings(), IsEmpty());
  EXPECT_THAT(signatures->queries(), IsEmpty());
  signatures->holds(digest_of_digit('b'));
  const auto v = ask(review_of(after, before));
  EXPECT_EQ(v.outcome, outcome::unchanged);
  EXPECT_THAT(warnings(),
              ElementsAre(HasSubstr("rule own: not signed by acme: no signature was found; have it signed")));
  EXPECT_THAT(signatures->queries(), IsEmpty());
}

TEST_F(SignedImages, EqualImagesAreVerifiedOnce) {
  use_rules(deny_rule);
  signatures->accepts("acme", digest_of_digit('a'));
  ask(review_of(deployment(container("a", "ghcr.io/acme/web:1") + "," + container("b", "ghcr.io/acme/web:1"))));
  EXPECT_EQ(verified().size(), 1U);
}

// What an earlier request found stands beside the digest.
struct WarmSignedImages : SignedImages {
  WarmSignedImages() {
    signatures->are(1, time.now() + std::chrono::hours(1));
    signatures->accepts("acme", digest_of_digit('a'));
    signatures->accepts("acme", digest_of_digit('b'));
  }
  // The number of questions that a request asks.
  std::size_t asked_by(const std::string& body) {
    const std::size_t before = signatures->queries().size();
    ask(body);
    return signatures->queries().size() - before;
  }
};

TEST_F(WarmSignedImages, AreAskedAboutOnce) {
  use_rules(deny_rule);
  EXPECT_EQ(asked_by(web()), 1U);
  const std::string cold = patch();
  EXPECT_THAT(tags->kept(), ElementsAre("ghcr.io/acme/web:1"));
  EXPECT_EQ(asked_by(web()), 0U);
  EXPECT_EQ(patch(), cold);
  EXPECT_THAT(warnings(), IsEmpty());
  EXPECT_EQ(annotation("findings"), "");
}

TEST_F(WarmSignedImages, AreAskedAboutAgainWhenAnythingIsAnother) {
  use_rules(deny_rule);
  ASSERT_EQ(asked_by(web()), 1U);
  signatures->are(2, time.now() + std::chrono::hours(1));
  EXPECT_EQ(asked_by(web()), 1U) << "a verifier changed";
  EXPECT_EQ(asked_by(web()), 0U);
  use_rules(deny_rule);
  EXPECT_EQ(asked_by(web()), 1U) << "the rules were read again";
  EXPECT_EQ(asked_by(web()), 0U);
  tags->holds("ghcr.io/acme/web:1", digest_of_digit('b'));
  EXPECT_EQ(asked_by(web()), 1U) << "the tag moved";
  EXPECT_EQ(asked_by(web()), 0U);
  time.advance(std::chrono::hours(1));
  EXPECT_EQ(asked_by(web()), 1U) << "the answer that it rests on ended";
  EXPECT_EQ(asked_by(web()), 1U) << "and so would this one";
}

TEST_F(WarmSignedImages, ByTheirDigestsAreAskedAboutOnce) {
  use_rules(deny_rule);
  for (const std::string& image : {"ghcr.io/acme/web@" + sha('a'), "ghcr.io/acme/web:1@" + sha('b')}) {
    for (const auto* review : {"deployment", "pod of a foreign controller"}) {
      const std::string body = std::string_view(review) == "deployment" ? web(image) : pod_review(image);
      signatures->are(signatures->generation() + 1, time.now() + std::chrono::hours(1));
      EXPECT_EQ(asked_by(body), 1U) << image;
      EXPECT_EQ(asked_by(body), 0U) << image;
      EXPECT_TRUE(response["response"]["allowed"].GetBool());
      EXPECT_EQ(annotation("findings"), "");
      time.advance(std::chrono::hours(1));
      EXPECT_EQ(asked_by(body), 1U) << image;
    }
  }
  EXPECT_EQ(asked_by(web("ghcr.io/acme/web@" + sha('c'))), 1U);
  EXPECT_EQ(asked_by(web("ghcr.io/acme/web@" + sha('c'))), 1U) << "it is not accepted";
  EXPECT_THAT(message(), HasSubstr("not signed by acme"));
  EXPECT_THAT(tags->kept(), IsEmpty());
}

// For the credentials by which the image was verified: with other ones it is asked about again.
TEST_F(WarmSignedImages, ByTheirDigestsAreKnownToHeldCredentials) {
  use_rules(deny_rule);
  const std::string body = web("ghcr.io/acme/web@" + sha('a'));
  const auto own = testing::fake_credentials::make("shop's");
  const auto all = std::make_shared<testing::fake_tenant_credentials>();
  all->set({"shop", "", {}}, own, false);
  tenants = all;
  EXPECT_EQ(asked_by(body), 1U);
  EXPECT_EQ(all->asked().size(), 1U) << "nothing is held";
  all->set({"shop", "", {}}, own, true);
  EXPECT_EQ(asked_by(body), 0U);
  EXPECT_EQ(all->asked().size(), 1U) << "nobody is asked for them";
  EXPECT_TRUE(response["response"]["allowed"].GetBool());
  own->becomes("shop's newer ones");
  EXPECT_EQ(asked_by(body), 1U);
  EXPECT_EQ(all->asked().size(), 2U);
  EXPECT_EQ(asked_by(body), 0U);
}

TEST_F(WarmSignedImages, TwoRulesAreTwoFindings) {
  use_rules(R"([{name: one, containers: [web], require: {signed: [acme]}, action: deny},
                {name: two, require: {signed: [other]}, action: deny}])");
  ASSERT_EQ(asked_by(web()), 1U);
  EXPECT_EQ(asked_by(web()), 0U);
  ask(review_of(deployment(container("db", "ghcr.io/acme/web:1"))));
  EXPECT_THAT(message(), HasSubstr("rule two")) << "the same image in another place comes under another rule";
}

TEST_F(WarmSignedImages, NothingIsKeptOfWhatIsNotAccepted) {
  use_rules(deny_rule);
  tags->holds("ghcr.io/acme/unsigned:1", digest_of_digit('c'));
  tags->holds("ghcr.io/acme/down:1", digest_of_digit('d'));
  signatures->fails(digest_of_digit('d'), down);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(asked_by(web("ghcr.io/acme/unsigned:1")), 1U);
    EXPECT_THAT(message(), HasSubstr("not signed by acme"));
    EXPECT_EQ(asked_by(web("ghcr.io/acme/down:1")), 1U);
    EXPECT_THAT(message(), HasSubstr("did not answer"));
  }
  // Content Trust puts another digest in place of the registry's.
  tags->holds("ghcr.io/acme/moved:1", digest_of_digit('e'));
  signatures->names("acme", digest_of_digit('e'), digest_of_digit('a'));
  ask(web("ghcr.io/acme/moved:1"));
  EXPECT_THAT(patch(), HasSubstr(sha('a')));
  EXPECT_THAT(tags->kept(), IsEmpty());
}

TEST_F(WarmSignedImages, OtherDemandsAreStillJudged) {
  use_rules(R"([{name: own, require: {signed: [acme]}, action: deny},
                {name: elsewhere, require: {registry: [docker.io]}, action: warn}])");
  for (int i = 0; i < 2; ++i) {
    ask(web());
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("rule elsewhere")));
  }
  EXPECT_EQ(signatures->queries().size(), 1U);
}

TEST_F(SignedImages, NothingIsAskedWithoutSuchARule) {
  use_rules("[{name: tags, require: tag, action: deny}, {name: x, require: {signed: acme}, action: allow}]");
  ask(web());
  EXPECT_THAT(signatures->queries(), IsEmpty());
}

TEST_F(SignedImages, LargeReviewsAreVerifiedToo) {
  use_rules(deny_rule);
  compute_thread aside("large");
  std::string all;
  for (std::size_t i = 0; i <= max_small_images; ++i) {
    const std::string name = fmt::format("c{}", i);
    tags->holds("ghcr.io/acme/" + name + ":1", digest_of_digit('a'));
    all += (i == 0 ? "" : ",") + container(name, "ghcr.io/acme/" + name + ":1");
  }
  const handler h(tags, std::make_shared<registry::shared_credentials>(credentials),
                  std::make_shared<const rulebook>(policy, rules, help), &aside, signatures);
  const std::string body = review_of(deployment(all));
  EXPECT_EQ(testing::run(h.handle(body, pin::mode::enforce, deadline::never())).outcome, outcome::denied);
  EXPECT_EQ(verified().size(), max_small_images + 1);
  signatures->accepts("acme", digest_of_digit('a'));
  EXPECT_EQ(testing::run(h.handle(body, pin::mode::enforce, deadline::never())).outcome, outcome::pinned);
}

// An image that is denied for its registry makes no request of any kind.
TEST_F(SignedImages, ADeniedRegistryIsNotAskedForSignatures) {
  use_rules(
      "[{name: own, require: {signed: acme}, action: deny}, {name: regs, require: {registry: quay.io}, action: deny}]");
  EXPECT_EQ(ask(web()).outcome, outcome::denied);
  EXPECT_THAT(signatures->queries(), IsEmpty());
  EXPECT_THAT(tags->asked(), IsEmpty());
}

TEST_F(SignedImages, ATagThatCannotBeResolvedIsReportedOnce) {
  use_rules(deny_rule);
  tags->fails("ghcr.io/acme/web:1", down);
  ask(web());
  EXPECT_THAT(message(), HasSubstr("pinhook cannot pin 1 of 1 images"));
  EXPECT_THAT(message(), Not(HasSubstr("denies")));
  ask(web(), pin::mode::best_effort);
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("not pinned: ")));
  EXPECT_THAT(signatures->queries(), IsEmpty());
}

}  // namespace
}  // namespace pinhook::admission
