#include <pinhook/trust/content_trust.hpp>

#include "support/signature_case.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/trust/wire_json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::trust {
namespace {

using ::testing::HasSubstr;

struct tag_case {
  content_trust_files files;
  content_trust_anchor anchor;
  std::string tag;
  std::string subject;
  std::string role;
  wall_time now{};
  bool is_verified = false;
};

tag_case read_case(const std::string& name) {
  const auto text_of = [&](const std::string& file) { return testing::signature_file(name, file); };
  const auto read = json::parse(text_of("case.json")).value();
  const json::value& policy = *json::find(read, "policy");
  tag_case out;
  for (int i = 1; i < 10; ++i)
    if (auto text = text_of(fmt::format("tuf/{}.root.json", i)); !text.empty())
      out.files.roots.push_back(std::move(text));
  out.files.roots.push_back(text_of("tuf/root.json"));
  out.files.timestamp = text_of("tuf/timestamp.json");
  out.files.snapshot = text_of("tuf/snapshot.json");
  out.files.targets = text_of("tuf/targets.json");
  out.files.releases = text_of("tuf/targets.releases.json");
  for (const json::value* one : list_in(policy, "pinned_root_key_ids"))
    out.anchor.root_key_ids.emplace_back(json::text_of(*one));
  if (const auto file = text_in(policy, "trusted_root_file"); !file.empty())
    out.anchor.root = text_of(std::string(file));
  out.tag = text_in(policy, "tag");
  out.role = text_in(policy, "role");
  out.subject = text_in(read, "subject");
  out.now = parse_timestamp(text_in(read, "verify_at")).value();
  out.is_verified = text_in(read, "expect") == "verified";
  return out;
}

result<signed_tag> find(const tag_case& of) { return find_signed_tag(of.files, of.anchor, of.tag, of.now); }

TEST(ContentTrust, EachCaseIsDecidedAsByNotary) {
  int count = 0;
  for (const std::string& name : testing::signature_cases("notary-v1")) {
    const tag_case of = read_case(name);
    const auto found = find(of);
    ASSERT_EQ(found.has_value(), of.is_verified) << name << (found ? "" : found.error().message);
    if (!found) continue;
    EXPECT_EQ(found->digest, of.subject) << name;
    EXPECT_EQ(found->role, of.role) << name;
    ++count;
  }
  EXPECT_EQ(count, 3);
}

TEST(ContentTrust, SaysWhichFileIsWrong) {
  const std::vector<std::pair<std::string, std::string>> reasons{
      {"dct-bad-altered-targets", "the targets file is not the one that was signed for"},
      {"dct-bad-expired", "the timestamp file has expired"},
      {"dct-bad-root-chain-gap", "root file 2 is missing: 4 cannot be reached"},
      {"dct-bad-root-other", "no root file is signed by a key that is trusted"},
      {"dct-bad-timestamp-of-other-repo", "the timestamp file is not signed by the keys of its role"},
  };
  for (const auto& [name, reason] : reasons) {
    const auto found = find(read_case(name));
    ASSERT_FALSE(found) << name;
    EXPECT_THAT(found.error().message, HasSubstr(reason)) << name;
  }
}

TEST(ContentTrust, ADigestIsFoundByTheTagThatHasIt) {
  for (const char* name : {"dct-targets", "dct-delegation", "dct-root-rotated"}) {
    const tag_case of = read_case(name);
    const auto found = find_signed_digest(of.files, of.anchor, of.subject, of.now);
    ASSERT_TRUE(found) << name << found.error().message;
    EXPECT_EQ(found->digest, of.subject);
    EXPECT_EQ(found->role, of.role) << name;
    const std::string other = "sha256:" + std::string(64, '0');
    const auto none = find_signed_digest(of.files, of.anchor, other, of.now);
    EXPECT_EQ(none.error().code, error_code::not_found);
    EXPECT_THAT(none.error().message, HasSubstr(other));
  }
  const tag_case bad = read_case("dct-bad-altered-targets");
  EXPECT_EQ(find_signed_digest(bad.files, bad.anchor, bad.subject, bad.now).error().code, error_code::denied);
}

TEST(ContentTrust, ATagThatNobodySignedIsNotFound) {
  tag_case of = read_case("dct-targets");
  of.tag = "v9";
  EXPECT_EQ(find(of).error().code, error_code::not_found);
}

// A delegation that is there and does not hold is no reason to believe the file below it.
TEST(ContentTrust, AnAlteredDelegationIsNotPassedOver) {
  tag_case of = read_case("dct-delegation");
  of.files.releases.insert(of.files.releases.size() - 1, " ");
  EXPECT_EQ(find(of).error().code, error_code::denied);
}

// A pin of the first key holds after the key was changed, by the chain of root files.
TEST(ContentTrust, APinOfTheFirstRootLeadsToTheNewest) {
  tag_case of = read_case("dct-root-rotated");
  const auto first = json::parse(of.anchor.root).value();
  of.anchor.root_key_ids.emplace_back(
      json::text_of(*list_in(*find_path(first, {"signed", "roles", "root"}), "keyids").front()));
  of.anchor.root.clear();
  const auto found = find(of);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->digest, of.subject);
}

