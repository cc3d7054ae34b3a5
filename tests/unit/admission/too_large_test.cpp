// Objects with more images than are read: the mode decides, as about an image that cannot be resolved.
#include "support/handler_fixture.hpp"

#include <pinhook/pin/find_slots.hpp>

#include <gmock/gmock.h>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::review_of;
using ::testing::StartsWith;

struct TooLarge : testing::handler_fixture {
  static std::string containers(std::size_t count, std::string_view image = "nginx:1.25") {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + container(fmt::format("c{}", i), image);
    return out;
  }
  static std::string large(std::string_view metadata = R"("name":"web")", std::string_view image = "nginx:1.25") {
    return deployment(containers(pin::max_slots + 1, image), metadata);
  }
};

TEST_F(TooLarge, EnforceDeniesInWords) {
  const verdict v = ask(review_of(large()));
  EXPECT_EQ(v.http_status, 200U);
  EXPECT_EQ(v.outcome, outcome::denied);
  EXPECT_EQ(v.name, "web");
  EXPECT_THAT(lines(), ElementsAre("pinhook cannot pin this object: it has more than 1000 images. Split it",
                                   StartsWith("Namespace shop is labelled pinhook.dev/pin=enforce: ")));
  EXPECT_TRUE(tags->queries().empty()) << "nothing is looked up";
}

TEST_F(TooLarge, TheOtherModesLetItPassWithAWarning) {
  const verdict easy = ask(review_of(large()), pin::mode::best_effort);
  EXPECT_EQ(easy.outcome, outcome::unchanged);
  EXPECT_THAT(warnings(), ElementsAre("the object is not pinned: it has more than 1000 images"));
  EXPECT_FALSE(has("patch"));
  EXPECT_EQ(annotation("skipped"), "it has more than 1000 images");
  const verdict seen = ask(review_of(large()), pin::mode::audit);
  EXPECT_EQ(seen.outcome, outcome::audited);
  EXPECT_THAT(warnings(), ElementsAre("the object would not be pinned: it has more than 1000 images"));
}

// Size is no way round a rule.
TEST_F(TooLarge, RulesThatDenyMakeBestEffortDeny) {
  use_rules("- {name: own, require: {registry: [ghcr.io]}, action: warn}");
  EXPECT_EQ(ask(review_of(large()), pin::mode::best_effort).outcome, outcome::unchanged);
  use_rules("- {name: own, require: {registry: [ghcr.io]}, action: deny}");
  EXPECT_EQ(ask(review_of(large()), pin::mode::best_effort).outcome, outcome::denied);
  EXPECT_THAT(lines(),
              ElementsAre("pinhook cannot ask the rules about this object: it has more than 1000 images. Split it",
                          StartsWith("Namespace shop is labelled pinhook.dev/pin=best-effort: ")));
  EXPECT_EQ(ask(review_of(large()), pin::mode::audit).outcome, outcome::audited);
}

TEST_F(TooLarge, WhatItsMetadataExemptsIsExempt) {
  const std::string skipped = large(R"("name":"web","labels":{"pinhook.dev/pin":"skip"})");
  EXPECT_EQ(ask(review_of(skipped), pin::mode::best_effort).outcome, outcome::unchanged);
  EXPECT_EQ(annotation("skipped"), "skip_label");
  EXPECT_EQ(ask(review_of(skipped)).outcome, outcome::denied);
  const std::string leaving = large(R"("name":"web","deletionTimestamp":"2026-01-01T00:00:00Z")");
  EXPECT_EQ(ask(review_of(leaving, large())).outcome, outcome::unchanged);
  EXPECT_EQ(ask(review_of(leaving)).outcome, outcome::denied) << "what is created is not being deleted";
}

TEST_F(TooLarge, AnUpdateOfItsMetadataPasses) {
  EXPECT_EQ(ask(review_of(large(R"("name":"web","labels":{"a":"b"})"), large())).outcome, outcome::unchanged);
  EXPECT_EQ(annotation("skipped"), "same_template");
  EXPECT_EQ(ask(review_of(large(R"("name":"web")", "nginx:1.26"), large())).outcome, outcome::denied);
}

TEST_F(TooLarge, AnUpdateMayMakeItSmaller) {
  tags->holds("docker.io/library/nginx:1.25", testing::digest_of_digit('a'));
  EXPECT_EQ(ask(review_of(deployment(container("web", "nginx:1.25")), large())).outcome, outcome::pinned);
}

TEST_F(TooLarge, WhatIsNoJsonIsStillABadRequest) {
  std::string broken = large();
  broken.insert(broken.find("metadata") - 1, "x");
  EXPECT_EQ(ask(review_of(broken)).http_status, 400U);
}

}  // namespace
}  // namespace pinhook::admission
