#include <pinhook/pipeline/findings.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using files::skip_reason;
using files::slot;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string a_digest = "sha256:" + std::string(64, 'a');
const std::string b_digest = "sha256:" + std::string(64, 'b');

registry::digest digest(const std::string& text) { return registry::digest::parse(text).value(); }

// As find_images would: a tag reference is its own tag; of "nginx:1.25@sha256:…" the tag is the part before.
slot image(const std::string& written, std::size_t line = 1, std::size_t column = 8) {
  slot s;
  s.object = "Deployment shop/web";
  s.name = "web";
  s.pointer = "/spec/image";
  s.line = line;
  s.column = column;
  s.written = written;
  if (auto ref = registry::reference::parse(written)) {
    s.ref = *ref;
    const auto tag = written.substr(0, written.find('@'));
    if (!ref->is_pinned() || !ref->tag().empty()) s.tag = registry::reference::parse(tag).value();
  } else {
    s.reason = skip_reason::invalid;
    s.problem = ref.error().message;
  }
  return s;
}

slot left(const std::string& written, skip_reason reason) {
  auto s = image(written);
  s.reason = reason;
  s.problem.clear();
  return s;
}

std::vector<std::string> rules_of(const checked_file& file) {
  std::vector<std::string> out;
  for (const auto& f : file.findings) out.push_back(f.rule);
  return out;
}

checked_file check_one(const slot& s, const check_question& question = {}) {
  const std::vector<slot> slots{s};
  return check_file("web.yaml", "image: " + s.written + "\n", slots, question);
}

digest_map known(const std::string& canonical, const std::string& d) {
  digest_map out;
  out.emplace(canonical, digest(d));
  return out;
}

TEST(Findings, OneRuleAnImageTheMostSpecificFirst) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"nginx", {"no-tag"}},          {"nginx:latest", {"latest"}},
      {"nginx:1.25", {"unpinned"}},   {"ghcr.io/acme/latest:v2", {"unpinned"}},
      {"nginx:1.25@" + a_digest, {}}, {"nginx:latest@" + a_digest, {}},
      {"nginx@" + a_digest, {}},      {"Nginx:1", {"invalid"}},
  };
  for (const auto& [written, rules] : cases) EXPECT_EQ(rules_of(check_one(image(written))), rules) << written;
}

TEST(Findings, AFindingHasPlaceRuleReasonAndFix) {
  auto s = image("nginx:1.25", 1, 8);
  s.document = 3;
  const auto seen = check_one(s);
  ASSERT_EQ(seen.findings.size(), 1U);
  const auto& f = seen.findings[0];
  EXPECT_EQ(f.path, "web.yaml");
  EXPECT_EQ(f.document, 3U);
  EXPECT_EQ(f.pointer, "/spec/image");
  EXPECT_EQ(f.line, 1U);
  EXPECT_EQ(f.column, 8U);
  EXPECT_EQ(f.end_column, 18U);
  EXPECT_EQ(f.object, "Deployment shop/web");
  EXPECT_EQ(f.name, "web");
  EXPECT_EQ(f.image, "nginx:1.25");
  EXPECT_EQ(f.level, severity::warning);
  EXPECT_THAT(f.message, HasSubstr("\"nginx:1.25\""));
  EXPECT_EQ(f.fix, "pinhook pin -i web.yaml");
  EXPECT_EQ(to_do(f), "run pinhook pin -i web.yaml");
  EXPECT_FALSE(f.change);
}

TEST(Findings, AnInvalidReferenceIsReportedWithItsError) {
  const auto seen = check_one(image("Nginx:1"));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].message, image("Nginx:1").problem);
  EXPECT_THAT(seen.findings[0].message, HasSubstr("\"Nginx:1\""));
  EXPECT_EQ(seen.findings[0].level, severity::error);
}

