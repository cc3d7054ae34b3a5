// The cooldown of moved tags at admission, and demands on tags that moved: which digest is pinned and verified, which
// look-ups are made, and what an author reads. a: the digest before; b: the one in the file; c: a newer one.
#include <pinhook/admission/cooldowns.hpp>

#include "support/handler_fixture.hpp"

#include <pinhook/base/timestamp.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::admission {
namespace {

using ::testing::AllOf;
using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::review_of;
using testing::sha;
using namespace std::chrono_literals;

constexpr std::string_view nginx = "docker.io/library/nginx:1.4.2";
constexpr std::string_view slow_rule = "[{name: slow, cooldown: 72h}]";
constexpr std::string_view stay_rule = "[{name: stay, require: {unmoved: version-tags}, action: deny}]";

std::string by_digest(char digit) { return "docker.io/library/nginx@" + sha(digit); }

class Cooldowns : public testing::handler_fixture {
 protected:
  void SetUp() override {
    tags->holds(std::string(nginx), digest_of_digit('b'), resolve::origin::cache);
    for (const char digit : {'a', 'b', 'c'})
      tags->holds(by_digest(digit), digest_of_digit(digit), resolve::origin::cache);
    use_rules(slow_rule);
    moved(1h);
  }

  // From a to b, so long ago.
  void moved(std::chrono::hours ago, const std::string& change = "bytes") {
    auto all = std::make_shared<resolve::tag_moves>(time.wall(), 72h);
    all->put(ref(), {digest_of_digit('b'), resolve::tag_before{digest_of_digit('a'), time.wall() - ago, change}});
    moves = std::move(all);
  }
  // It has b, and has not moved.
  void stands() {
    auto all = std::make_shared<resolve::tag_moves>(time.wall(), 72h);
    all->put(ref(), {digest_of_digit('b')});
    moves = std::move(all);
  }
  static registry::reference ref() { return registry::reference::parse(nginx).value(); }

  static std::string web(std::string_view metadata = R"("name":"web")", std::string_view image = "nginx:1.4.2") {
    return deployment(container("web", image), metadata);
  }
  static std::string recorded(char digit, std::string_view more = "") {
    return fmt::format(R"("name":"web","annotations":{{"pinhook.dev/pins":"{{\"{}\":\"{}\"}}"{}}})", nginx, sha(digit),
                       more);
  }
  // The digit of the digest that the image got; '-': it stays as it is.
  char pinned() {
    const std::string text = patch();
    const auto at = text.find("nginx@sha256:");
    return at == std::string::npos ? '-' : text[at + 13];
  }
};

TEST_F(Cooldowns, TheDigestBeforeIsPinnedUntilTheTimeIsOver) {
  EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned);
  EXPECT_EQ(pinned(), 'a');
  EXPECT_THAT(patch(), HasSubstr(fmt::format(R"(\"{}\":\"{}\")", nginx, sha('a')))) << "it is recorded";
  const auto until = timestamp_text(time.wall() + 71h);
  EXPECT_THAT(warnings(),
              ElementsAre(fmt::format("the tag moved to {}, which rule slow leaves until {}; pinned to {} (container "
                                      "web, image nginx:1.4.2)",
                                      digest_of_digit('b').shortened(), until, digest_of_digit('a').shortened())));
  EXPECT_EQ(annotation("skipped"), fmt::format("web: cooldown of rule slow: {} waits until {}", sha('b'), until));
  EXPECT_THAT(tags->asked(), ElementsAre(nginx, by_digest('a')));
  time.advance(71h);
  ask(review_of(web()));
  EXPECT_EQ(pinned(), 'b');
  EXPECT_FALSE(has("warnings"));
  EXPECT_THAT(tags->asked(), ElementsAre(nginx, by_digest('a'), nginx)) << "no second look-up";
}

// Content Trust has no say about a tag that waits; the digest before has to be signed like any other.
TEST_F(Cooldowns, ACooldownComesBeforeContentTrust) {
  const auto use_action = [&](std::string_view action) {
    use_rules(fmt::format("[{{name: slow, cooldown: 72h}}, {{name: own, require: {{signed: [legacy]}}, action: {}}}]",
                          action));
  };
  const auto signed_for_tag = [&](char digit) {
    for (const char other : {'a', 'b', 'c'})
      if (other != digit) signatures->names("legacy", digest_of_digit(other), digest_of_digit(digit));
    signatures->accepts("legacy", digest_of_digit(digit));
  };
  signed_for_tag('a');
  use_action("deny");
  EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned);
  EXPECT_EQ(pinned(), 'a');
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("which rule slow leaves until")));
  for (const char digit : {'b', 'c'}) {
    signed_for_tag(digit);
    use_action("deny");
    EXPECT_EQ(ask(review_of(web())).outcome, outcome::denied) << digit;
    EXPECT_THAT(message(), HasSubstr("not signed by legacy"));
    use_action("warn");
    EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned) << digit;
    EXPECT_EQ(pinned(), 'a') << "what is signed moves nothing that waits";
  }
  // When it is over, what is signed counts, be it the digest before.
  time.advance(72h);
  use_action("deny");
  for (const char digit : {'a', 'b', 'c'}) {
    signed_for_tag(digit);
    EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned);
    EXPECT_EQ(pinned(), digit);
  }
}

