#include <pinhook/fleet/make_rows.hpp>

#include "support/fleet_objects.hpp"

#include <pinhook/fleet/row_findings.hpp>
#include <pinhook/rules/image_proofs.hpp>
#include <pinhook/rules/read_rules.hpp>
#include <pinhook/yaml/document.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::fleet {
namespace {

using testing::digest_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

registry::digest digest_of(char c) { return *registry::digest::parse(digest_text(c)); }

const wall_time noon = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29)) + std::chrono::hours(12);

// One Deployment with one container, its Pods, and what registries say.
struct one_image {
  std::string image = "nginx:1.25";
  /// A digest a Pod; '?': its imageID says nothing.
  std::string pods = {};
  /// The annotation pinhook.dev/pins.
  std::string pins = {};
  std::optional<std::string> label = {};
  std::string rules = {};
  /// What earlier reports saw; null: there is no store.
  const resolve::tag_moves* moves = nullptr;

  [[nodiscard]] fleet::state state() const {
    fleet::state out;
    out.namespaces.emplace("shop", namespace_state{true, label});
    workload w;
    w.id = {"shop", "apps", "Deployment", "web"};
    if (!pins.empty()) w.pins = pins_record{pins, "pinhook", wall_time{std::chrono::hours(24)}};
    image_use use;
    use.written = {"web", pin::container_type::container, image, "/spec/template/spec/containers/0/image",
                   "IfNotPresent"};
    for (const char c : pods) {
      ++use.pods;
      if (c == '?') {
        ++use.unknown;
        continue;
      }
      auto found = std::ranges::find(use.running, digest_of(c), &running_digest::digest);
      if (found == use.running.end()) found = use.running.insert(found, {digest_of(c), 0, 0});
      ++found->pods;
    }
    w.images.push_back(std::move(use));
    out.workloads.push_back(std::move(w));
    return out;
  }

  [[nodiscard]] row made(const registry_facts* facts = nullptr, std::optional<pin::mode> what_if = {}) const {
    row_options options;
    pipeline::file_checks checks;
    if (!rules.empty()) {
      const auto root = yaml::parse(rules, {});
      const auto read = rules::read_rules(*root);
      EXPECT_TRUE(read) << rules << ": " << (read ? "" : read.error().message);
      if (read) checks = pipeline::checks_with(*read, "");
      options.checks = &checks;
    }
    options.what_if = what_if;
    options.moves = moves;
    options.now = noon;
    return make_rows(state(), facts, options).front();
  }
};

std::vector<std::string> rules_of(const row& r) {
  std::vector<std::string> out;
  for (const auto& one : r.findings) out.push_back(one.rule);
  return out;
}

registry_facts facts_of(const std::vector<std::pair<std::string, char>>& answers,
                        const std::vector<manifest>& known = {}) {
  registry_facts out;
  for (const auto& [ref, digest] : answers) {
    const std::string canonical = registry::reference::parse(ref)->canonical();
    if (digest == '-')
      out.answers.emplace(canonical, fail(error_code::not_found, ref + " is not there"));
    else if (digest == '!')
      out.answers.emplace(canonical, fail(error_code::unavailable, "no connection"));
    else
      out.answers.emplace(canonical, digest_of(digest));
  }
  for (const auto& one : known) out.manifests.emplace(one.digest, one);
  return out;
}

manifest index_of(char name, const std::vector<std::pair<char, std::string>>& children) {
  manifest out{digest_of(name), {}};
  for (const auto& [digest, platform] : children) out.children.push_back({digest_of(digest), platform});
  return out;
}

TEST(FleetRow, ClassifiesHowAnImageIsWritten) {
  const std::pair<std::string, std::string> rows[] = {{"nginx@" + digest_text('a'), "pinned"},
                                                      {"nginx:1.25@" + digest_text('a'), "pinned"},
                                                      {"nginx:1.25", "tag"},
                                                      {"nginx:latest", "latest"},
                                                      {"nginx", "no-tag"},
                                                      {"Not An Image", "invalid"},
                                                      {"nginx:latest@" + digest_text('a'), "pinned"}};
  for (const auto& [image, written] : rows) EXPECT_EQ(to_string(class_of(image)), written) << image;
}

