#include <pinhook/files/moves_file.hpp>

#include "support/fake_resolver.hpp"

#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

using testing::digest_of_digit;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

registry::reference ref_of(std::string_view text) { return registry::reference::parse(text).value(); }
wall_time at(std::string_view text) { return parse_timestamp(text).value(); }

TEST(MovesFile, IsWrittenAndRead) {
  resolve::tag_moves moves(at("2026-11-29T08:30:00Z"), 72h);
  moves.put(ref_of("redis:7"), {digest_of_digit('7')});
  moves.put(ref_of("nginx:1.25"),
            {digest_of_digit('2'), resolve::tag_before{digest_of_digit('1'), at("2026-11-28T08:30:00Z"), "bytes"}});
  moves.put(ref_of("[::1]:5000/app:1"),
            {digest_of_digit('4'), resolve::tag_before{digest_of_digit('3'), at("2026-11-27T00:00:00Z"), ""}});
  const std::string one(64, '1'), two(64, '2'), three(64, '3'), four(64, '4'), seven(64, '7');
  const std::string text = write_moves(moves);
  EXPECT_EQ(text,
            "apiVersion: pinhook.dev/v1\nkind: TagMoves\nwritten: \"2026-11-29T08:30:00Z\"\ncooldown: 72h\ntags:\n"
            "  \"[::1]:5000/app:1\": {digest: \"sha256:" +
                four + "\", before: \"sha256:" + three +
                "\", since: \"2026-11-27T00:00:00Z\"}\n"
                "  docker.io/library/nginx:1.25: {digest: \"sha256:" +
                two + "\", before: \"sha256:" + one +
                "\", since: \"2026-11-28T08:30:00Z\", change: bytes}\n"
                "  docker.io/library/redis:7: {digest: \"sha256:" +
                seven + "\"}\n");
  const auto again = read_moves(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, moves);
  EXPECT_EQ(line_size("docker.io/library/redis:7", {digest_of_digit('7')}), 27 + 86);

  const resolve::tag_moves none(at("2026-11-29T08:30:00Z"), 1h);
  EXPECT_EQ(read_moves(write_moves(none)), none);
}

TEST(MovesFile, HoldsWhatATagHadBetweenItsMoves) {
  resolve::tag_moves moves(at("2026-11-29T08:30:00Z"), 72h);
  resolve::tag_before before{digest_of_digit('1'), at("2026-11-28T08:30:00Z"), "bytes"};
  before.between = {{digest_of_digit('2'), 30h}, {digest_of_digit('3'), 90min}};
  moves.put(ref_of("nginx:1.25"), {digest_of_digit('4'), before});
  const std::string text = write_moves(moves);
  EXPECT_THAT(text, HasSubstr(", change: bytes, between: [{digest: \"sha256:" + std::string(64, '2') +
                              "\", stood: 30h}, {digest: \"sha256:" + std::string(64, '3') + "\", stood: 1h30m}]}\n"));
  const auto again = read_moves(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, moves);
}

TEST(MovesFile, RefusesWhatItIsNot) {
  const std::string head = "apiVersion: pinhook.dev/v1\nkind: TagMoves\n";
  const std::string full = head + "written: \"2026-11-29T08:30:00Z\"\ncooldown: 72h\n";
  const std::string a = "\"sha256:" + std::string(64, 'a') + "\"";
  const std::string moved =
      full + "tags: {nginx:1: {digest: " + a + ", before: " + a + ", since: \"2026-11-29T08:30:00Z\"";
  struct row {
    std::string text;
    const char* message;
  };
  const row rows[] = {
      {"", "the file is empty"},
      {"[]", "a file of moved tags must be a mapping, not"},
      {"kind: TagMoves", "apiVersion is missing"},
      {"apiVersion: pinhook.dev/v1\nkind: ImageLock\nimages: {}",
       "line 2, column 7: \"ImageLock\" is not a file of moved tags, whose kind is TagMoves"},
      {"apiVersion: pinhook.dev/v9\nkind: TagMoves",
       "TagMoves \"pinhook.dev/v9\" is not supported; use pinhook.dev/v1"},
      {head + "cooldown: 72h\ntags: {}", "written is missing"},
      {head + "written: yesterday\ncooldown: 72h\ntags: {}", "line 3, column 10: "},
      {head + "written: \"2026-11-29T08:30:00Z\"\ntags: {}", "cooldown is missing"},
      {head + "written: \"2026-11-29T08:30:00Z\"\ncooldown: 3d\ntags: {}", "line 4, column 11: "},
      {full, "tags is missing"},
      {full + "tags: []", "tags must be a mapping"},
      {full + "tags: {}\nmoves: {}", "unknown field \"moves\""},
      {full + "tags: {nginx: {digest: " + a + "}}", "\"nginx\" has no tag"},
      {full + "tags: {nginx:1: x}", "a tag must be a mapping"},
      {full + "tags: {nginx:1: {}}", "digest is missing"},
      {full + "tags: {nginx:1: {digest: 1}}", "line 5, column "},
      {full + "tags: {nginx:1: {digest: " + a + ", before: " + a + "}}", "since is missing"},
      {full + "tags: {nginx:1: {digest: " + a + ", since: \"2026-11-29T08:30:00Z\"}}", "before is missing"},
      {full + "tags: {nginx:1: {digest: " + a + ", before: " + a + ", since: \"2026-11-29T08:30:00Z\", change: x}}",
       "\"x\" is not a change; it is list, bytes or version-tag"},
      {moved + ", between: x}}", "between must be a list of digest and stood"},
      {moved + ", between: [x]}}", "it must be a mapping of digest and stood"},
      {moved + ", between: [{digest: " + a + "}]}}", "stood is missing"},
      {moved + ", between: [{stood: 1h}]}}", "digest is missing"},
      {moved + ", between: [{digest: " + a + ", stood: 3d}]}}", "line 5, column "},
      {moved + ", between: [{digest: " + a + ", stood: 1h, at: 2h}]}}", "unknown field \"at\""},
      {full + "tags: {nginx:1: {digest: " + a + "}, docker.io/library/nginx:1: {digest: " + a + "}}",
       "duplicate entry for docker.io/library/nginx:1"},
  };
  for (const row& one : rows) {
    const auto read = read_moves(one.text);
    ASSERT_FALSE(read) << one.text;
    EXPECT_THAT(read.error().message, HasSubstr(one.message)) << one.text;
  }
}

}  // namespace
}  // namespace pinhook::files
