#include <pinhook/fleet/report_moves.hpp>

#include <pinhook/rules/read_rules.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

const wall_time noon = wall_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 29)) + 12h;

std::string digest(char digit) { return "sha256:" + std::string(64, digit); }

store::waiting_tag moved(const std::string& reference, std::chrono::hours ago) {
  return {reference, digest('a'), digest('b'), noon - ago, "bytes"};
}
store::known_tag known(const std::string& reference, std::chrono::hours ago = 0h) {
  return {reference, digest('b'), noon - 900h, noon - ago};
}

std::vector<std::string> names(const made_moves& made) {
  std::vector<std::string> out;
  for (const auto& [name, tag] : made.moves.tags()) out.push_back(name + (tag.before ? " moved" : ""));
  return out;
}

TEST(ReportMoves, HoldsMovedTagsAndWhatTheOthersHave) {
  const auto made = moves_of({moved("docker.io/library/nginx:1", 2h)},
                             {known("docker.io/library/nginx:1"), known("docker.io/library/redis:7")},
                             {.cooldown = 72h, .written = noon});
  EXPECT_THAT(names(made), ElementsAre("docker.io/library/nginx:1 moved", "docker.io/library/redis:7"));
  EXPECT_EQ(made.moves.written(), noon);
  EXPECT_EQ(made.moves.cooldown(), 72h);
  const auto* nginx = made.moves.find("docker.io/library/nginx:1");
  EXPECT_EQ(nginx->digest.to_string(), digest('b'));
  EXPECT_EQ(nginx->before->digest.to_string(), digest('a'));
  EXPECT_EQ(nginx->before->since, noon - 2h);
  EXPECT_EQ(nginx->before->change, "bytes");
  EXPECT_EQ(made.left_out, 0U);
}

// Tags that no rule cools cost no room, unless they moved.
TEST(ReportMoves, LeavesOutTagsThatNoRuleIsAbout) {
  const auto root = yaml::parse("[{name: x, images: \"quay.io/**\", cooldown: 72h}]");
  const auto rules = rules::read_rules(*root);
  ASSERT_TRUE(rules);
  const auto made = moves_of({moved("docker.io/library/nginx:1", 2h)},
                             {known("docker.io/library/redis:7"), known("quay.io/acme/web:1")},
                             {.cooldown = 72h, .written = noon, .rules = &*rules});
  EXPECT_THAT(names(made), ElementsAre("docker.io/library/nginx:1 moved", "quay.io/acme/web:1"));
  const rules::rule_set none;
  EXPECT_EQ(moves_of({}, {known("quay.io/acme/web:1")}, {.cooldown = 72h, .rules = &none}).moves.tags().size(), 1U);
}

// Of what a tag had between its moves, the file has what the cooldowns of the rules ask for.
TEST(ReportMoves, KeepsADigestForEachCooldown) {
  auto tag = moved("docker.io/library/nginx:1", 1h);
  tag.between = {{digest('1'), 40h}, {digest('2'), 20h}, {digest('3'), 10h}, {digest('4'), 1h}};
  const auto kept = [&](std::string_view text) {
    const auto root = yaml::parse(text);
    const auto rules = rules::read_rules(*root);
    EXPECT_TRUE(rules);
    std::string out;
    const auto made = moves_of({tag}, {}, {.cooldown = 72h, .written = noon, .rules = &*rules});
    const auto& before = made.moves.find(tag.reference)->before;
    if (!before) return std::string("not moved");
    for (const auto& one : before->between) out += one.digest.to_string().back();
    return out;
  };
  EXPECT_EQ(kept("[{name: a, cooldown: 72h}]"), "");
  EXPECT_EQ(kept("[{name: a, images: \"docker.io/*/*\", cooldown: 20h}, {name: b, cooldown: 72h}]"), "2");
  EXPECT_EQ(
      kept("[{name: a, images: \"docker.io/*/*\", cooldown: 1m}, {name: b, images: \"quay.io/**\", cooldown: 30h}, "
           "{name: c, cooldown: 72h}]"),
      "14");
  EXPECT_EQ(kept("[{name: a, images: \"docker.io/*/*\", cooldown: 0s}, {name: b, cooldown: 72h}]"), "");
  EXPECT_EQ(kept("[]"), "1234");
  tag.between.assign(20, {digest('9'), 1h});
  EXPECT_EQ(kept("[]"), "99999999");
  // Back at what it had.
  tag.before = tag.now;
  tag.between = {{digest('1'), 40h}};
  EXPECT_EQ(kept("[{name: a, cooldown: 72h}]"), "not moved");
  EXPECT_EQ(kept("[{name: a, images: \"docker.io/*/*\", cooldown: 30h}, {name: b, cooldown: 72h}]"), "1");
}

// The newest moves first, then what was looked up last.
TEST(ReportMoves, IsBounded) {
  const std::vector<store::waiting_tag> waiting{moved("r.io/old:1", 9h), moved("r.io/new:1", 1h)};
  const std::vector<store::known_tag> tags{known("r.io/a:1", 5h), known("r.io/b:1", 1h), known("r.io/new:1"),
                                           known("r.io/old:1")};
  moves_options options{.cooldown = 72h, .written = noon};
  const auto with_most = [&](std::size_t most) {
    options.most_tags = most;
    return moves_of(waiting, tags, options);
  };
  EXPECT_THAT(names(with_most(1)), ElementsAre("r.io/new:1 moved"));
  EXPECT_EQ(with_most(1).left_out, 3U);
  EXPECT_EQ(with_most(1).left_out_moved, 1U);
  EXPECT_THAT(names(with_most(3)), ElementsAre("r.io/b:1", "r.io/new:1 moved", "r.io/old:1 moved"));
  EXPECT_EQ(with_most(3).left_out_moved, 0U);
  const auto size = files::write_moves(with_most(4).moves).size();
  // The empty file has "{}" behind its last key.
  options.most_bytes = size + 3;
  EXPECT_EQ(with_most(4).left_out, 0U);
  options.most_bytes = size - 1;
  EXPECT_EQ(with_most(4).left_out, 1U);
  EXPECT_LE(files::write_moves(with_most(4).moves).size(), size - 1);
}

TEST(ReportMoves, PassesOverWhatIsNoReference) {
  auto odd = moved("docker.io/library/nginx:1", 2h);
  odd.before = "none";
  EXPECT_THAT(names(moves_of({odd}, {known("\x01")}, {.cooldown = 72h})), ElementsAre());
}

}  // namespace
}  // namespace pinhook::fleet
