#include <pinhook/kube/serving_decision.hpp>

#include "support/fake_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// One replica without an API: the test stores the decision, or does not.
struct ServingDecision : ::testing::Test {
  testing::fake_clock time;
  serving_policy policy{.names = {.dns_names = {"pinhook.pinhook.svc"}, .addresses = {}}};
  std::optional<std::vector<webhook_entry>> entries{{{"enforce", ""}, {"audit", ""}}};
  std::optional<secret_data> stored;
  replica_memory memory;

  serving_facts facts() const {
    serving_facts out;
    if (entries) out.entries = read_bundles(*entries);
    if (stored) out.stored = parse_state(*stored);
    out.now = time.wall();
    out.steady = time.now();
    return out;
  }
  serving_decision look() {
    const auto found = facts();
    observe(memory, found);
    auto d = decide(found, memory, policy);
    if (d.serve) memory.served = d.serve;
    memory.is_settled = d.is_settled;
    return d;
  }
  serving_decision obey() {
    auto d = look();
    if (d.bundles)
      for (auto& one : *entries)
        for (const auto& name : d.bundles->entries)
          if (one.name == name) one.ca_bundle = d.bundles->bundle;
    if (d.state) stored = render_state(make_state(*d.state, policy, time).value());
    return d;
  }
  // Repeats until there is nothing to do.
  serving_decision heal() {
    for (int i = 0; i < 8; ++i) {
      auto d = obey();
      if (!d.state && !d.bundles) return d;
    }
    ADD_FAILURE() << "it writes without end";
    return {};
  }
  stored_state now_stored() const { return parse_state(stored.value()); }
  std::string leaf() const { return now_stored().usable.served->leaf.fingerprint(); }
  std::string newest() const { return now_stored().usable.authorities.at(0).fingerprint(); }
  bool is_by_newest() const {
    const auto s = now_stored().usable;
    return s.served->leaf.is_issued_by(s.authorities.at(0));
  }
};

TEST_F(ServingDecision, FirstStartIsTrustedAtOnce) {
  const auto first = obey();
  ASSERT_TRUE(first.state);
  EXPECT_TRUE(first.state->new_authority && first.state->new_leaf);
  EXPECT_THAT(first.state->reason, HasSubstr("no Secret"));
  EXPECT_FALSE(first.serve) << "served before it was stored: another replica may have won";
  EXPECT_FALSE(first.bundles);
  const auto second = obey();
  ASSERT_TRUE(second.bundles);
  EXPECT_THAT(second.bundles->entries, ElementsAre("enforce", "audit"));
  EXPECT_TRUE(second.serve);
  EXPECT_THAT(second.distrust.value_or(""), HasSubstr("empty"));
  const auto third = obey();
  EXPECT_FALSE(third.state || third.bundles || third.serve || third.distrust) << third.distrust.value_or("");
}

TEST_F(ServingDecision, SecondReplicaTakesWhatIsStored) {
  heal();
  memory = {};
  const auto d = obey();
  EXPECT_TRUE(d.serve);
  EXPECT_FALSE(d.state || d.bundles || d.distrust);
}

TEST_F(ServingDecision, RenewsTheLeafByTheSameAuthorityAtTwoThirds) {
  heal();
  const auto before = leaf();
  const auto authority = newest();
  time.advance(24h * 60 - 1min);
  EXPECT_FALSE(heal().state);
  EXPECT_EQ(leaf(), before);
  time.advance(2min);
  EXPECT_TRUE(obey().state->new_leaf);
  const auto d = obey();
  EXPECT_TRUE(d.serve) << "of the same authority: nothing to wait for";
  EXPECT_FALSE(d.distrust);
  EXPECT_NE(leaf(), before);
  EXPECT_EQ(newest(), authority);
}