TEST(FleetRow, FindsWhatIsWrittenAsCheckDoes) {
  EXPECT_THAT(rules_of(one_image{.image = "nginx"}.made()), ElementsAre("no-tag"));
  EXPECT_THAT(rules_of(one_image{.image = "nginx:latest"}.made()), ElementsAre("latest"));
  EXPECT_THAT(rules_of(one_image{.image = "nginx:1.25"}.made()), ElementsAre("unpinned"));
  EXPECT_THAT(rules_of(one_image{.image = "nginx@" + digest_text('a')}.made()), IsEmpty());
  EXPECT_THAT(rules_of(one_image{.image = "A B"}.made()), ElementsAre("invalid"));
  const std::string own = "[{name: ours, namespaces: [shop], require: {registry: [ghcr.io]}, action: warn}]";
  EXPECT_THAT(rules_of(one_image{.image = "nginx@" + digest_text('a'), .rules = own}.made()), ElementsAre("ours"));
  const std::string never = R"([{name: free, images: ["**/nginx"], pin: never}])";
  EXPECT_THAT(rules_of(one_image{.image = "nginx:1.25", .rules = never}.made()), IsEmpty());
}

// Signatures are not looked up for a report: such a rule is neither met nor broken.
TEST(FleetRow, DemandsOnSignaturesAreUnchecked) {
  const row r =
      one_image{.image = "nginx@" + digest_text('a'), .rules = "[{name: own, require: {signed: acme}, action: deny}]"}
          .made(nullptr, pin::mode::enforce);
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].level, pipeline::severity::note);
  EXPECT_THAT(r.findings[0].message, ::testing::HasSubstr("not checked whether it is signed"));
  ASSERT_TRUE(r.if_opted_in);
  EXPECT_FALSE(r.if_opted_in->is_denied);
}

TEST(FleetRow, TellsWhatRuns) {
  const std::string pinned = "nginx@" + digest_text('a');
  const manifest index = index_of('a', {{'b', "linux/amd64"}, {'c', "linux/arm64"}});
  struct line {
    std::string image, pods;
    std::vector<manifest> known;
    bool is_mixed;
    std::optional<bool> differs;
  };
  const line lines[] = {
      {pinned, "aa", {}, false, false},
      {pinned, "", {}, false, std::nullopt},
      {pinned, "?", {}, false, std::nullopt},
      // Without the index nobody can tell.
      {pinned, "b", {}, false, std::nullopt},
      {pinned, "b", {index}, false, false},
      {pinned, "bc", {index}, false, false},
      {pinned, "ab", {index}, false, false},
      {pinned, "d", {index}, false, true},
      {pinned, "ad", {index}, true, true},
      {"nginx:1.25", "ab", {}, true, std::nullopt},
      {"nginx:1.25", "bc", {index}, false, std::nullopt},
      {"nginx:1.25", "a?", {}, false, std::nullopt},
  };
  for (const line& one : lines) {
    const auto facts = facts_of({}, one.known);
    const row r = one_image{.image = one.image, .pods = one.pods}.made(&facts);
    EXPECT_EQ(r.is_mixed, one.is_mixed) << one.image << " " << one.pods;
    EXPECT_EQ(r.differs, one.differs) << one.image << " " << one.pods;
  }
}

