#include "support/dice.hpp"
#include "support/rewrite_cases.hpp"

#include <pinhook/files/image_file.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using test::digest_of;
using test::expect_rewrites;
using test::filled;
using test::rewrite_case;
using test::rewritten;

TEST(RewriteComments, KeepsEveryCommentOfAPerson) {
  const rewrite_case table[] = {
      {"another tag", "image: nginx:1.26 # nginx:1.25\n", "image: nginx@D # nginx:1.26 # nginx:1.25\n"},
      {"its tag", "image: nginx:1.26 # nginx:1.26\n", "image: nginx@D # nginx:1.26 # nginx:1.26\n"},
      {"odd blanks", "image: nginx:1.26\t#  nginx:1.25  # keep me\n",
       "image: nginx@D # nginx:1.26\t#  nginx:1.25  # keep me\n"},
      {"a longer name", "image: nginx:1.26 # docker.io/library/nginx:1.25\n",
       "image: nginx@D # nginx:1.26 # docker.io/library/nginx:1.25\n"},
      {"a version", "image: nginx:1.26 # 1.25\n", "image: nginx@D # nginx:1.26 # 1.25\n"},
      {"a version, no tag", "image: nginx # 1.25\n", "image: nginx@D # nginx # 1.25\n"},
      {"tag: and a version", "image: nginx:1.26 #tag: 1.25\n", "image: nginx@D # nginx:1.26 #tag: 1.25\n"},
      {"ratchet's", "image: nginx:1.26 # ratchet:nginx:1.25\n", "image: nginx@D # nginx:1.26 # ratchet:nginx:1.25\n"},
      {"of both", "[{image: nginx:1}, {image: nginx:2}] # nginx:0 # nginx:3\n",
       "[{image: nginx@D}, {image: nginx@D}] # nginx:1 # nginx:2 # nginx:0 # nginx:3\n"},
      {"other name", "image: nginx:1.26 # redis:7\n", "image: nginx@D # nginx:1.26 # redis:7\n"},
      {"one word", "image: nginx:1.26 # keep\n", "image: nginx@D # nginx:1.26 # keep\n"},
      {"its name", "image: nginx:1.26 # nginx\n", "image: nginx@D # nginx:1.26 # nginx\n"},
      {"nothing but its name", "image: nginx # nginx\n", "image: nginx@D # nginx # nginx\n"},
  };
  expect_rewrites(table);
}