// The ID of a key is the hash of the key: another key cannot take it.
TEST(ContentTrust, AKeyUnderAnotherKeysIdIsNone) {
  tag_case of = read_case("dct-targets");
  const std::string foreign = read_case("dct-delegation").files.roots.back();
  const std::string pinned = of.anchor.root_key_ids.front();
  std::string forged = foreign;
  const std::string theirs = read_case("dct-delegation").anchor.root_key_ids.front();
  for (auto at = forged.find(theirs); at != std::string::npos; at = forged.find(theirs))
    forged.replace(at, theirs.size(), pinned);
  of.files.roots = {forged};
  EXPECT_THAT(find(of).error().message, HasSubstr("no root file is signed by a key that is trusted"));
}

TEST(ContentTrust, AnyFlippedByteIsFound) {
  const tag_case good = read_case("dct-delegation");
  ASSERT_TRUE(find(good));
  tag_case of = good;
  for (std::string* file :
       {&of.files.roots.back(), &of.files.timestamp, &of.files.snapshot, &of.files.targets, &of.files.releases}) {
    for (std::size_t at = 0; at < file->size(); at += 53) {
      const char before = (*file)[at];
      (*file)[at] = static_cast<char>(before ^ 1);
      const auto found = find(of);
      // Only the root file that is not needed, since the same version came before, may differ.
      const bool may_hold = file == &of.files.roots.back();
      EXPECT_TRUE(!found || (may_hold && found->digest == good.subject)) << at << " of " << *file;
      (*file)[at] = before;
    }
  }
}

TEST(ContentTrust, RootsAreWantedFromTheTrustedOneToTheNewest) {
  const tag_case rotated = read_case("dct-root-rotated");
  const std::string newest = rotated.files.roots.back();
  const auto last = static_cast<std::int64_t>(rotated.files.roots.size() - 1);
  const auto wanted = [&](const content_trust_anchor& anchor) { return roots_between(anchor, newest).value(); };
  std::vector<std::int64_t> between;
  for (std::int64_t n = 2; n < last; ++n) between.push_back(n);
  EXPECT_EQ(wanted({{}, rotated.files.roots.front()}), between);
  EXPECT_TRUE(wanted({{}, newest}).empty());
  // A pin of a key that the newest does not have: it may be among those before.
  between.insert(between.begin(), 1);
  EXPECT_EQ(wanted({{std::string(64, '0')}, {}}), between);
  const tag_case pinned = read_case("dct-targets");
  EXPECT_TRUE(roots_between(pinned.anchor, pinned.files.roots.back()).value().empty());
  EXPECT_EQ(roots_between(pinned.anchor, "{}").error().code, error_code::malformed);
}

TEST(ContentTrust, ATrustedRootHasToBeSignedByItself) {
  const std::string good = read_case("dct-targets").files.roots.back();
  EXPECT_TRUE(check_root(good));
  std::string bad = good;
  const auto at = bad.find("\"sig\":\"") + 7;
  bad[at] = bad[at] == 'A' ? 'B' : 'A';
  EXPECT_THAT(check_root(bad).error().message, HasSubstr("not signed by its own keys"));
  EXPECT_EQ(check_root("{}").error().code, error_code::invalid_input);
}

TEST(ContentTrust, TheDelegationIsWantedWhereThereIsOne) {
  EXPECT_TRUE(delegates_releases(read_case("dct-delegation").files.targets));
  EXPECT_FALSE(delegates_releases(read_case("dct-targets").files.targets));
  EXPECT_FALSE(delegates_releases("{}"));
}

}  // namespace
}  // namespace pinhook::trust