TEST_F(ServingDecision, RotatesTheAuthorityWithoutAGap) {
  policy.lifetime = 24h * 300;  // so that the leaf is not renewed for its own sake
  policy.authority_lifetime = 24h * 365;
  heal();
  const auto before = leaf();
  const auto old = newest();
  time.advance(24h * 244);
  auto d = obey();
  ASSERT_TRUE(d.state);
  EXPECT_TRUE(d.state->new_authority);
  EXPECT_FALSE(d.state->new_leaf);
  d = heal();
  EXPECT_FALSE(d.distrust);
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(2));
  EXPECT_NE(newest(), old);
  EXPECT_EQ(leaf(), before) << "API servers may not know the new authority yet";
  time.advance(policy.settle - 1s);
  EXPECT_FALSE(heal().distrust);
  EXPECT_EQ(leaf(), before);
  time.advance(1s);
  EXPECT_FALSE(heal().distrust);
  EXPECT_NE(leaf(), before);
  EXPECT_TRUE(is_by_newest());
  EXPECT_EQ(memory.served->leaf.fingerprint(), leaf());
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(2));
  time.advance(policy.overlap - 1s);
  heal();
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(2));
  time.advance(1s);
  EXPECT_FALSE(heal().distrust);
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(1));
}

TEST_F(ServingDecision, ADeletedSecretIsARotationInWhichTheOldLeafServesOn) {
  heal();
  const auto before = leaf();
  const auto old = newest();
  const auto old_key = now_stored().usable.authority_key;
  stored.reset();
  EXPECT_FALSE(heal().distrust);
  EXPECT_NE(newest(), old);
  EXPECT_FALSE(now_stored().usable.authority_key == old_key);
  EXPECT_EQ(leaf(), before);
  EXPECT_EQ(memory.served->leaf.fingerprint(), before);
  time.advance(policy.settle);
  EXPECT_FALSE(heal().distrust);
  EXPECT_TRUE(is_by_newest());
  time.advance(policy.overlap);
  heal();
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(1));
}

TEST_F(ServingDecision, WhoeverFindsNoSecretAndRemembersNothingKeepsWhatEntriesTrust) {
  heal();
  const auto other = memory;
  const auto old_leaf = leaf();
  stored.reset();
  memory = {};
  obey();
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(2))
      << "the other replica still shows a leaf of the old authority";
  EXPECT_TRUE(is_by_newest());
  auto d = heal();
  EXPECT_THAT(d.distrust.value_or(""), HasSubstr("may know"));
  // The other one waits until it can change.
  memory = other;
  d = heal();
  EXPECT_FALSE(d.distrust);
  EXPECT_EQ(memory.served->leaf.fingerprint(), old_leaf);
  time.advance(policy.settle);
  d = heal();
  EXPECT_FALSE(d.distrust);
  EXPECT_EQ(memory.served->leaf.fingerprint(), leaf());
}

TEST_F(ServingDecision, HealsBundles) {
  heal();
  const auto good = entries->at(0).ca_bundle;
  const auto foreign = make_authority({.common_name = "foreign"}, time).value().certificate;
  for (const std::string& bad : {std::string(), std::string("garbage"), foreign, good + foreign,
                                 good + "-----BEGIN X-----\n"
                                        "-----END X-----\n"}) {
    entries->at(1).ca_bundle = bad;
    const auto d = look();
    ASSERT_TRUE(d.bundles) << bad;
    EXPECT_THAT(d.bundles->entries, ElementsAre("audit"));
    EXPECT_FALSE(d.state);
    EXPECT_FALSE(heal().distrust);
    EXPECT_EQ(entries->at(1).ca_bundle, good);
  }
  entries->at(1).ca_bundle = "# a comment\n" + good;
  EXPECT_FALSE(look().bundles) << "the same certificates in other words";
}

TEST_F(ServingDecision, SalvagesADamagedSecret) {
  heal();
  time.advance(policy.settle);
  const auto whole = stored.value();
  const auto old = newest();
  const auto old_leaf = leaf();
  for (const char* key : {"ca.crt", "ca.key", "tls.crt", "tls.key"}) {
    for (const bool remembers : {true, false}) {
      for (const std::string& damage : {std::string(), std::string("garbage"), std::string(max_bundle_size + 1, 'x')}) {
        SCOPED_TRACE(std::string(key) + (remembers ? " remembered " : " ") + damage.substr(0, 10));
        const auto memory_before = memory;
        const auto entries_before = entries;
        stored = whole;
        stored->insert_or_assign(key, secret(damage));
        if (!remembers) memory = {};
        const auto d = heal();
        EXPECT_TRUE(now_stored().is_whole());
        // Only a lost key of the authority needs a new authority; a lost certificate is found in the bundles.
        EXPECT_EQ(newest() == old, std::string(key) != "ca.key");
        if (remembers || std::string(key).starts_with("ca")) {
          EXPECT_EQ(leaf(), old_leaf);
        }
        EXPECT_FALSE(d.distrust) << *d.distrust;
        memory = memory_before;
        entries = entries_before;
      }
    }
  }
}