TEST(FleetRow, ComparesThePinWithItsTagAndTheRegistry) {
  const std::string a = digest_text('a');
  const std::string record = fmt::format(R"({{"docker.io/library/nginx:1.25":"{}"}})", a);
  const manifest of_a = index_of('a', {{'1', "linux/amd64"}});
  const manifest of_b = index_of('b', {{'1', "linux/amd64"}, {'2', "linux/arm64"}});
  const manifest of_c = index_of('c', {{'3', "linux/amd64"}});
  const std::vector<manifest> known{of_a, of_b, of_c};
  struct line {
    std::string name, image, pods, pins;
    char pin_answer, tag_answer;
    std::string moved;
    std::optional<bool> gone;
    std::vector<std::string> rules;
  };
  const line lines[] = {
      {"the same", "nginx:1.25@" + a, "", "", 'a', 'a', "none", false, {}},
      {"attestations alone", "nginx:1.25@" + a, "", "", 'a', 'b', "list", false, {"moved-list"}},
      {"other bytes", "nginx:1.25@" + a, "", "", 'a', 'c', "bytes", false, {"moved"}},
      {"the tag from the record", "nginx@" + a, "", record, 'a', 'c', "bytes", false, {"moved"}},
      {"no tag is known", "nginx@" + a, "", "", 'a', 'c', "unknown", false, {}},
      {"a pin that is gone", "nginx:1.25@" + a, "", "", '-', 'c', "bytes", true, {"gone", "moved"}},
      {"a registry that is down", "nginx:1.25@" + a, "", "", '!', '!', "unknown", std::nullopt, {}},
      {"a tag that is gone", "nginx:1.25@" + a, "", "", 'a', '-', "unknown", false, {"unresolvable"}},
      {"a recorded tag", "nginx:1.25", "", record, 'a', 'c', "bytes", std::nullopt, {"unpinned", "moved"}},
      {"a tag, and what runs", "nginx:1.25", "c", "", 'a', 'c', "none", std::nullopt, {"unpinned"}},
      {"a tag, and its platform runs", "nginx:1.25", "3", "", 'a', 'c', "none", std::nullopt, {"unpinned"}},
      {"a tag, and something else runs", "nginx:1.25", "9", "", 'a', 'c', "unknown", std::nullopt, {"unpinned"}},
      {"a tag, and nothing runs", "nginx:1.25", "", "", 'a', 'c', "unknown", std::nullopt, {"unpinned"}},
  };
  for (const line& one : lines) {
    const auto facts = facts_of({{"nginx@" + a, one.pin_answer}, {"nginx:1.25", one.tag_answer}}, known);
    const row r = one_image{.image = one.image, .pods = one.pods, .pins = one.pins}.made(&facts);
    EXPECT_EQ(to_string(r.moved), one.moved) << one.name;
    EXPECT_EQ(r.gone, one.gone) << one.name;
    EXPECT_EQ(rules_of(r), one.rules) << one.name;
  }
  const auto facts = facts_of({{"nginx@" + a, 'a'}, {"nginx:1.25.3", 'c'}}, known);
  EXPECT_THAT(rules_of(one_image{.image = "nginx:1.25.3@" + a}.made(&facts)), ElementsAre("moved-version"));
}

TEST(FleetRow, GivesTheLineToWrite) {
  const auto facts = facts_of({{"nginx:1.25", 'c'}});
  const row r = one_image{.pods = "c"}.made(&facts);
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(r.findings[0].fix, "nginx@" + digest_text('c'));
  EXPECT_EQ(r.findings[0].kind, rules::fix_kind::text);
  EXPECT_EQ(one_image{}.made().findings[0].fix, "pinhook resolve nginx:1.25");
}

TEST(FleetRow, KnowsHowOldThePinIs) {
  const std::string record = fmt::format(R"({{"docker.io/library/nginx:1.25":"{}"}})", digest_text('a'));
  EXPECT_EQ(one_image{.pins = record}.made().pinned_at, wall_time{std::chrono::hours(24)});
  const one_image pinned{.image = "nginx@" + digest_text('a'), .pins = record};
  EXPECT_EQ(pinned.made().pinned_at, wall_time{std::chrono::hours(24)});
  EXPECT_EQ((one_image{.image = "httpd", .pins = record}.made().pinned_at), std::nullopt);
  EXPECT_EQ(one_image{.pins = "no record"}.made().pinned_at, std::nullopt);
}

TEST(FleetRow, ShowsWhatOptingInWouldDo) {
  const auto has = facts_of({{"nginx:1.25", 'c'}});
  const auto lacks = facts_of({{"nginx:1.25", '-'}});
  const auto down = facts_of({{"nginx:1.25", '!'}});
  const std::string deny = "[{name: ours, require: {registry: [ghcr.io]}, action: deny}]";
  const std::string warn = "[{name: ours, require: {registry: [ghcr.io]}, action: warn}]";
  const std::string digest = "[{name: by-digest, require: digest, action: deny}]";
  const std::string never = "[{name: free, pin: never}]";
  struct line {
    std::string rules;
    const registry_facts* facts;
    pin::mode mode;
    bool is_denied;
    std::string rule, becomes;
  };
  const std::string pinned = "nginx@" + digest_text('c');
  using enum pin::mode;
  const line lines[] = {
      {"", &has, enforce, false, "", pinned},
      {"", &lacks, enforce, true, "unresolvable", "nginx:1.25"},
      {"", &lacks, best_effort, false, "", "nginx:1.25"},
      {"", &down, enforce, true, "unresolvable", "nginx:1.25"},
      {"", nullptr, enforce, false, "", "nginx:1.25"},
      {deny, &has, enforce, true, "ours", "nginx:1.25"},
      {deny, &has, best_effort, true, "ours", "nginx:1.25"},
      {warn, &has, enforce, false, "", pinned},
      {digest, &has, enforce, false, "", pinned},
      {digest, nullptr, enforce, false, "", "nginx:1.25"},
      {never, &has, enforce, false, "", "nginx:1.25"},
  };
  for (const line& one : lines) {
    const row r = one_image{.rules = one.rules}.made(one.facts, one.mode);
    ASSERT_TRUE(r.if_opted_in) << one.rules;
    EXPECT_EQ(r.if_opted_in->is_denied, one.is_denied) << one.rules;
    EXPECT_EQ(r.if_opted_in->rule, one.rule) << one.rules;
    EXPECT_EQ(r.if_opted_in->becomes, one.becomes) << one.rules;
    EXPECT_EQ(r.if_opted_in->reason.empty(), one.becomes == pinned) << one.rules;
  }
  EXPECT_FALSE(one_image{.label = "audit"}.made(&has, enforce).if_opted_in);
  EXPECT_FALSE(one_image{}.made(&has).if_opted_in);
}

