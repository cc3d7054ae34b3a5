// What nodes make of an image: short names by their registries.conf, and digests that they cannot pull.
#include "support/handler_fixture.hpp"

#include <pinhook/registry/registries_conf.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pinhook::admission {
namespace {

using testing::container;
using testing::deployment;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::review_of;
using testing::sha;

struct Nodes : testing::handler_fixture {
  void read_short_names(const std::string& text) {
    meaning_of = [conf = registry::parse_registries_conf(text, "/r.conf").value()](const registry::reference& ref) {
      return registry::meaning_of(conf, ref);
    };
  }
  // The tag has the digest of `a`.
  void have_trouble(bool is_unservable) {
    auto trouble = std::make_shared<const resolve::pull_trouble>(
        resolve::pull_trouble{{error_code::not_found, "nodes cannot pull it: no such manifest", {}}, is_unservable});
    tags->answers("docker.io/library/nginx:1", {digest_of_digit('a'), resolve::origin::registry, std::move(trouble)});
  }
};

const std::string nginx = review_of(deployment(container("web", "nginx:1")));

TEST_F(Nodes, AShortNameIsPinnedAndRecordedByItsRegistry) {
  read_short_names("unqualified-search-registries = [\"a.test\"]\n");
  tags->holds("a.test/nginx:1", digest_of_digit('a'));
  ask(nginx);
  EXPECT_THAT(patch(), AllOf(HasSubstr("\"a.test/nginx@" + sha('a') + "\""), HasSubstr("a.test/nginx:1")));
  EXPECT_THAT(tags->asked(), ElementsAre("a.test/nginx:1"));
}

TEST_F(Nodes, RulesSeeTheRegistryOfAShortName) {
  read_short_names("unqualified-search-registries = [\"a.test\"]\n");
  tags->holds("a.test/nginx:1", digest_of_digit('a'));
  use_rules("[{name: hub, require: {registry: [docker.io]}, action: deny}]");
  ask(nginx);
  EXPECT_FALSE(field("allowed").GetBool());
  EXPECT_THAT(message(), HasSubstr("rule hub: container web"));
}

TEST_F(Nodes, AShortNameThatNodesRefuseIsNotResolved) {
  read_short_names("unqualified-search-registries = [\"a.test\", \"b.test\"]\nshort-name-mode = \"enforcing\"\n");
  ask(nginx);
  EXPECT_FALSE(field("allowed").GetBool());
  EXPECT_THAT(message(), HasSubstr("write its registry"));
  EXPECT_TRUE(tags->asked().empty());
}

TEST_F(Nodes, ADigestThatTheyCannotPullIsPinnedWithAWarning) {
  have_trouble(false);
  ask(nginx);
  EXPECT_THAT(patch(), HasSubstr("nginx@" + sha('a')));
  EXPECT_THAT(warnings(), ElementsAre(AllOf(HasSubstr("the pin may not run: nodes cannot pull it"), HasSubstr("web"))));
}

TEST_F(Nodes, WhatNoPlaceServesByDigestStaysATagInEveryMode) {
  have_trouble(true);
  for (const auto mode : {pin::mode::enforce, pin::mode::best_effort, pin::mode::audit}) {
    const verdict v = ask(nginx, mode);
    EXPECT_TRUE(field("allowed").GetBool());
    EXPECT_EQ(patch(), "");
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("stays a tag, since nodes could not pull it by digest")));
    ASSERT_EQ(v.slots.size(), 1U);
    EXPECT_EQ(v.slots[0].source, "no_place_by_digest");
  }
}

TEST_F(Nodes, ARuleDeniesWhatStaysATag) {
  have_trouble(true);
  use_rules("[{name: pinned, require: [digest], action: deny}]");
  ask(nginx);
  EXPECT_FALSE(field("allowed").GetBool());
}

}  // namespace
}  // namespace pinhook::admission