TEST(RewriteComments, LeavesMarkersOfOtherProgramsAlone) {
  const rewrite_case table[] = {
      {"Flux", "image: nginx:1.25 # {\"$imagepolicy\": \"a:b\"}\n",
       "image: nginx:1.25@D # {\"$imagepolicy\": \"a:b\"}\n"},
      {"Flux, tight", "image: \"nginx:1.25\"\t#{\"$imagepolicy\":\"a:b\"} \r\n",
       "image: \"nginx:1.25@D\"\t#{\"$imagepolicy\":\"a:b\"} \r\n"},
      {"Flux behind flow", "a: {image: nginx:1.25} # {\"$imagepolicy\": \"a:b\"}\n",
       "a: {image: nginx:1.25@D} # {\"$imagepolicy\": \"a:b\"}\n"},
      {"Flux, folded", "image: >- # {\"$imagepolicy\": \"a:b\"}\n  nginx:1.25\n",
       "image: >- # {\"$imagepolicy\": \"a:b\"}\n  nginx:1.25@D\n"},
      {"Flux and the next line", "image: nginx:1.25 # {\"$imagepolicy\": \"a:b\"}\nb: {image: redis:7} # keep\n",
       "image: nginx:1.25@D # {\"$imagepolicy\": \"a:b\"}\nb: {image: redis@D} # redis:7 # keep\n"},
      {"kpt", "image: nginx:1.25 # kpt-set: ${image}:${tag}\n", "image: nginx:1.25@D # kpt-set: ${image}:${tag}\n"},
      {"Renovate", "image: nginx:1.25 # renovate: datasource=docker\n",
       "image: nginx:1.25@D # renovate: datasource=docker\n"},
      {"Renovate, above", "# renovate: datasource=docker\nimage: nginx:1.25 # keep\n",
       "# renovate: datasource=docker\nimage: nginx:1.25@D # keep\n"},
      {"release-please", "image: nginx:1.25 # x-release-please-version\n",
       "image: nginx:1.25@D # x-release-please-version\n"},
      {"yamllint", "image: nginx:1.25 # yamllint disable-line rule:line-length\n",
       "image: nginx:1.25@D # yamllint disable-line rule:line-length\n"},
      {"one that bears company", "image: nginx:1.25 #checkov:skip=CKV_1:ours\n",
       "image: nginx@D # nginx:1.25 #checkov:skip=CKV_1:ours\n"},
      {"one that the tag would be, of Renovate", "image: renovate:37\n", "image: renovate:37@D\n"},
      {"of kpt", "image: kpt-set:1\n", "image: kpt-set:1@D\n"},
      {"of release-please", "image: web:2.x-release-please-0 # keep\n", "image: web:2.x-release-please-0@D # keep\n"},
      {"not in a name", "image: acme/renovate:37\n", "image: acme/renovate@D # acme/renovate:37\n"},
      {"of an alias", "a: &a web:2.x-release-please-0\nimage: *a\n", "a: &a web:2.x-release-please-0@D\nimage: *a\n"},
      {"two images of a line", "[{image: nginx:1.25}, {image: redis:7}] # {\"$imagepolicy\": \"a:b\"}\n",
       "[{image: nginx:1.25@D}, {image: redis:7@D}] # {\"$imagepolicy\": \"a:b\"}\n"},
      {"the tag of values",
       "a: {}\nb:\n  repository: nginx\n  tag: 1.25 # {\"$imagepolicy\": \"a:b:tag\"}\n  digest: \"\"\n",
       "a: {}\nb:\n  repository: nginx\n  tag: 1.25@D # {\"$imagepolicy\": \"a:b:tag\"}\n  digest: \"\"\n"},
      {"tag and digest of values",
       "b:\n  repository: nginx\n  tag: 1.25 # {\"$imagepolicy\": \"a:b:tag\"}\n  digest: \"\" # {\"$imagepolicy\": "
       "\"a:b:digest\"}\n",
       "b:\n  repository: nginx\n  tag: 1.25 # {\"$imagepolicy\": \"a:b:tag\"}\n  digest: \"%D\" # {\"$imagepolicy\": "
       "\"a:b:digest\"}\n"},
      {"an entry's tag",
       "images:\n- name: nginx\n  newTag: \"1.25\" # {\"$imagepolicy\": \"a:b:tag\"}\n",
       "images:\n- name: nginx\n  newTag: \"1.25@D\" # {\"$imagepolicy\": \"a:b:tag\"}\n",
       {},
       "kustomization.yaml"},
      {"an entry's name",
       "images:\n- name: nginx\n  newName: acme/nginx # {\"$imagepolicy\": \"a:b:name\"}\n  newTag: \"1.25\"\n",
       "images:\n- name: nginx\n  newName: acme/nginx # {\"$imagepolicy\": \"a:b:name\"}\n  digest: \"%D\" # "
       "acme/nginx:1.25\n",
       {},
       "kustomization.yaml"},
      {"an entry's tag and a program that does not write",
       "images:\n- name: nginx\n  newTag: v1 # yamllint disable-line\n",
       "images:\n- name: nginx\n  newTag: v1 # yamllint disable-line\n  digest: %D\n",
       {},
       "kustomization.yaml"},
  };
  expect_rewrites(table);
}

TEST(RewriteComments, FreesAMarkerThatAnEarlierPinCovered) {
  const std::string covered = filled("image: nginx@E # nginx:1.25 # {\"$imagepolicy\": \"a:b\"}\n");
  EXPECT_EQ(rewritten(covered, "values.yaml", digest_of('d')),
            filled("image: nginx:1.25@D # {\"$imagepolicy\": \"a:b\"}\n"));
  EXPECT_EQ(rewritten(covered, "values.yaml", std::nullopt), "image: nginx:1.25 # {\"$imagepolicy\": \"a:b\"}\n");
}

