#include <pinhook/files/kustomize_image.hpp>

#include "support/dice.hpp"
#include "support/kustomize_cases.hpp"

#include <pinhook/files/image_file.hpp>
#include <pinhook/files/kustomization.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using testing::entry_verdict;
using testing::kustomize_case;
using testing::kustomize_cases;

const std::string digest_text = "sha256:" + std::string(63, '0') + "1";

std::string filled(std::string_view text) {
  std::string out(text);
  const auto put = [&](std::string_view mark, std::string_view value) {
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark)) out.replace(at, mark.size(), value);
  };
  put("%R", "127.0.0.1:5000");
  put("%D", digest_text);
  return out;
}

registry::digest digest_for(const registry::reference& ref) { return registry::digest::of(ref.canonical()); }

std::string kustomization_of(const kustomize_case& one) {
  return filled(fmt::format("images:\n- {{{}}}\n", one.entry));
}

TEST(KustomizeImage, IsTheImageThatKustomizeBuilds) {
  static_assert(kustomize_cases.size() >= 40);
  for (const kustomize_case& one : kustomize_cases) {
    const auto entries = image_entries(kustomization_of(one));
    ASSERT_TRUE(entries && entries->size() == 1) << one.entry;
    // Entries that are not followed are reported.
    if (is_pattern(entries->front().name)) continue;
    const std::string image = filled(one.image);
    const auto times = times_applied("/spec/containers/0/image");
    EXPECT_EQ(follow(*entries, image, times).image, filled(one.built)) << one.image << " " << one.entry;
    const bool is_matched = one.verdict != entry_verdict::no_match;
    EXPECT_EQ(applied(entries->front(), image).has_value(), is_matched) << one.image << " " << one.entry;
  }
}

// A pin is the digest of the built image and is built in turn; unpin restores every byte.
TEST(KustomizeImage, TheEntryIsPinnedToTheBuiltImage) {
  for (const kustomize_case& one : kustomize_cases) {
    const std::string text = kustomization_of(one);
    const auto file = image_file::read(text, "kustomization.yaml", {});
    ASSERT_TRUE(file && file->slots().size() == 1) << text;
    const slot& s = file->slots().front();
    switch (one.verdict) {
      case entry_verdict::refused:
        EXPECT_EQ(s.reason, skip_reason::invalid) << text;
        EXPECT_TRUE(s.problem.contains("write") || s.problem.contains("remove one of them")) << s.problem;
        continue;
      case entry_verdict::filled:
      case entry_verdict::unmatched:
        EXPECT_EQ(s.reason, skip_reason::no_tag_here) << text;
        continue;
      case entry_verdict::current:
        EXPECT_TRUE(s.reason == skip_reason::none && s.is_pinned()) << text;
        EXPECT_EQ(s.written, filled(one.built)) << text;
        continue;
      case entry_verdict::pinned:
        EXPECT_EQ(s.written, filled(one.built)) << text;
        break;
      case entry_verdict::no_match:
      case entry_verdict::not_followed:
        break;
    }
    ASSERT_TRUE(s.reason == skip_reason::none && s.ref && !s.is_pinned()) << text;
    for (const auto format : {pin::pin_format::digest, pin::pin_format::tag_and_digest}) {
      const change changes[] = {{0, digest_for(*s.ref)}};
      const auto pinned = file->rewritten(changes, format);
      ASSERT_TRUE(pinned) << pinned.error().message << "\n" << text;
      if (one.verdict == entry_verdict::pinned && !is_pattern(s.name)) {
        const auto built = follow(*image_entries(pinned->text()), filled(one.image), 2).image;
        EXPECT_EQ(registry::reference::parse(built)->digest(), digest_for(*s.ref)) << built;
      }
      const change back[] = {{0, std::nullopt}};
      EXPECT_EQ(pinned->rewrite(back, format), text) << pinned->text();
    }
  }
}

