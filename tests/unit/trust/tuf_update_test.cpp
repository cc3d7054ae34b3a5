#include <pinhook/trust/tuf_update.hpp>

#include "support/tuf_case.hpp"

#include <pinhook/base/timestamp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::trust {
namespace {

using pinhook::testing::read_tuf_case;
using pinhook::testing::tuf_case;
using pinhook::testing::tuf_cases;
using pinhook::testing::walk_tuf;
using ::testing::HasSubstr;

std::map<std::string, std::string> targets_of(const tuf_update& update) {
  auto out = update.files();
  std::erase_if(out, [](const auto& one) { return one.first.starts_with("tuf."); });
  return out;
}

TEST(TufUpdate, EachRepositoryIsDecidedAsExpected) {
  int good = 0;
  int bad = 0;
  for (const std::string& name : tuf_cases()) {
    const tuf_case of = read_tuf_case(name);
    const auto done = walk_tuf(of);
    if (of.expect == "good") {
      ++good;
      ASSERT_TRUE(done) << name << ": " << done.error().message;
      EXPECT_EQ(targets_of(*done).size(), of.options.targets.size()) << name;
      for (const char* kept : {"tuf.root.json", "tuf.timestamp.json", "tuf.snapshot.json"})
        EXPECT_FALSE(done->files().at(kept).empty()) << name;
      continue;
    }
    ++bad;
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(to_string(done.error().code), of.expect) << name << ": " << done.error().message;
    EXPECT_THAT(done.error().message, HasSubstr(of.reason)) << name;
  }
  EXPECT_GE(good, 13);
  EXPECT_GE(bad, 30);
}

TEST(TufUpdate, WhatWasVerifiedIsCounted) {
  const auto done = walk_tuf(read_tuf_case("good-root-rotated"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->versions().root, 4);
  EXPECT_EQ(done->versions().timestamp, 1);
  EXPECT_EQ(done->versions().snapshot, 1);
  EXPECT_EQ(done->versions().targets, 1);
  EXPECT_EQ(timestamp_text(done->expires()), "2027-01-12T00:00:00Z");
}

// The next update begins where the last one ended, without the root file, and reads again only what is not named by its
// version alone.
TEST(TufUpdate, WhatIsStoredIsReadNoMore) {
  tuf_case of = read_tuf_case("good-root-rotated");
  int read = 0;
  const auto first = walk_tuf(of, &read);
  ASSERT_TRUE(first);
  EXPECT_EQ(read, 7);  // three roots, a file of each other role, a target
  of.options.stored = first->files();
  of.options.root.clear();
  read = 0;
  const auto second = walk_tuf(of, &read);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(read, 2);  // timestamp and targets
  EXPECT_EQ(second->files(), first->files());
}

// A signature that does not hold, a file that is cut or another one: nothing that differs is taken.
TEST(TufUpdate, NoFlippedByteGivesOtherContent) {
  for (const char* name : {"good-ed25519", "good-delegation", "good-root-expired-in-the-middle"}) {
    const tuf_case good = read_tuf_case(name);
    const auto expected = targets_of(walk_tuf(good).value());
    tuf_case of = good;
    int refused = 0;
    for (auto& [path, bytes] : of.repository) {
      if (path == "1.root.json") continue;
      for (std::size_t at = path.size() % 7; at < bytes.size(); at += 61) {
        const char before = bytes[at];
        bytes[at] = static_cast<char>(before ^ (1 << (at % 8)));
        const auto done = walk_tuf(of);
        EXPECT_TRUE(!done || targets_of(*done) == expected) << name << " " << path << " at " << at;
        refused += done ? 0 : 1;
        bytes[at] = before;
      }
    }
    EXPECT_GT(refused, 20) << name;
  }
}

TEST(TufUpdate, CutFilesAreRefused) {
  const tuf_case good = read_tuf_case("good-delegation");
  for (const auto& [path, whole] : good.repository) {
    if (path == "1.root.json") continue;
    tuf_case of = good;
    of.repository[path].resize(whole.size() / 2);
    EXPECT_FALSE(walk_tuf(of)) << path;
  }
}

TEST(TufUpdate, FilesAreBounded) {
  const tuf_case good = read_tuf_case("good-versions-alone");
  const std::vector<std::pair<std::string, std::size_t>> limits{{"timestamp.json", max_timestamp_bytes},
                                                                {"1.snapshot.json", max_snapshot_bytes},
                                                                {"1.targets.json", max_targets_bytes},
                                                                {"2.root.json", max_root_bytes}};
  for (const auto& [path, most] : limits) {
    tuf_case of = good;
    // Space behind the JSON is no fault by itself.
    of.repository[path].resize(most + 1, ' ');
    const auto done = walk_tuf(of);
    ASSERT_FALSE(done) << path;
    EXPECT_THAT(done.error().message, HasSubstr("has more than")) << path;
  }
}

TEST(TufUpdate, ARootThatIsNoneIsRefused) {
  const tuf_case good = read_tuf_case("good-ed25519");
  const auto message = [&](std::string root, std::map<std::string, std::string> stored) {
    tuf_options options = good.options;
    options.root = std::move(root);
    options.stored = std::move(stored);
    const auto begun = tuf_update::begin(std::move(options));
    EXPECT_FALSE(begun);
    if (begun) return std::string();
    EXPECT_EQ(begun.error().code, error_code::invalid_input);
    return begun.error().message;
  };
  EXPECT_THAT(message("", {}), HasSubstr("there is no root file to begin with"));
  EXPECT_THAT(message("{}", {}), HasSubstr("the root file is not signed JSON"));
  EXPECT_THAT(message(good.repository.at("timestamp.json"), {}), HasSubstr("says that it is another one"));
  EXPECT_THAT(message(good.options.root, {{"tuf.root.json", "{}"}}), HasSubstr("the stored tuf.root.json"));
  EXPECT_THAT(message(good.options.root, {{"tuf.root.json", read_tuf_case("good-ecdsa").options.root}}),
              HasSubstr("of different repositories"));
  std::string unsigned_root = good.options.root;
  unsigned_root.replace(unsigned_root.find("2028-"), 4, "2099");
  EXPECT_THAT(message(unsigned_root, {}), HasSubstr("is not signed by its own keys"));
}

// A newer root file than the stored one begins trust again.
TEST(TufUpdate, TheNewerRootIsTheBeginning) {
  tuf_case of = read_tuf_case("good-root-rotated");
  of.options.stored = {{"tuf.root.json", of.repository.at("2.root.json")}};
  of.options.root = of.repository.at("3.root.json");
  of.repository.erase("2.root.json");
  of.repository.erase("3.root.json");
  EXPECT_TRUE(walk_tuf(of));
  std::swap(of.options.root, of.options.stored["tuf.root.json"]);
  EXPECT_TRUE(walk_tuf(of));
}

// The keys of a root that another one followed count for nothing, whatever the other files are like.
TEST(TufUpdate, AVerifiedRootStaysWhenALaterFileDoesNotHold) {
  const auto newest_of = [](const tuf_case& of) {
    auto update = tuf_update::begin(of.options);
    EXPECT_TRUE(update);
    while (const tuf_request* next = update->wanted()) {
      const auto found = of.repository.find(next->path);
      std::optional<std::string> bytes;
      if (found != of.repository.end()) bytes = found->second;
      if (!update->take(std::move(bytes))) break;
    }
    return update->newest_root();
  };
  tuf_case of = read_tuf_case("good-root-rotated");
  const auto is_newest = [&](const std::string& name) { return newest_of(of) == of.repository.at(name); };
  const std::string last = of.repository.at("4.root.json");
  EXPECT_TRUE(is_newest("4.root.json"));
  of.repository["timestamp.json"] = "{}";
  EXPECT_TRUE(is_newest("4.root.json"));
  of.repository["4.root.json"].resize(last.size() / 2);
  EXPECT_TRUE(is_newest("3.root.json"));
  of.repository.erase("2.root.json");
  EXPECT_EQ(newest_of(of), "") << "nothing newer than what it began with";
}

TEST(TufUpdate, AStoredFileThatCannotBeReadIsSaid) {
  for (const char* name : {"tuf.timestamp.json", "tuf.snapshot.json"}) {
    tuf_case of = read_tuf_case("good-ed25519");
    of.options.stored = {{name, "{"}};
    const auto done = walk_tuf(of);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, error_code::invalid_input);
    EXPECT_THAT(done.error().message, HasSubstr(name));
    EXPECT_THAT(done.error().message, HasSubstr("remove the stored files"));
  }
}

// A target that was changed where it is stored is fetched again.
TEST(TufUpdate, AStoredTargetIsComparedToo) {
  tuf_case of = read_tuf_case("good-nothing-new");
  of.options.stored["trusted_root.json"] += " ";
  const auto done = walk_tuf(of);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->files().at("trusted_root.json") + " ", of.options.stored["trusted_root.json"]);
}