struct foreign_case {
  std::string_view pinned;
  std::string_view updated;
  std::string_view unpinned;
};

TEST(RewriteComments, UnderstandsPinsOfOthers) {
  const foreign_case table[] = {
      {"image: nginx@E # ratchet:nginx:1.25\n", "image: nginx@D # ratchet:nginx:1.25\n", "image: nginx:1.25\n"},
      {"image: nginx@E # keep me ratchet:nginx:1.25\n", "image: nginx@D # keep me ratchet:nginx:1.25\n",
       "image: nginx:1.25 # keep me\n"},
      {"image: nginx@E # 1.25\n", "image: nginx@D # 1.25\n", "image: nginx:1.25\n"},
      {"image: nginx@E # v1.25 # keep\r\n", "image: nginx@D # v1.25 # keep\r\n", "image: nginx:v1.25 # keep\r\n"},
      {"image: nginx@E #tag: 1.25\n", "image: nginx@D #tag: 1.25\n", "image: nginx:1.25\n"},
      {"image: nginx@E # docker.io/library/nginx:1.25\n", "image: nginx@D # docker.io/library/nginx:1.25\n",
       "image: nginx:1.25\n"},
      {"image: nginx@E #nginx:1.25\n", "image: nginx@D #nginx:1.25\n", "image: nginx:1.25\n"},
      {"- {name: a, image: \"nginx@E\"}  # 1.25\n", "- {name: a, image: \"nginx@D\"}  # 1.25\n",
       "- {name: a, image: \"nginx:1.25\"}\n"},
      {"image: >- # 1.25\n  nginx@E\n", "image: >- # 1.25\n  nginx@D\n", "image: >-\n  nginx:1.25\n"},
      {"image: &a nginx@E # 1.25\nb: {image: *a} # 1.26\n", "image: &a nginx@D # 1.25\nb: {image: *a} # 1.26\n",
       "image: &a nginx:1.25\nb: {image: *a} # 1.26\n"},
      // pinhook's own form has precedence at every place.
      {"image: nginx@E # 1.25 # nginx:1.26\n", "image: nginx@D # 1.25 # nginx:1.26\n", "image: nginx:1.26 # 1.25\n"},
  };
  for (const foreign_case& one : table) {
    EXPECT_EQ(rewritten(filled(one.pinned), "values.yaml", digest_of('d')), filled(one.updated));
    EXPECT_EQ(rewritten(filled(one.pinned), "values.yaml", std::nullopt), one.unpinned);
    EXPECT_EQ(rewritten(filled(one.pinned), "values.yaml", digest_of('e')), filled(one.pinned));
  }
  const std::string entry =
      filled("images:\n- {name: nginx, digest: %E} # 1.25\n- name: redis\n  digest: %E # ratchet:redis:7\n");
  EXPECT_EQ(rewritten(entry, "kustomization.yaml", std::nullopt),
            "images:\n- {name: nginx, newTag: \"1.25\"}\n- name: redis\n  newTag: \"7\"\n");
  EXPECT_EQ(rewritten(filled("image: nginx@E # 1.25 # keep\n"), "values.yaml", digest_of('d'),
                      pin::pin_format::tag_and_digest),
            filled("image: nginx:1.25@D # keep\n"));
}

TEST(RewriteComments, KnowsNoTagBehindSeveralThings) {
  const std::string_view table[] = {
      "[{image: nginx@E}, {image: redis@E}] # 1.25\n",
      "[{image: redis:7}, {image: nginx@E}] # 1.25\n",
      "{image: nginx@E, version: 2} # 1.25\n",
      "{image: nginx@E, b: {repository: a, tag: 1}} # 1.25\n",
      "[{image: nginx@E}, {image: redis:7}] # ratchet:nginx:1\n",
      "image: nginx@E # 1.25 (LTS)\n",
  };
  for (const std::string_view text : table) {
    const auto file = image_file::read(filled(text), "values.yaml", {});
    ASSERT_TRUE(file) << file.error().message;
    for (const slot& s : file->slots())
      EXPECT_TRUE(!s.is_pinned() || s.ref->written_name() != "nginx" || !s.tag) << text;
  }
}