TEST(Findings, ANumberAsATagIsAFindingWithTheLineToWrite) {
  auto s = left("acme/api:1.10", skip_reason::number_tag);
  s.problem = "Helm writes 1.1";
  s.remedy = "quote it: tag: \"1.10\"";
  const auto seen = check_one(s);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].rule, "number-tag");
  EXPECT_EQ(seen.findings[0].level, severity::error);
  EXPECT_EQ(seen.findings[0].message, "Helm writes 1.1");
  EXPECT_EQ(to_do(seen.findings[0]), "quote it: tag: \"1.10\"");
  EXPECT_TRUE(seen.left.empty());
}

// It is an image without a digest nevertheless, but a command to run would not help.
TEST(Findings, AnImageThatPinRefusesHasItsReasonAndRemedy) {
  auto s = image("acme/api:v1");
  s.problem = "the tag is a label";
  s.remedy = "render it first";
  const auto answers = known("docker.io/acme/api:v1", a_digest);
  check_question question;
  question.has_drift = true;
  question.known = &answers;
  const auto seen = check_one(s, question);
  EXPECT_THAT(rules_of(seen), ElementsAre("unpinned"));
  EXPECT_THAT(seen.findings.at(0).message, HasSubstr("a digest cannot; the tag is a label"));
  EXPECT_EQ(to_do(seen.findings.at(0)), "render it first");
  std::map<std::string, registry::reference> references;
  EXPECT_FALSE(add_wanted(std::vector<slot>{s}, question, references));
  auto pinned = image("acme/api:v1@" + b_digest);
  pinned.problem = s.problem;
  EXPECT_THAT(rules_of(check_one(pinned, question)), IsEmpty());
}

// The file has one digest, which comes out of the overlay under another name.
TEST(Findings, AnImageThatAnOverlayRenamesGetsOnlyTheDigestOfBoth) {
  renamed_images renamed;
  renamed.emplace(0, renamed_image{*registry::reference::parse("m.example/web:1"), "m.example/web:1", "over/k.yaml"});
  check_question question;
  question.has_drift = true;
  question.renamed = &renamed;
  question.suggest_pin = [](std::size_t, const registry::digest& d) { return pin_text{d.to_string(), std::nullopt}; };
  auto answers = known("docker.io/library/web:1", a_digest);
  question.known = &answers;
  std::map<std::string, registry::reference> references;
  EXPECT_TRUE(add_wanted(std::vector<slot>{image("web:1")}, question, references));
  EXPECT_EQ(references.size(), 2U);
  EXPECT_TRUE(references.contains("m.example/web:1"));
  // The digest of the other name is not known.
  EXPECT_EQ(to_do(check_one(image("web:1"), question).findings.at(0)), "run pinhook pin -i web.yaml");
  answers.merge(known("m.example/web:1", b_digest));
  const auto seen = check_one(image("web:1"), question);
  EXPECT_THAT(seen.findings.at(0).message,
              HasSubstr("; over/k.yaml changes it to \"m.example/web:1\", which has another digest"));
  EXPECT_EQ(to_do(seen.findings.at(0)), "run pinhook pin -i over/k.yaml");
  // A pin with the current digest of the written tag, but not of the other name.
  const auto drifted = check_one(image("web:1@" + a_digest), question);
  EXPECT_THAT(rules_of(drifted), ElementsAre("drift"));
  EXPECT_THAT(drifted.findings.at(0).message, HasSubstr("over/k.yaml changes it to \"m.example/web:1\", for which its "
                                                        "registry has sha256:bbbbbbbbbbbb"));
  EXPECT_EQ(to_do(drifted.findings.at(0)), "write newTag: 1 into the entry of over/k.yaml");
  answers = known("docker.io/library/web:1", a_digest);
  answers.merge(known("m.example/web:1", a_digest));
  EXPECT_EQ(check_one(image("web:1"), question).findings.at(0).fix, a_digest);
  EXPECT_THAT(rules_of(check_one(image("web:1@" + a_digest), question)), IsEmpty());
}