TEST(KustomizeImage, MatchesAsTheExpressionDoes) {
  struct {
    std::string_view name, image;
    bool is_matched;
  } const table[] = {
      {"nginx", "nginx", true},
      {"nginx", "nginx:12345", true},
      {"nginx", "nginx:", true},
      {"nginx", "nginx@sha256:xyz", true},
      {"nginx", "nginx:12345@sha256:xyz", true},
      {"nginx", "nginx@sha512:xyz", true},
      {"nginx", "nginx@multihash+base58:QmRZxt2b", true},
      {"nginx", "nginx@sha256", false},
      {"nginx", "nginx@:x", false},
      {"nginx", "nginx@a++b:x", false},
      {"nginx", "nginx@a+:x", false},
      {"nginx", "nginx:{tag}", true},
      {"nginx", "nginx:a:b", false},
      {"nginx", "nginx:a/b", false},
      {"nginx", "nginx:$TAG", false},
      {"nginx", "apache:12345", false},
      {"nginx", "nginx2", false},
      {"nginx", "my/nginx", false},
      {"a.b", "a.b", true},
      {"a.b", "a-b:v1", true},
      {"a.b", "a\nb", false},
      {"a:v1", "a:v1", true},
      {"a:v1", "a:v1:v2", true},
      {"a:v1", "a:v10", false},
      {"a:v1", "a", false},
      {"a:v1", "a@sha256:0", false},
      {"localhost:5000", "localhost:5000", true},
      {"localhost", "localhost:5000/a", false},
      {"", "", true},
      {"", "nginx", false},
      {"[", "[", false},
      {"nginx|redis", "nginx", false},
  };
  for (const auto& one : table)
    EXPECT_EQ(is_matched(one.name, one.image), one.is_matched) << one.name << " " << one.image;
}

TEST(KustomizeImage, IsTakenApartAsKustomizeDoes) {
  struct {
    std::string_view image, name, tag, digest;
  } const table[] = {
      {"nginx", "nginx", "", ""},
      {"nginx:1.25", "nginx", "1.25", ""},
      {"nginx@sha256:0", "nginx", "", "sha256:0"},
      {"nginx:1.25@sha256:0", "nginx", "1.25", "sha256:0"},
      {"localhost:5000", "localhost", "5000", ""},
      {"localhost:5000/a/b", "localhost:5000/a/b", "", ""},
      {"localhost:5000/a/b:v1", "localhost:5000/a/b", "v1", ""},
      {"localhost:5000/a@sha256:0", "localhost:5000/a", "", "sha256:0"},
      {"a@b:c/d", "a@b:c/d", "", ""},
      {"x:1:v2", "x", "1:v2", ""},
      {"", "", "", ""},
  };
  for (const auto& one : table) {
    const image_parts parts = split_image(one.image);
    EXPECT_EQ(parts.name, one.name) << one.image;
    EXPECT_EQ(parts.tag, one.tag) << one.image;
    EXPECT_EQ(parts.digest, one.digest) << one.image;
  }
}

TEST(KustomizeImage, IsReachedWhereKustomizeLooks) {
  struct {
    std::string_view pointer;
    std::size_t times;
  } const table[] = {
      {"/spec/containers/0/image", 2},
      {"/spec/initContainers/12/image", 2},
      {"/spec/template/spec/containers/0/image", 2},
      {"/spec/jobTemplate/spec/template/spec/containers/0/image", 1},
      {"/template/spec/containers/0/image", 1},
      {"/spec/ephemeralContainers/0/image", 0},
      {"/spec/volumes/0/image/reference", 1},
      {"/spec/template/spec/volumes/0/image/reference", 1},
      {"/spec/jobTemplate/spec/template/spec/volumes/0/image/reference", 1},
      {"/template/spec/volumes/0/image/reference", 0},
      {"/items/3/spec/containers/0/image", 2},
      {"/items/0/items/1/spec/volumes/0/image/reference", 1},
      {"/spec/image", 0},
      {"/image", 0},
      {"", 0},
  };
  for (const auto& one : table) EXPECT_EQ(times_applied(one.pointer), one.times) << one.pointer;
}

struct chain_case {
  std::string_view image;
  std::string_view entries;
  std::string_view built;
};