// The tag has c now. A record comes first, then what a cooldown says.
TEST(FleetRow, WhatOptingInWouldDoKnowsRecordsAndCooldowns) {
  const auto has = facts_of({{"nginx:1.25", 'c'}});
  const auto ref = registry::reference::parse("nginx:1.25").value();
  resolve::tag_moves lately(noon, std::chrono::hours(72));
  lately.put(ref, {digest_of('c'), resolve::tag_before{digest_of('a'), noon - std::chrono::hours(2), "bytes"}});
  resolve::tag_moves earlier(noon - std::chrono::hours(6), std::chrono::hours(72));
  earlier.put(ref, {digest_of('b'), {}});
  const std::string others = "{name: others, cooldown: 72h}";
  const std::string record = R"({"docker.io/library/nginx:1.25":")" + digest_text('d') + R"("})";
  const auto stay = std::string("{name: stay, require: {unmoved: version-tags}, action: deny}");
  struct line {
    const char* name;
    one_image image;
    const registry_facts* facts;
    char becomes;
    std::string reason;
  };
  const auto of = [&](const std::string& rules, const resolve::tag_moves* moves, const std::string& pins = "") {
    return one_image{.pins = pins, .rules = "[" + rules + "]", .moves = moves};
  };
  const line lines[] = {
      {"it moved lately", of(others, &lately), &has, 'a',
       "rule others: cooldown 72h: the tag has sha256:cccccccccccc, which waits until 2026-12-02T10:00:00Z"},
      {"this report is the first to see it", of(others, &earlier), &has, 'b',
       "rule others: cooldown 72h: the tag has sha256:cccccccccccc, which waits until 2026-12-02T12:00:00Z"},
      {"no rule has a cooldown", of(stay, &earlier), &has, 'c', ""},
      {"a shorter cooldown is over", of("{name: short, cooldown: 1h}", &lately), &has, 'c', ""},
      {"an exception", of("{name: ours, images: \"docker.io/*/*\", cooldown: 0s}, " + others, &lately), &has, 'c', ""},
      {"there is no store", of(others, nullptr), &has, 'c', ""},
      {"it is recorded", of(others, &lately, record), &has, 'd', ""},
      {"it is recorded, and no registry was asked", of(others, &lately, record), nullptr, 'd', ""},
  };
  for (const line& one : lines) {
    const row r = one.image.made(one.facts, pin::mode::enforce);
    ASSERT_TRUE(r.if_opted_in) << one.name;
    EXPECT_EQ(r.if_opted_in->becomes, "nginx@" + digest_text(one.becomes)) << one.name;
    EXPECT_EQ(r.if_opted_in->reason, one.reason) << one.name;
  }
}

// What Pods run since the move is not what the tag had, which earlier reports know.
TEST(FleetRow, AReleaseThatMovedIsKnownFromTheStore) {
  const auto has = facts_of({{"nginx:1.25.3", 'c'}});
  const std::string stay = "[{name: stay, require: {unmoved: version-tags}, action: deny}]";
  struct line {
    const char* name;
    std::string change;
    std::string image, pods;
    bool is_found;
  };
  const line lines[] = {
      {"the new bytes run", "version-tag", "nginx:1.25.3", "cc", true},
      {"no Pod runs", "version-tag", "nginx:1.25.3", "", true},
      {"the old bytes run, which the comparison with the tag finds", "version-tag", "nginx:1.25.3", "aa", true},
      {"the old bytes are pinned", "version-tag", "nginx:1.25.3@" + digest_text('a'), "aa", true},
      {"only the list changed", "list", "nginx:1.25.3", "cc", false},
  };
  for (const line& one : lines) {
    resolve::tag_moves moves(noon, std::chrono::hours(72));
    moves.put(registry::reference::parse("nginx:1.25.3").value(),
              {digest_of('c'), resolve::tag_before{digest_of('a'), noon - std::chrono::hours(2), one.change}});
    const one_image image{.image = one.image, .pods = one.pods, .rules = stay, .moves = &moves};
    const auto found = rules_of(image.made(&has));
    EXPECT_EQ(std::ranges::count(found, "stay"), one.is_found ? 1 : 0) << one.name;
    // An admission asks what will run: the bytes of before are no reason to deny.
    const auto opted_in = image.made(&has, pin::mode::enforce).if_opted_in;
    EXPECT_EQ(opted_in->is_denied, one.is_found && !one.image.ends_with(digest_text('a'))) << one.name;
  }
}

