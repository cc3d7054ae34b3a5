#include <pinhook/pin/operator_images.hpp>

#include "support/page_block.hpp"

#include <pinhook/pin/image_kinds.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {
namespace {

TEST(OperatorImages, AreCompleteRows) {
  std::set<std::string_view> groups;
  std::string_view last;
  for (const operator_image& row : operator_images()) {
    SCOPED_TRACE(fmt::format("{} {} {} {}", row.group, row.kind, row.name, row.tag));
    EXPECT_FALSE(row.title.empty());
    EXPECT_TRUE(row.source.contains('@') && row.source.contains(' '));
    const bool needs_reason =
        row.pin == operator_pin::none || row.pin == operator_pin::spread || row.pin == operator_pin::hex_digest;
    EXPECT_EQ(row.reason.empty(), !needs_reason);
    EXPECT_EQ(row.digest.empty(), row.pin != operator_pin::hex_digest);
    const bool needs_tag = row.pin != operator_pin::whole && row.pin != operator_pin::none;
    EXPECT_TRUE(!needs_tag || !row.tag.empty());
    EXPECT_TRUE(row.pin == operator_pin::spread || !row.name.empty());
    // One group's rows are beside each other.
    if (row.group != last) {
      EXPECT_TRUE(groups.insert(row.group).second);
    }
    last = row.group;
  }
}

TEST(OperatorImages, AreThoseOfAGroupAndKind) {
  const auto count = [](std::string_view group, std::string_view kind) { return rows_of_operator(group, kind).size(); };
  EXPECT_EQ(count("nvidia.com", "ClusterPolicy"), 6U);
  EXPECT_EQ(count("nvidia.com", "NVIDIADriver"), 7U);
  EXPECT_EQ(count("argoproj.io", "ArgoCD"), 1U);
  EXPECT_EQ(count("argoproj.io", "Application"), 0U);
  EXPECT_EQ(count("kafka.stackable.tech", "KafkaCluster"), 1U);
  EXPECT_EQ(count(".stackable.tech", "X"), 0U);
  EXPECT_EQ(count("stackable.tech", "X"), 0U);
  EXPECT_EQ(count("", "Pod"), 0U);
}

TEST(OperatorImages, KnowDigestsInTags) {
  EXPECT_TRUE(has_digest_in_tag("1.2@sha256:aa"));
  EXPECT_TRUE(has_digest_in_tag("sha256:aa"));
  EXPECT_FALSE(has_digest_in_tag("1.2"));
}

TEST(OperatorFormats, AreThoseThatTheirOperatorsRead) {
  EXPECT_EQ(format_of_operator("postgresql.cnpg.io"), pin_format::tag_and_digest);
  EXPECT_EQ(format_of_operator("scylla.scylladb.com"), pin_format::tag_and_digest);
  EXPECT_EQ(format_of_operator("vault.banzaicloud.com"), pin_format::tag_and_digest);
  EXPECT_EQ(format_of_operator("deviceplugin.intel.com"), pin_format::digest);
  EXPECT_FALSE(format_of_operator("example.com"));
}

std::string members_of(const operator_image& row) {
  std::string out;
  for (const std::string_view one : {row.prefix, row.name, row.tag}) {
    const std::string_view shown = one == any_member ? std::string_view("…") : one;
    if (!one.empty()) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", shown);
  }
  if (!row.mapping.empty()) out += fmt::format(" in `{}`", row.mapping);
  return out;
}

std::string pin_of(const operator_image& row) {
  switch (row.pin) {
    case operator_pin::behind_tag:
      return fmt::format("`{}: TAG@sha256:…`", row.tag);
    case operator_pin::as_tag:
      return fmt::format("`{}: sha256:…`", row.tag);
    case operator_pin::hex_digest:
      return fmt::format("its digits in `{}`; without that key left: {}", row.digest, row.reason);
    case operator_pin::whole:
      return "the whole reference";
    case operator_pin::none:
    case operator_pin::spread:
      break;
  }
  return fmt::format("left: {}", row.reason);
}

TEST(OperatorImages, AreOnTheirPage) {
  std::string out = "| operator | objects | members | a pin |\n|---|---|---|---|\n";
  for (const operator_image& row : operator_images()) {
    const std::string_view at = row.source;
    const auto repository = at.substr(0, at.find('@'));
    const auto commit = at.substr(repository.size() + 1, at.find(' ') - repository.size() - 1);
    out += fmt::format("| [{}](https://github.com/{}/blob/{}/{}) | `{}`{} | {} | {} |\n", row.title, repository, commit,
                       at.substr(at.find(' ') + 1), row.group, row.kind.empty() ? "" : fmt::format(" {}", row.kind),
                       members_of(row), pin_of(row));
  }
  testing::expect_block("operators", out);
}

}  // namespace
}  // namespace pinhook::pin