// Every entry is applied in order, each to the result of those before it.
TEST(KustomizeImage, GoesThroughAllEntries) {
  const chain_case table[] = {
      {"a:1", "- {name: a, newName: b}\n- {name: b, newTag: v2}\n", "b:v2"},
      {"a:1", "- {name: b, newTag: v2}\n- {name: a, newName: b}\n", "b:1"},
      {"a:1", "- {name: a, newTag: v1}\n- {name: a, newTag: v2}\n", "a:v2"},
      {"a:1", "- {name: a, newTag: v1}\n- {name: 'a:v1', newTag: v2}\n", "a:v2"},
      {"a:1", "- {name: a, newName: b, newTag: v1}\n- {name: 'b:v1', newName: c}\n", "c:v1"},
      {"a:1", "- {name: a, newTag: v1}\n- {name: a, tagSuffix: -x}\n", "a:v1-x-x"},
      {"a:1", "- {name: a, newName: b}\n- {name: b, newName: a}\n", "a:1"},
      {"a:1", "- text\n- {name: a, newTag: v1}\n", "a:v1"},
  };
  for (const chain_case& one : table) {
    const auto entries = image_entries("images:\n" + std::string(one.entries));
    ASSERT_TRUE(entries);
    EXPECT_EQ(follow(*entries, one.image, 2).image, one.built) << one.entries;
  }
}

// An entry whose pin another one would no longer match, or would drop, is written with tag and digest.
TEST(KustomizeImage, PinsInAChainAreBuiltAsTheTagsWere) {
  const std::vector<std::string> names{"a", "b", "a:v1", "b:v2", "a:v2"};
  const std::vector<std::string> new_names{"", "", "a", "b"};
  const std::vector<std::string> tags{"v1", "v2", "v1", ""};
  for (unsigned seed = 1; seed <= 400; ++seed) {
    testing::dice dice(seed);
    std::string text = "images:\n";
    for (std::size_t i = 1 + dice.roll(4); i > 0; --i) {
      text += "- name: " + dice.one_of(names) + "\n";
      if (const auto& name = dice.one_of(new_names); !name.empty()) text += "  newName: " + name + "\n";
      if (const auto& tag = dice.one_of(tags); !tag.empty()) text += "  newTag: " + tag + "\n";
    }
    const auto file = image_file::read(text, "kustomization.yaml", {});
    ASSERT_TRUE(file) << text;
    std::vector<change> changes;
    for (std::size_t i = 0; i < file->slots().size(); ++i)
      if (const slot& s = file->slots()[i]; s.reason == skip_reason::none) changes.push_back({i, digest_for(*s.ref)});
    for (const auto format : {pin::pin_format::digest, pin::pin_format::tag_and_digest}) {
      const auto pinned = file->rewrite(changes, format);
      ASSERT_TRUE(pinned) << pinned.error().message << "\n" << text;
      for (const std::string_view image : {"a", "a:v1", "a:v2", "b:v1", "b:v2"}) {
        const auto before = follow(*image_entries(text), image, 2);
        const auto after = follow(*image_entries(*pinned), image, 2);
        const auto built = registry::reference::parse(before.image);
        ASSERT_TRUE(built) << before.image;
        if (!before.is_decided) {
          ASSERT_EQ(before.image, after.image) << text << *pinned;
          continue;
        }
        ASSERT_EQ(registry::reference::parse(after.image)->digest(), digest_for(*built))
            << image << " was " << before.image << " and is " << after.image << "\n"
            << text << *pinned;
      }
    }
  }
}

TEST(KustomizeImage, ADotMatchesOtherNames) {
  const std::vector<kustomize_entry> entries{{.name = "a.b", .new_tag = "v1"},
                                             {.name = "a.b", .new_name = "c", .new_tag = "v1"},
                                             {.name = "c", .new_tag = "v2"}};
  EXPECT_THAT(matched_by_dots(entries, "a-b:1"), ::testing::ElementsAre(0U));
  EXPECT_THAT(matched_by_dots(entries, "a.b:1"), ::testing::IsEmpty());
  EXPECT_THAT(matched_by_dots(std::span(entries).subspan(1), "a-b:1"), ::testing::IsEmpty()) << "both become c:v1";
}

}  // namespace
}  // namespace pinhook::files