TEST(Findings, AnEntryWhoseDotMatchesAnotherNameIsRefused) {
  renamed_images renamed;
  renamed.emplace(0, renamed_image{*registry::reference::parse("a-b:1"), "a-b:1", "k.yaml", "it matches a-b, too"});
  const auto answers = known("docker.io/library/a.b:1", a_digest);
  check_question question;
  question.renamed = &renamed;
  question.known = &answers;
  const auto seen = check_one(image("a.b:1"), question);
  EXPECT_THAT(seen.findings.at(0).message, HasSubstr("a digest cannot; it matches a-b, too"));
  EXPECT_EQ(to_do(seen.findings.at(0)), "pin them in their own files");
}

TEST(Findings, ImagesFilledInElsewhereAreCountedAndNotJudged) {
  const std::vector<slot> slots{left("${TAG}", skip_reason::variable),         left("nginx", skip_reason::no_tag_here),
                                left("app:dev", skip_reason::built),           left("app:dev", skip_reason::built),
                                left("nginx:latest", skip_reason::skip_label), left("proxy", skip_reason::split)};
  const auto seen = check_file("c.yaml", "", slots, {});
  EXPECT_THAT(seen.findings, IsEmpty());
  EXPECT_EQ(seen.image_count, 6U);
  EXPECT_EQ(seen.left, (std::map<skip_reason, std::size_t>{{skip_reason::variable, 1},
                                                           {skip_reason::no_tag_here, 1},
                                                           {skip_reason::built, 2},
                                                           {skip_reason::skip_label, 1},
                                                           {skip_reason::split, 1}}));
  EXPECT_THAT(seen.images, IsEmpty());
}

TEST(Findings, ListsEveryImageWhenAsked) {
  check_question question;
  question.lists_images = true;
  const std::vector<slot> slots{image("nginx@" + a_digest), image("nginx"), left("x", skip_reason::built)};
  const auto seen = check_file("c.yaml", "", slots, question);
  ASSERT_EQ(seen.images.size(), 3U);
  EXPECT_THAT(seen.images[0].findings, IsEmpty());
  EXPECT_THAT(seen.images[1].findings, ElementsAre(0U));
  EXPECT_EQ(seen.images[2].reason, skip_reason::built);
}

TEST(Findings, DriftComparesAPinWithTheDigestOfItsTag) {
  const auto answers = known("docker.io/library/nginx:1.25", b_digest);
  check_question question;
  question.has_drift = true;
  question.known = &answers;
  EXPECT_THAT(rules_of(check_one(image("nginx:1.25@" + b_digest), question)), IsEmpty());
  const auto seen = check_one(image("nginx:1.25@" + a_digest), question);
  EXPECT_THAT(rules_of(seen), ElementsAre("drift"));
  EXPECT_THAT(seen.findings.at(0).message, HasSubstr("sha256:bbbbbbbbbbbb"));
  EXPECT_THAT(seen.findings.at(0).message, HasSubstr("registry"));
  EXPECT_EQ(seen.findings.at(0).fix, "pinhook pin --update -i web.yaml");
}

TEST(Findings, DriftAgainstALockNamesIt) {
  const auto answers = known("docker.io/library/nginx:1.25", b_digest);
  check_question question;
  question.has_drift = true;
  question.known = &answers;
  question.lock_file = "pinhook.lock";
  EXPECT_THAT(check_one(image("nginx:1.25@" + a_digest), question).findings.at(0).message, HasSubstr("pinhook.lock"));
}

TEST(Findings, WithoutDriftPinsAreNotCompared) {
  const auto answers = known("docker.io/library/nginx:1.25", b_digest);
  check_question question;
  question.known = &answers;
  EXPECT_THAT(check_one(image("nginx:1.25@" + a_digest), question).findings, IsEmpty());
  EXPECT_THAT(check_one(image("nginx@" + a_digest), question).findings, IsEmpty());
}