// Between two reports: the webhook sees a digest that the file does not name.
TEST_F(Cooldowns, ADigestThatIsNewerThanTheFileWaits) {
  tags->holds(std::string(nginx), digest_of_digit('c'));
  ask(review_of(web()));
  EXPECT_EQ(pinned(), 'a') << "b waits, too";
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("which rule slow leaves for 72h from the next report on; pinned to")));
  stands();
  ask(review_of(web()));
  EXPECT_EQ(pinned(), 'b');
  time.advance(999h);
  ask(review_of(web()));
  EXPECT_EQ(pinned(), 'b') << "however old the file is";
}

TEST_F(Cooldowns, WhatIsTakenAtOnce) {
  struct row {
    const char* name;
    const char* rules;
    char found;
    resolve::origin from;
    bool has_moves;
    char expected;
  };
  using enum resolve::origin;
  const row rows[] = {
      {"no rule", "[]", 'b', cache, true, 'b'},
      {"a rule for others", "[{name: x, images: \"quay.io/**\", cooldown: 72h}]", 'b', cache, true, 'b'},
      {"an exception", "[{name: own, cooldown: 0s}]", 'b', cache, true, 'b'},
      {"a shorter cooldown", "[{name: x, cooldown: 30m}]", 'b', cache, true, 'b'},
      {"the tag is back", "[{name: x, cooldown: 72h}]", 'a', cache, true, 'a'},
      {"the lock file decides", "[{name: x, cooldown: 72h}]", 'b', lock, true, 'b'},
      {"no file of moves", "[{name: x, cooldown: 72h}]", 'b', cache, false, 'b'},
      {"a stale answer", "[{name: x, cooldown: 72h}]", 'b', stale, true, 'a'},
  };
  const auto held = moves;
  for (const row& one : rows) {
    SCOPED_TRACE(one.name);
    use_rules(one.rules);
    moves = one.has_moves ? held : nullptr;
    tags->holds(std::string(nginx), digest_of_digit(one.found), one.from);
    ask(review_of(web()));
    EXPECT_EQ(pinned(), one.expected);
  }
}

TEST_F(Cooldowns, AFirstSightIsTakenAtOnce) {
  tags->holds("docker.io/library/redis:7", digest_of_digit('c'));
  ask(review_of(web(R"("name":"web")", "redis:7")));
  EXPECT_THAT(patch(), HasSubstr("redis@" + sha('c')));
  EXPECT_FALSE(has("warnings"));
}

// A pin that is recorded stays, also where updates ask the registry again and it has the newest digest already.
TEST_F(Cooldowns, RecordedPinsStay) {
  for (const char digit : {'a', 'b', 'c'}) {
    ask(review_of(web(recorded(digit), "nginx:1.4.2"), web(recorded(digit), "redis:7")));
    EXPECT_EQ(pinned(), digit);
  }
  policy.updates = pin::update_rule::refresh;
  ask(review_of(web(recorded('b')), web(recorded('b'), "redis:7")));
  EXPECT_EQ(pinned(), 'b');
  ask(review_of(web(recorded('c')), web(recorded('c'), "redis:7")));
  EXPECT_EQ(pinned(), 'a');
}

TEST_F(Cooldowns, TheRefreshAnnotationPassesOverIt) {
  ask(review_of(web(recorded('a', R"(,"pinhook.dev/refresh":"2")"), "nginx@" + sha('a')),
                web(recorded('a', R"(,"pinhook.dev/refresh":"1")"), "nginx@" + sha('a'))));
  EXPECT_EQ(pinned(), 'b');
  EXPECT_THAT(warnings(), ElementsAre(AllOf(
                              HasSubstr(fmt::format("pinhook.dev/refresh takes {}", digest_of_digit('b').shortened())),
                              HasSubstr("which the cooldown of rule slow would leave until 2"))));
  EXPECT_THAT(annotation("skipped"), HasSubstr("is taken by pinhook.dev/refresh, not left until 2"));
  EXPECT_THAT(tags->asked(), ElementsAre(nginx));
}