TEST(RewriteComments, OfWholeObjects) {
  const rewrite_case table[] = {
      {"a Deployment that Flux updates",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      "
       "containers:\n"
       "        - name: web\n          image: ghcr.io/acme/web:2.0.1 # {\"$imagepolicy\": \"flux-system:web\"}\n",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      "
       "containers:\n"
       "        - name: web\n          image: ghcr.io/acme/web:2.0.1@D # {\"$imagepolicy\": \"flux-system:web\"}\n",
       {},
       "web.yaml"},
      {"a Pod in JSON",
       R"({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "nginx:1.25"}]}})",
       R"({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "nginx:1.25@D"}]}})",
       {},
       "pod.json"},
      {"an item of a list",
       "apiVersion: x/v1\nkind: X\nimages:\n# {\"$imagepolicy\": \"a:b\"}\n- nginx:1.25\n- redis:7\n",
       "apiVersion: x/v1\nkind: X\nimages:\n# {\"$imagepolicy\": \"a:b\"}\n- nginx:1.25@D\n- redis@D # redis:7\n",
       {},
       "x.yaml"},
  };
  expect_rewrites(std::span(table).first(2));
  const auto file =
      image_file::read(filled(table[2].before), "x.yaml", {.kinds = {}, .paths = {{"x.yaml", {"images[*]"}}}});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 2U);
  const change both[] = {{0, digest_of('d')}, {1, digest_of('d')}};
  EXPECT_EQ(*file->rewrite(both, pin::pin_format::digest), filled(table[2].after));
}

TEST(RewriteComments, KnowTheTagsOfOthersInAnObject) {
  std::string text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n";
  for (const std::string comment :
       {"# ratchet:nginx:1.25", "# 1.25", "# v1.25", "#tag: 1.25", "# docker.io/library/nginx:1.25", "#nginx:1.25"})
    text += "    - name: a\n      image: " + filled("nginx@E ") + comment + "\n";
  const auto file = image_file::read(text, "pod.yaml", {});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 6U);
  for (const slot& s : file->slots()) {
    ASSERT_TRUE(s.tag) << s.line;
    EXPECT_EQ(s.tag->written(), s.line == 11 ? "nginx:v1.25" : "nginx:1.25") << s.line;
  }
}

// Every line keeps the comments of its author and of other programs, and unpin restores it.
class line_maker {
 public:
  explicit line_maker(unsigned seed) : dice_(seed) {}

  struct made {
    std::string content;
    std::string comments;
    // The comments are a marker that must stay alone.
    bool is_alone = false;
  };

  made line() {
    made out;
    std::string first;
    if (dice_.once_in(4)) {
      first = dice_.one_of(markers_);
      out.is_alone = true;
    }
    out.content = content(out.is_alone);
    if (out.is_alone) {
      out.comments = blanks() + first;
      return out;
    }
    for (std::size_t n = dice_.roll(4); n > 0; --n) out.comments += blanks() + dice_.one_of(words_);
    return out;
  }

 private:
  std::string blanks() { return dice_.one_of({" ", "  ", "\t", " \t "}); }

  std::string image(bool needs_tag) {
    const std::string name = dice_.one_of({"nginx", "docker.io/library/nginx", "redis", "localhost:5000/a/b"});
    return !needs_tag && dice_.once_in(4) ? name : name + ":" + dice_.one_of({"1.25", "v2", "latest", "16-alpine"});
  }