TEST(Findings, APinWithoutATagIsANoteWithDrift) {
  check_question question;
  question.has_drift = true;
  const auto seen = check_one(image("nginx@" + a_digest), question);
  EXPECT_THAT(rules_of(seen), ElementsAre("unknown-tag"));
  EXPECT_EQ(seen.findings[0].level, severity::note);
  EXPECT_EQ(seen.findings[0].fix, "write the tag before the digest: nginx:TAG@" + a_digest);
  auto s = image("nginx@" + a_digest);
  s.form = files::slot_form::values;
  EXPECT_EQ(check_one(s, question).findings.at(0).fix, "write tag: TAG beside the digest");
  s.form = files::slot_form::kustomization;
  EXPECT_EQ(check_one(s, question).findings.at(0).fix, "write newTag: TAG beside the digest");
}

TEST(Findings, AFailedLookUpIsNoDrift) {
  digest_map answers;
  answers.emplace("docker.io/library/nginx:1.25", fail(error_code::unavailable, "no"));
  check_question question;
  question.has_drift = true;
  question.known = &answers;
  EXPECT_THAT(check_one(image("nginx:1.25@" + a_digest), question).findings, IsEmpty());
  const auto seen = check_one(image("nginx:1.25"), question);
  EXPECT_EQ(seen.findings.at(0).fix, "pinhook pin -i web.yaml");
}

TEST(Findings, AKnownDigestMakesTheFixExact) {
  const auto answers = known("docker.io/library/nginx:1.25", b_digest);
  check_question question;
  question.known = &answers;
  std::size_t references = 99;
  question.suggest_pin = [&](std::size_t at, const registry::digest& d) {
    references = at;
    return pin_text{"nginx@" + d.to_string(), replacement{1, 1, 1, 18, "new"}};
  };
  const std::vector<slot> slots{image("redis:7"), image("nginx:1.25")};
  const auto seen = check_file("web.yaml", "", slots, question);
  ASSERT_EQ(seen.findings.size(), 2U);
  EXPECT_EQ(seen.findings[0].fix, "pinhook pin -i web.yaml");
  EXPECT_EQ(to_do(seen.findings[1]), "write nginx@" + b_digest);
  EXPECT_EQ(seen.findings[1].change, (replacement{1, 1, 1, 18, "new"}));
  EXPECT_EQ(references, 1U);
}

TEST(Findings, AnUntaggedImageIsLookedUpAsLatest) {
  const auto answers = known("docker.io/library/nginx:latest", b_digest);
  check_question question;
  question.known = &answers;
  question.suggest_pin = [](std::size_t, const registry::digest& d) { return pin_text{d.to_string(), std::nullopt}; };
  const auto seen = check_one(image("nginx"), question);
  EXPECT_EQ(seen.findings.at(0).rule, "no-tag");
  EXPECT_EQ(seen.findings.at(0).fix, b_digest);
}

TEST(Findings, TheWidthIsThatOfTheWrittenText) {
  struct one {
    std::string line;
    std::size_t column;
    std::size_t end;
  };
  const std::vector<one> cases{
      {"image: nginx:1.25 # ours", 8, 18},
      {"image: \"nginx:1.25\" # ours", 8, 20},
      {"image: 'nginx:1.25'", 8, 20},
      {R"(image: "nginx:1\x2e25", b)", 8, 23},
      {R"(image: "ngi\"nx:1", b)", 8, 19},
      {"image: 'it''s' # x", 8, 15},
      {"[*x, b]", 2, 4},
      {"{image: *web}", 9, 13},
      {"tag: 1.25\r", 6, 10},
      {"né: nginx:1.25", 5, 15},
      {"image: \"nginx:1.25", 8, 19},
  };
  for (const auto& c : cases) {
    const std::vector<slot> slots{image("nginx:1.25", 2, c.column)};
    const auto seen = check_file("f", "# é\n" + c.line + "\nmore\n", slots, {});
    EXPECT_EQ(seen.findings.at(0).end_column, c.end) << c.line;
  }
}