TEST(FleetRow, NamesTheModeOfItsNamespace) {
  const std::pair<std::optional<std::string>, std::string> rows[] = {{std::nullopt, "none"},
                                                                     {"enforce", "enforce"},
                                                                     {"best-effort", "best-effort"},
                                                                     {"audit", "audit"},
                                                                     {"x", "none"}};
  for (const auto& [label, mode] : rows) EXPECT_EQ(one_image{.label = label}.made().mode, mode);
}

TEST(FleetRow, AsksForEachTagAndEachPinOnce) {
  fleet::state all = one_image{.image = "nginx:1.25@" + digest_text('a')}.state();
  for (const std::string image : {"nginx:1.25", "docker.io/library/nginx:1.25", "nginx", "nginx:latest", "A B"}) {
    const auto more = one_image{.image = image}.state();
    all.workloads.push_back(more.workloads.front());
  }
  std::vector<std::string> asked;
  for (const auto& one : wanted_references(all)) asked.push_back(one.canonical());
  EXPECT_THAT(asked, ElementsAre("docker.io/library/nginx:1.25", "docker.io/library/nginx:latest",
                                 "docker.io/library/nginx@" + digest_text('a')));
}

// As at the next admission: the digest that is written, or the one that the tag has now.
TEST(FleetRow, SignaturesAreThoseOfTheDigestThatCounts) {
  const std::string demand = "- {name: own, require: {signed: acme}, action: deny}";
  const auto root = yaml::parse(demand, {});
  const auto checks = pipeline::checks_with(*rules::read_rules(*root), "");
  registry_facts facts;
  facts.answers.emplace("docker.io/library/nginx:1.25", digest_of('b'));
  for (const auto& [image, verified] :
       {std::pair<std::string, std::string>{"nginx:1.25", "nginx:1.25@" + digest_text('b')},
        {"nginx@" + digest_text('a'), "nginx@" + digest_text('a')}}) {
    row_options options;
    options.checks = &checks;
    const auto state = one_image{.image = image, .pods = "a"}.state();
    const auto unasked = make_rows(state, &facts, options).front();
    rules::proof_requests wanted;
    add_questions(unasked, options, wanted);
    const auto requests = wanted.take();
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].image.written(), verified);
    const auto judged = [&](result<rules::proof> answer) {
      rules::image_proofs answers;
      answers.add(requests[0].image, {{requests[0].questions[0], std::move(answer)}});
      options.proofs = &answers;
      return make_rows(state, &facts, options).front();
    };
    const auto has_own = [](const row& r, pipeline::severity level) {
      return std::ranges::any_of(r.findings, [&](const row_finding& f) { return f.rule == "own" && f.level == level; });
    };
    EXPECT_TRUE(has_own(unasked, pipeline::severity::note)) << "nobody was asked";
    EXPECT_THAT(unasked.unverified, IsEmpty());
    const row broken = judged(rules::proof{.seen = 1, .reasons = {"key ab: it was not made by the key"}});
    EXPECT_TRUE(has_own(broken, pipeline::severity::error));
    EXPECT_TRUE(std::ranges::any_of(broken.findings, [](const row_finding& f) {
      return f.message.find("not signed by acme: 1 signature was found, which does not count; acme: key ab: it was") !=
             std::string::npos;
    }));
    const row met = judged(rules::proof{.is_given = true, .seen = 1});
    EXPECT_FALSE(has_own(met, pipeline::severity::error) || has_own(met, pipeline::severity::note));
    const row down = judged(fail(error_code::unavailable, "registry docker.io did not answer"));
    EXPECT_TRUE(has_own(down, pipeline::severity::note));
    EXPECT_THAT(down.unverified,
                ElementsAre(HasSubstr("rule own: \"" + image + "\": registry docker.io did not answer")));
  }
}

}  // namespace
}  // namespace pinhook::fleet
