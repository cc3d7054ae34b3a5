// Can nodes pull the digest that a tag was resolved to? The places are those of a registries.conf.
#include "resolver_world.hpp"

#include <pinhook/registry/mirror_sets.hpp>
#include <pinhook/registry/route_table.hpp>
#include <pinhook/resolve/pull_notes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::resolve {
namespace {

using namespace std::chrono_literals;
using testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string nginx = "docker.io/library/nginx:1";
const std::string pinned = "docker.io/library/nginx@" + digest_of_digit('b').to_string();

struct PullCheck : testing::resolver_world {
  PullCheck() { options.verify_pull = pull_order::warn; }

  // A mirror for tags alone, which has the tag, before the registry.
  void have(const std::string& more = "", const std::string& of_registry = "") {
    const std::string conf = "[[registry]]\nlocation = \"docker.io\"\n" + of_registry +
                             "[[registry.mirror]]\nlocation = \"m.corp\"\npull-from-mirror = \"tag-only\"\n" + more;
    registry::route_options ways;
    ways.conf = std::make_shared<registry::node_conf>(registry::parse_registries_conf(conf, "/r.conf").value());
    options.routes = std::make_shared<registry::route_table>(std::move(ways), time.clock);
    TearDown();
    open();
    client.route_says("m.corp", digest_of_digit('b'));
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& call : client.calls())
      out.push_back(call.by + (call.canonical.find('@') == std::string::npos ? " tag" : " digest"));
    return out;
  }
};

const std::string for_digests = "[[registry.mirror]]\nlocation = \"d.corp\"\npull-from-mirror = \"digest-only\"\n";

TEST_F(PullCheck, ThePlacesOfTheDigestAreAskedInTheirOrder) {
  have(for_digests);
  client.route_says("d.corp", fail(error_code::not_found, "no such manifest"));
  client.holds(pinned, digest_of_digit('b'));
  const auto got = ask(nginx);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->digest, digest_of_digit('b'));
  EXPECT_FALSE(got->trouble);
  EXPECT_THAT(asked(), ElementsAre("m.corp tag", "d.corp digest", "docker.io digest"));
}

TEST_F(PullCheck, ThePlaceThatAnsweredIsNotAskedAgain) {
  have();
  client.route_says("m.corp", fail(error_code::not_found, "no such tag"));
  client.holds(nginx, digest_of_digit('b'));
  EXPECT_FALSE(ask(nginx)->trouble);
  EXPECT_THAT(asked(), ElementsAre("m.corp tag", "docker.io tag"));
}

TEST_F(PullCheck, ADigestThatNoPlaceHasIsAWarningAlsoFromTheCache) {
  have(for_digests);
  client.route_says("d.corp", fail(error_code::unavailable, "no connection"));
  for (int i = 0; i < 2; ++i) {
    const auto got = ask(nginx);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_TRUE(got->trouble);
    EXPECT_FALSE(got->trouble->is_unservable);
    EXPECT_THAT(got->trouble->reason.message,
                AllOf(HasSubstr("nodes cannot pull sha256:bbbbbbbbbbbb"), HasSubstr("; mirror d.corp: no connection")));
  }
  EXPECT_EQ(client.count(), 3U) << "the second answer is from the cache";
}

TEST_F(PullCheck, EnforcedItIsAnError) {
  options.verify_pull = pull_order::enforce;
  have();
  const auto got = ask(nginx);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::not_found);
  EXPECT_THAT(got.error().message, HasSubstr("nodes cannot pull sha256:bbbbbbbbbbbb"));
}

TEST_F(PullCheck, WhatNoPlaceMayServeByDigestIsNamedInEveryOrder) {
  for (const auto order : {pull_order::warn, pull_order::enforce}) {
    options.verify_pull = order;
    have("", "blocked = true\n");
    const auto got = ask(nginx);
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_TRUE(got->trouble);
    EXPECT_TRUE(got->trouble->is_unservable);
    EXPECT_THAT(got->trouble->reason.message,
                AllOf(HasSubstr("mirror m.corp serves tags alone, and no place may serve the digest"),
                      HasSubstr("ImageDigestMirrorSet"), HasSubstr("; registry docker.io is blocked")));
  }
  EXPECT_THAT(asked(), ElementsAre("m.corp tag", "m.corp tag"));
}