// The newest digest never stands in for the one before: the mode decides, as of a tag that cannot be resolved.
TEST_F(Cooldowns, ADigestBeforeThatIsGoneIsAFailure) {
  tags->fails(by_digest('a'), {error_code::not_found, "registry docker.io has no such manifest", std::nullopt});
  const auto v = ask(review_of(web()));
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_THAT(message(), AllOf(HasSubstr("which rule slow leaves until 2"),
                               HasSubstr("the digest before cannot be had: registry docker.io has no such manifest")));
  EXPECT_EQ(ask(review_of(web()), pin::mode::best_effort).outcome, outcome::unchanged);
  EXPECT_EQ(pinned(), '-');
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("the digest before")));
}

TEST_F(Cooldowns, AuditModeSaysWhatWouldBePinned) {
  ask(review_of(web()), pin::mode::audit);
  EXPECT_EQ(pinned(), '-');
  EXPECT_THAT(warnings(),
              ElementsAre(HasSubstr("the tag moved to"),
                          HasSubstr(fmt::format("would be pinned to {}", digest_of_digit('a').shortened()))));
}

TEST_F(Cooldowns, WhatIsPinnedIsVerified) {
  use_rules("[{name: slow, cooldown: 72h}, {name: own, require: {signed: [acme]}, action: deny}]");
  signatures->accepts("acme", digest_of_digit('a'));
  EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned);
  ASSERT_EQ(signatures->queries().size(), 1U);
  EXPECT_EQ(signatures->queries()[0].image, by_digest('a'));
}

TEST_F(Cooldowns, ImagesThatShareATagAreLookedUpOnce) {
  use_rules("[{name: slow, containers: \"web*\", cooldown: 72h}]");
  ask(review_of(deployment(container("web", "nginx:1.4.2") + "," + container("tool", "nginx:1.4.2") + "," +
                           container("web2", "docker.io/nginx:1.4.2"))));
  EXPECT_THAT(tags->asked(), ElementsAre(nginx, by_digest('a')));
  EXPECT_THAT(patch(), AllOf(HasSubstr("nginx@" + sha('a')), HasSubstr("nginx@" + sha('b')),
                             HasSubstr("docker.io/nginx@" + sha('a'))));
}

TEST_F(Cooldowns, VersionTagsThatMovedAreFound) {
  const std::string pinned_before = "nginx:1.4.2@" + sha('a');
  const std::string pinned_now = "nginx:1.4.2@" + sha('b');
  struct row {
    const char* name;
    std::string image;
    const char* change;
    bool is_denied;
  };
  const row rows[] = {
      {"other bytes", "nginx:1.4.2", "version-tag", true}, {"it is not known what changed", "nginx:1.4.2", "", true},
      {"other platforms", "nginx:1.4.2", "list", false},   {"pinned before", pinned_before, "version-tag", false},
      {"pinned since", pinned_now, "version-tag", true},   {"another tag", "nginx:1.4", "bytes", false},
  };
  tags->holds("docker.io/library/nginx:1.4", digest_of_digit('b'));
  use_rules(stay_rule);
  for (const row& one : rows) {
    moved(1h, one.change);
    EXPECT_EQ(ask(review_of(web(R"("name":"web")", one.image))).outcome == outcome::denied, one.is_denied) << one.name;
  }
  moved(1h, "version-tag");
  ask(review_of(web()));
  EXPECT_THAT(message(),
              HasSubstr("rule stay: container web, image \"nginx:1.4.2\": a tag that names one release got "
                        "other bytes, which may not be its authors'. Ask its authors, and write the digest"));
  stands();
  EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned);
}

// With a cooldown the digest before runs, which is what the tag had.
TEST_F(Cooldowns, ACooldownMeetsADemandOnMoves) {
  use_rules("[{name: slow, cooldown: 72h}, {name: stay, require: {unmoved: version-tags}, action: deny}]");
  EXPECT_EQ(ask(review_of(web())).outcome, outcome::pinned);
  EXPECT_EQ(pinned(), 'a');
}

TEST_F(Cooldowns, WithoutAFileOfMovesADemandOnThemIsUnchecked) {
  use_rules(stay_rule);
  moves = nullptr;
  const auto v = ask(review_of(web()));
  EXPECT_EQ(v.outcome, outcome::pinned);
  ASSERT_EQ(v.findings.size(), 1U);
  EXPECT_EQ(v.findings[0].taken, "unchecked");
  EXPECT_THAT(warnings(),
              ElementsAre(HasSubstr("rule stay is unchecked: not checked whether its tag moved: the setting "
                                    "moves.file is not set")));
}

}  // namespace
}  // namespace pinhook::admission