  std::string content(bool needs_tag) {
    const std::string key = "k" + std::to_string(count_++);
    switch (dice_.roll(5)) {
      case 0:
        return key + ": {image: \"" + image(needs_tag) + "\"}";
      case 1:
        return key + ": [{image: " + image(needs_tag) + "}, {image: '" + image(needs_tag) + "', b: 'c # d'}]";
      case 2:
        return key + ": {image: {repository: nginx, tag: \"1.25\"}}";
      case 3:
        return key + ": &" + key + " {image: " + image(needs_tag) + "}";
      default:
        return key + ":\n  image: " + image(needs_tag);
    }
  }

  const std::vector<std::string> markers_{
      "# {\"$imagepolicy\": \"a:b\"}", "#{\"$kpt-set\":\"x\"}",
      "# kpt-set: ${image}:${tag}",    "# renovate: datasource=docker depName=nginx",
      "# x-release-please-version",    "# yamllint disable-line rule:line-length",
      "# from-param: ${image}"};
  const std::vector<std::string> words_{"# keep me",
                                        "# keep",
                                        "# nginx:1.24",
                                        "# nginx",
                                        "# redis:7",
                                        "#nginx:1.24",
                                        "# docker.io/library/nginx:1.24",
                                        "# 1.24",
                                        "# v1",
                                        "#tag: 1.24",
                                        "# ratchet:nginx:1.24",
                                        "# ours ratchet:redis:6 see",
                                        "# ratchet:exclude",
                                        "# noqa",
                                        "#checkov:skip=CKV_1:ours",
                                        "# ours {\"$imagepolicy\": \"a:b\"}",
                                        "#",
                                        "# \xC3\xA4"};
  pinhook::testing::dice dice_;
  std::size_t count_ = 0;
};

std::vector<std::string> lines_of(const std::string& text, const std::string& line_break) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find(line_break, at);
    out.push_back(text.substr(at, end - at));
    at = end + line_break.size();
  }
  return out;
}

TEST(RewriteComments, KeepEveryCommentOfMadeLinesAndGoBack) {
  constexpr unsigned files = 120;
  for (unsigned seed = 0; seed < files; ++seed) {
    line_maker maker(seed);
    const std::string line_break = seed % 3 == 0 ? "\r\n" : "\n";
    std::string text = "a: 1" + line_break;
    std::vector<line_maker::made> made;
    for (int i = 0; i < 8; ++i) {
      made.push_back(maker.line());
      if (line_break != "\n")
        if (const auto at = made.back().content.find('\n'); at != std::string::npos)
          made.back().content.insert(at, "\r");
      text += made.back().content + made.back().comments + line_break;
    }
    const std::string pinned = rewritten(text, "values.yaml", digest_of('d'));
    ASSERT_TRUE(pinned.contains("a: 1" + line_break)) << text << pinned;
    const auto file = image_file::read(pinned, "values.yaml", {});
    ASSERT_TRUE(file) << pinned << text;
    for (const slot& s : file->slots()) EXPECT_TRUE(s.is_pinned() && s.tag) << text << pinned;
    EXPECT_EQ(rewritten(pinned, "values.yaml", digest_of('d')), pinned) << text;
    EXPECT_EQ(rewritten(pinned, "values.yaml", std::nullopt), text);
    const std::string moved = rewritten(pinned, "values.yaml", digest_of('e'));
    EXPECT_EQ(rewritten(moved, "values.yaml", std::nullopt), text);
    const std::string both = rewritten(text, "values.yaml", digest_of('d'), pin::pin_format::tag_and_digest);
    std::size_t at = 0;
    const auto before = lines_of(text, line_break);
    for (const std::string& line : lines_of(pinned, line_break)) {
      const std::string& old = before[at++];
      const auto one = std::ranges::find_if(
          made, [&](const auto& m) { return !m.comments.empty() && (m.content + m.comments).ends_with(old); });
      if (one == made.end()) continue;
      EXPECT_TRUE(line.ends_with(one->comments)) << line << "\n" << old;
      EXPECT_TRUE(!one->is_alone || both.contains(line + line_break)) << line << "\n" << both;
    }
  }
}

}  // namespace
}  // namespace pinhook::files