TEST_F(PullCheck, AMissingImageDigestMirrorSetIsNamed) {
  registry::route_options ways;
  registry::mirror_sets sets;
  sets.for_tags.push_back({"docker.io", {"m.corp"}, true, "ImageTagMirrorSet hub"});
  ways.conf = std::make_shared<registry::node_conf>(registry::conf_of(sets));
  options.routes = std::make_shared<registry::route_table>(std::move(ways), time.clock);
  TearDown();
  open();
  client.route_says("m.corp", digest_of_digit('b'));
  const auto got = ask(nginx);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(got->trouble);
  EXPECT_TRUE(got->trouble->is_unservable);
  EXPECT_EQ(got->trouble->reason.message,
            "mirror m.corp serves tags alone, and registry docker.io is blocked for nodes by NeverContactSource of "
            "ImageTagMirrorSet hub: add an ImageDigestMirrorSet for docker.io");
}

TEST_F(PullCheck, ACacheThatFillsByTagAloneIsAskedForTheTag) {
  const std::string ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  const std::string cache = "[[registry.mirror]]\nlocation = \"" + ecr + "/hub\"\npull-from-mirror = \"digest-only\"\n";
  have(cache, "blocked = true\n");
  client.fails_next({error_code::not_found, "no such manifest", std::nullopt});
  client.holds(nginx, digest_of_digit('b'));
  client.holds(pinned, digest_of_digit('b'));
  EXPECT_FALSE(ask(nginx)->trouble);
  EXPECT_THAT(asked(), ElementsAre("m.corp tag", ecr + " digest", ecr + " tag", ecr + " digest"));
}

TEST_F(PullCheck, ACacheThatHasAnotherDigestUnderTheTagIsNotAskedAgain) {
  const std::string ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  have("[[registry.mirror]]\nlocation = \"" + ecr + "/hub\"\npull-from-mirror = \"digest-only\"\n", "blocked = true\n");
  client.fails_next({error_code::not_found, "no such manifest", std::nullopt});
  client.holds(nginx, digest_of_digit('c'));
  const auto got = ask(nginx);
  ASSERT_TRUE(got && got->trouble);
  EXPECT_THAT(got->trouble->reason.message, HasSubstr("no such manifest"));
  EXPECT_THAT(asked(), ElementsAre("m.corp tag", ecr + " digest", ecr + " tag"));
}

TEST_F(PullCheck, AnotherMirrorIsNotAskedForTheTag) {
  have(for_digests, "blocked = true\n");
  client.fails_next({error_code::not_found, "no such manifest", std::nullopt});
  client.holds(nginx, digest_of_digit('b'));
  EXPECT_TRUE(ask(nginx)->trouble);
  EXPECT_THAT(asked(), ElementsAre("m.corp tag", "d.corp digest"));
}

TEST_F(PullCheck, OffAsksNothing) {
  options.verify_pull = pull_order::off;
  have();
  EXPECT_FALSE(ask(nginx)->trouble);
  EXPECT_THAT(asked(), ElementsAre("m.corp tag"));
}

TEST_F(PullCheck, APlaceThatHangsCostsItsShareAlone) {
  have(for_digests);
  client.route_hangs("d.corp", [this](deadline d) { time.clock.advance(d.remaining(time.clock.now())); });
  client.holds(pinned, digest_of_digit('b'));
  const auto began = time.clock.now();
  EXPECT_FALSE(ask(nginx)->trouble);
  EXPECT_LE(time.clock.now() - began, options.mirror_limit);
}

TEST(PullNotes, RememberForAnHourByReferenceIdentityAndDigest) {
  pull_notes notes;
  testing::fake_clock clock;
  const auto digest = digest_of_digit('a');
  const auto trouble = std::make_shared<const pull_trouble>(pull_trouble{{error_code::not_found, "no", {}}, false});
  notes.put("r/a:1", "id", digest, nullptr, clock.now());
  EXPECT_TRUE(notes.is_good("r/a:1", "id", digest, clock.now()));
  EXPECT_FALSE(notes.is_good("r/a:1", "other", digest, clock.now()));
  EXPECT_FALSE(notes.is_good("r/a:2", "id", digest, clock.now()));
  EXPECT_FALSE(notes.is_good("r/a:1", "id", digest_of_digit('b'), clock.now()));
  EXPECT_FALSE(notes.trouble_of("r/a:1", "id", digest, clock.now()));
  notes.put("r/b:1", "id", digest, trouble, clock.now());
  EXPECT_EQ(notes.trouble_of("r/b:1", "id", digest, clock.now()), trouble);
  EXPECT_FALSE(notes.is_good("r/b:1", "id", digest, clock.now()));
  clock.advance(1h);
  EXPECT_FALSE(notes.is_good("r/a:1", "id", digest, clock.now()));
  EXPECT_FALSE(notes.trouble_of("r/b:1", "id", digest, clock.now()));
  notes.put("r/b:1", "id", digest, nullptr, clock.now());
  EXPECT_TRUE(notes.is_good("r/b:1", "id", digest, clock.now()));
}

}  // namespace
}  // namespace pinhook::resolve