TEST_F(ServingDecision, AnExpiredLeafIsReplacedAtOnce) {
  heal();
  time.advance(24h * 91);
  const auto d = heal();
  EXPECT_FALSE(d.distrust);
  time.advance(24h * 800);
  EXPECT_FALSE(heal().distrust);
  EXPECT_THAT(now_stored().usable.authorities, SizeIs(1)) << "the expired authority leaves at once";
  EXPECT_TRUE(is_by_newest());
}

TEST_F(ServingDecision, ReplicasWithOtherNamesAgreeOnAllOfThem) {
  heal();
  const auto mine = policy.names;
  const certificate_names others{.dns_names = {"other.svc"}, .addresses = {"127.0.0.1"}};
  policy.names = others;
  EXPECT_FALSE(heal().distrust);
  const auto both = leaf();
  policy.names = mine;
  EXPECT_FALSE(heal().distrust);
  EXPECT_EQ(leaf(), both);
}

TEST_F(ServingDecision, TooManyNamesAreTheWantedAlone) {
  for (std::size_t i = 1; i < max_names; ++i) policy.names.dns_names.push_back("n" + std::to_string(i) + ".svc");
  heal();
  policy.names = {.dns_names = {"other.svc"}, .addresses = {}};
  heal();
  EXPECT_THAT(now_stored().usable.served->leaf.dns_names(), ElementsAre("other.svc"));
}

TEST_F(ServingDecision, DeletingAgainAndAgainKeepsTheBundleSmallAndTheLeafTrusted) {
  heal();
  const auto first = leaf();
  for (int i = 0; i < 10; ++i) {
    stored.reset();
    EXPECT_FALSE(heal().distrust);
    EXPECT_LE(now_stored().usable.authorities.size(), max_authorities);
    EXPECT_EQ(leaf(), first);
  }
}

TEST_F(ServingDecision, AClockAheadOrBehindChangesNothingBack) {
  heal();
  const auto state = stored.value();
  for (const auto skew : {-10min, 10min}) {
    auto found = facts();
    found.now += skew;
    EXPECT_FALSE(decide(found, memory, policy).state);
    EXPECT_FALSE(decide(found, memory, policy).bundles);
    EXPECT_FALSE(decide(found, memory, policy).distrust);
  }
}

TEST_F(ServingDecision, WithoutConfigurationTheStateIsKeptAndNobodyIsReady) {
  entries.reset();
  const auto d = heal();
  EXPECT_TRUE(now_stored().is_whole());
  EXPECT_THAT(d.distrust.value_or(""), HasSubstr("does not exist"));
}

TEST_F(ServingDecision, TheLeafNeverOutlivesItsAuthority) {
  policy.lifetime = 24h * 365;
  heal();
  time.advance(24h * 200);
  policy.names.dns_names.push_back("more.svc");
  heal();
  const auto s = now_stored().usable;
  EXPECT_LE(s.served->leaf.not_after(), s.authorities.at(0).not_after());
}

TEST_F(ServingDecision, ChecksItsRules) {
  EXPECT_TRUE(check_policy(policy));
  const auto reason = [](serving_policy r) { return check_policy(r).error().message; };
  EXPECT_THAT(reason({}), HasSubstr("name"));
  auto r = policy;
  r.lifetime = 5min;
  EXPECT_THAT(reason(r), HasSubstr("renewed in time"));
  r.lifetime = 24h * 400;
  EXPECT_THAT(reason(r), HasSubstr("authority"));
  r.lifetime = 6min;
  EXPECT_TRUE(check_policy(r));
  r.names.dns_names.resize(max_names + 1, "x");
  EXPECT_THAT(reason(r), HasSubstr("at most"));
}

}  // namespace
}  // namespace pinhook::kube
