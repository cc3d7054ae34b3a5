#include <pinhook/files/node_access.hpp>

#include <pinhook/files/image_file.hpp>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>

namespace pinhook::files {
namespace {

// The slow way and the fast one find the same in mappings of many sizes, with merge keys, aliases and duplicates.
TEST(KeyIndex, FindsWhatTheDocumentFinds) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 200; ++round) {
    const std::size_t size = below(3) == 0 ? below(20) + 1 : below(3 * key_index::few) + 1;
    std::string text = "base: &b\n  k1: v\n  z9: &a k3\n  k2: w\nall:\n";
    for (std::size_t i = 0; i < size; ++i) {
      if (below(40) == 0) text += "  *a : x\n";
      text += fmt::format("  k{}: v{}\n", below(round % 2 == 0 ? 100'000 : size), i);
    }
    if (below(2) == 0) text += "  <<: *b\n";
    const auto read = yaml::read_source(text);
    ASSERT_TRUE(read);
    const auto& doc = read->documents.at(0);
    const auto all = doc.find(doc.root, "all");
    key_index fast;
    for (int k = 0; k < 300; ++k) {
      const std::string key = fmt::format("{}{}", below(20) == 0 ? "z" : "k", below(size + 10));
      EXPECT_EQ(fast.find(doc, all, key), doc.find(all, key)) << key << "\n" << text;
      const auto got = fast.member_of(doc, all, key);
      const auto expected = member_of(doc, all, key);
      ASSERT_EQ(got.has_value(), expected.has_value()) << key << "\n" << text;
      if (!got) {
        EXPECT_EQ(got.error().message, expected.error().message);
        continue;
      }
      EXPECT_EQ(got->key, expected->key);
      EXPECT_EQ(got->value, expected->value);
    }
    EXPECT_EQ(fast.find(doc, doc.find(doc.root, "none"), "k1"), yaml::no_node);
  }
}

// By the square of their number this takes a minute.
TEST(KeyIndex, ThousandsOfImagesInOneMappingAreFound) {
  constexpr std::size_t count = 20'000;
  std::string values;
  std::string object = "apiVersion: example.com/v1\nkind: X\nspec:\n";
  for (std::size_t i = 0; i < count; ++i) {
    values += fmt::format("a{}Image: quay.io/a/b:v{}\n", i, i);
    object += fmt::format("  a{}Image: quay.io/a/b:v{}\n", i, i);
  }
  EXPECT_EQ(image_file::read(values, "values.yaml", {})->slots().size(), count);
  EXPECT_EQ(image_file::read(object, "object.yaml", {})->slots().size(), count);
}

}  // namespace
}  // namespace pinhook::files