TEST(TufUpdate, TargetsHaveNamesThatCanBeStored) {
  const tuf_case good = read_tuf_case("good-ed25519");
  const std::vector<std::vector<std::string>> odd{{""},
                                                  {"/etc/passwd"},
                                                  {"a/../b"},
                                                  {".."},
                                                  {"a/"},
                                                  {"a//b"},
                                                  {"tuf.root.json"},
                                                  {".hidden"},
                                                  {"a b"},
                                                  {"a/x.json", "b/x.json"},
                                                  {std::string(300, 'a')}};
  for (const auto& targets : odd) {
    tuf_options options = good.options;
    options.targets = targets;
    const auto begun = tuf_update::begin(std::move(options));
    ASSERT_FALSE(begun) << targets.front();
    EXPECT_EQ(begun.error().code, error_code::invalid_input);
  }
}

TEST(TufUpdate, AtTheMomentOfExpiryAFileHasExpired) {
  tuf_case of = read_tuf_case("good-ed25519");
  of.options.now = parse_timestamp("2027-01-12T00:00:00Z").value();
  EXPECT_THAT(walk_tuf(of).error().message, HasSubstr("timestamp.json\" (role timestamp): it has expired"));
  of.options.now -= std::chrono::seconds(1);
  EXPECT_TRUE(walk_tuf(of));
}

// An address without any file leads nowhere, and looks like this.
TEST(TufUpdate, AnExpiredRootWithoutANewerOneIsSaid) {
  tuf_case of = read_tuf_case("bad-expired-root");
  of.repository.clear();
  EXPECT_THAT(walk_tuf(of).error().message,
              ::testing::AllOf(HasSubstr("and 2.root.json is not there"), HasSubstr("check the address")));
}

TEST(TufUpdate, NothingIsTakenAfterTheEnd) {
  auto done = walk_tuf(read_tuf_case("good-ed25519"));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->wanted(), nullptr);
  EXPECT_EQ(done->take("{}").error().code, error_code::internal);
}

}  // namespace
}  // namespace pinhook::trust