TEST(Findings, TheWidthOfAPlaceThatTheTextDoesNotHaveIsTheImages) {
  const std::vector<slot> slots{image("nginx:1.25", 7, 3)};
  EXPECT_EQ(check_file("f", "a: b\n", slots, {}).findings.at(0).end_column, 13U);
}

TEST(Findings, SlotsMayGoBackwardsInTheText) {
  const std::string text = "a: 'x:1'\nb: nginx:1.25\nc: \"y:1\"\n";
  const std::vector<slot> slots{image("y:1", 3, 4), image("x:1", 1, 4), image("nginx:1.25", 2, 4)};
  const auto seen = check_file("f", text, slots, {});
  EXPECT_EQ(seen.findings.at(0).end_column, 9U);
  EXPECT_EQ(seen.findings.at(1).end_column, 9U);
  EXPECT_EQ(seen.findings.at(2).end_column, 14U);
}

TEST(Findings, AByteOrderMarkIsNoColumn) {
  const std::vector<slot> slots{image("nginx:1", 1, 4)};
  EXPECT_EQ(check_file("f",
                       "\xef\xbb\xbf"
                       "a: 'nginx:1'\n",
                       slots, {})
                .findings.at(0)
                .end_column,
            13U);
}

TEST(Findings, StandardInputIsPinnedByAPipe) {
  const std::vector<slot> slots{image("nginx:1")};
  EXPECT_EQ(check_file("-", "", slots, {}).findings.at(0).fix, "pinhook pin -");
}

TEST(Findings, CommandsReadBackAnyPath) {
  const std::vector<slot> slots{image("nginx:1")};
  EXPECT_EQ(check_file("a b.yaml", "", slots, {}).findings.at(0).fix, "pinhook pin -i 'a b.yaml'");
  EXPECT_EQ(check_file("-i.yaml", "", slots, {}).findings.at(0).fix, "pinhook pin -i ./-i.yaml");
}

TEST(Findings, AsksForEachMeaningOnce) {
  const std::vector<slot> slots{image("nginx"),
                                image("docker.io/library/nginx:latest"),
                                image("redis:7@" + a_digest),
                                image("busybox@" + a_digest),
                                image("Bad:1"),
                                left("app:dev", skip_reason::built)};
  std::map<std::string, registry::reference> seen;
  EXPECT_TRUE(add_wanted(slots, {}, seen));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.begin()->first, "docker.io/library/nginx:latest");
  seen.clear();
  EXPECT_TRUE(add_wanted(slots, {.has_drift = true}, seen));
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen.contains("docker.io/library/redis:7"));
  EXPECT_FALSE(add_wanted(std::span(slots).subspan(3), {.has_drift = true}, seen));
}

TEST(ShellWord, QuotesTextThatAShellWouldChange) {
  EXPECT_EQ(shell_word("deploy/web.yaml"), "deploy/web.yaml");
  EXPECT_EQ(shell_word("a b.yaml"), "'a b.yaml'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$(x).yaml"), "'$(x).yaml'");
  EXPECT_EQ(shell_word("--drift"), "--drift");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(CheckRules, EachHasTexts) {
  for (const auto& one : built_in_rules()) {
    EXPECT_FALSE(one.title.empty()) << one.id;
    EXPECT_FALSE(one.reason.empty()) << one.id;
    EXPECT_FALSE(one.help.empty()) << one.id;
    EXPECT_EQ(&built_in_rules()[find_rule(built_in_rules(), one.id).value()], &one);
  }
  EXPECT_FALSE(find_rule(built_in_rules(), "nothing"));
}

}  // namespace
}  // namespace pinhook::pipeline
