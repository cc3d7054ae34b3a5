#include <pinhook/files/image_file.hpp>

#include "support/rewrite_cases.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using test::digest_of;
using test::expect_rewrites;
using test::filled;
using test::rewrite_case;
using test::rewritten;

TEST(ImageFile, KeepsQuotesAndEverythingElse) {
  const rewrite_case table[] = {
      {"plain", "image: nginx:1.25\n", "image: nginx@D # nginx:1.25\n"},
      {"no tag", "image: nginx\n", "image: nginx@D # nginx\n"},
      {"single quotes", "image: 'nginx:1.25'\n", "image: 'nginx@D' # nginx:1.25\n"},
      {"double quotes", "image: \"nginx:1.25\"\n", "image: \"nginx@D\" # nginx:1.25\n"},
      {"quoted key", "\"image\" : nginx:1.25\n", "\"image\" : nginx@D # nginx:1.25\n"},
      {"escapes", "image: \"nginx\\x3a1.25\"\n", "image: \"nginx@D\" # nginx:1.25\n", "image: \"nginx:1.25\"\n"},
      {"escaped line break", "image: \"nginx\\\n   :1.25\"\n", "image: \"nginx@D\" # nginx:1.25\n",
       "image: \"nginx:1.25\"\n"},
      {"literal", "image: |-\n  nginx:1.25\nb: c\n", "image: |- # nginx:1.25\n  nginx@D\nb: c\n"},
      {"folded", "image: >-  # keep me\n    nginx:1.25\n\nb: c\n",
       "image: >- # nginx:1.25  # keep me\n    nginx@D\n\nb: c\n"},
      {"indentation indicator", "image: |2-\n  nginx:1.25\n", "image: |2- # nginx:1.25\n  nginx@D\n"},
      {"own line", "image:\n    nginx:1.25\n", "image:\n    nginx@D # nginx:1.25\n"},
      {"list item", "- image: nginx:1.25\n- image: redis\n",
       "- image: nginx@D # nginx:1.25\n- image: redis@D # redis\n"},
      {"explicit key", "? image\n: nginx:1.25\n", "? image\n: nginx@D # nginx:1.25\n"},
      {"explicit tag", "image: !!str nginx:1.25\n", "image: !!str nginx@D # nginx:1.25\n"},
      {"anchor", "image: &a nginx:1.25\n", "image: &a nginx@D # nginx:1.25\n"},
      {"registry", "image: localhost:5000/a/b:c\n", "image: localhost:5000/a/b@D # localhost:5000/a/b:c\n"},
      {"a name that reads as a number", "image: \"12\"\nb: 1\n", "image: \"12@D\" # 12\nb: 1\n"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, KeepsCommentsAndWhiteSpace) {
  const rewrite_case table[] = {
      {"comment", "image: nginx:1.25   # keep me\n", "image: nginx@D # nginx:1.25   # keep me\n"},
      {"tab", "image: nginx:1.25\t# keep me\t\n", "image: nginx@D # nginx:1.25\t# keep me\t\n"},
      {"empty comment", "image: nginx:1.25 #\n", "image: nginx@D # nginx:1.25 #\n"},
      {"trailing blanks", "image: nginx:1.25 \t \nb: c\n", "image: nginx@D # nginx:1.25 \t \nb: c\n"},
      {"CRLF", "# a\r\nimage: nginx:1.25\r\nb: c\r\n", "# a\r\nimage: nginx@D # nginx:1.25\r\nb: c\r\n"},
      {"CRLF and comment", "image: 'nginx'  # a \r\nb: c", "image: 'nginx@D' # nginx  # a \r\nb: c"},
      {"no line end", "image: nginx:1.25", "image: nginx@D # nginx:1.25"},
      {"byte order mark", "\xEF\xBB\xBFimage: nginx:1.25\n", "\xEF\xBB\xBFimage: nginx@D # nginx:1.25\n"},
      {"documents", "--- # one\nimage: nginx:1\n...\n# two\n---\nimage: redis\n--- {image: busybox}\n",
       "--- # one\nimage: nginx@D # nginx:1\n...\n# two\n---\nimage: redis@D # redis\n--- {image: busybox@D} # "
       "busybox\n"},
      {"unicode", "a: {\xC3\xA4: \xF0\x9F\x90\xB3, image: nginx, \xC3\xB6: \xE2\x82\xAC} # \xC3\xBC\n",
       "a: {\xC3\xA4: \xF0\x9F\x90\xB3, image: nginx@D, \xC3\xB6: \xE2\x82\xAC} # nginx # \xC3\xBC\n"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, RewritesFlowStyle) {
  const rewrite_case table[] = {
      {"one", "a: {image: nginx:1.25}\n", "a: {image: nginx@D} # nginx:1.25\n"},
      {"keys behind", "a: {image: nginx:1.25, b: \"x # y\", 'c # d': e#f}  # keep me\n",
       "a: {image: nginx@D, b: \"x # y\", 'c # d': e#f} # nginx:1.25  # keep me\n"},
      {"several", "[{image: \"nginx:1.25\"}, {image: 'redis', b: {image: \"nginx\"}}] # ours: see the wiki\n",
       "[{image: \"nginx@D\"}, {image: 'redis@D', b: {image: \"nginx@D\"}}] # nginx:1.25 # redis # nginx"
       " # ours: see the wiki\n"},
      {"one name twice", "[{image: nginx:1}, {image: nginx:2}]\n",
       "[{image: nginx@D}, {image: nginx@D}] # nginx:1 # nginx:2\n"},
      {"lines", "a: {\n  image: nginx:1.25, # keep me\n  b: {image: redis}}\n",
       "a: {\n  image: nginx@D, # nginx:1.25 # keep me\n  b: {image: redis@D}} # redis\n"},
      {"a scalar that goes on", "{image: nginx:1.25, b: \"c\n  d\"}\n", "{image: nginx:1.25@D, b: \"c\n  d\"}\n"},
      {"a pin of the same name with an unknown tag", "[{image: nginx@E}, {image: nginx:1.25}]\n",
       "[{image: nginx@E}, {image: nginx:1.25@D}]\n"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, WritesTagAndDigestIntoJson) {
  const rewrite_case table[] = {
      {"compact", R"({"a":{"image":"nginx:1.25"},"image":"redis:7"})",
       R"({"a":{"image":"nginx:1.25@D"},"image":"redis:7@D"})"},
      {"pretty", "{\n\t\"image\": \"nginx:1.25\"\n}\n", "{\n\t\"image\": \"nginx:1.25@D\"\n}\n"},
      {"no tag", R"({"image": "nginx"})", R"({"image": "nginx:latest@D"})", R"({"image": "nginx:latest"})"},
      {"an entry",
       R"({"images": [{"name": "nginx", "newTag": "1.25"}]})",
       R"({"images": [{"name": "nginx", "newTag": "1.25", "digest": "%D"}]})",
       {},
       "kustomization.yaml"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, TheFormatOfAChangeWinsWhereNoCommentIsPossible) {
  const std::string_view table[][2] = {
      {R"({"image":"nginx:1.25"})", R"({"image":"nginx@D"})"},
      {"{image: nginx:1.25, b: \"c\n  d\"}\n", "{image: nginx@D, b: \"c\n  d\"}\n"},
      {"image: nginx:1.25 # {\"$imagepolicy\": \"a:b\"}\n", "image: nginx@D # {\"$imagepolicy\": \"a:b\"}\n"},
  };
  for (const auto& [before, after] : table) {
    const auto file = image_file::read(std::string(before), "values.yaml", {});
    ASSERT_TRUE(file) << file.error().message;
    const change requested[] = {{0, digest_of('d'), pin::pin_format::digest}};
    EXPECT_EQ(*file->rewrite(requested, pin::pin_format::tag_and_digest), filled(after));
  }
}

TEST(ImageFile, WritesTagAndDigest) {
  const rewrite_case table[] = {
      {"tag", "image: nginx:1.25 # keep me\n", "image: nginx:1.25@D # keep me\n"},
      {"no tag", "image: nginx\n", "image: nginx:latest@D\n", "image: nginx:latest\n"},
      {"comment", "image: nginx:1.26 # nginx:1.25\n", "image: nginx:1.26@D # nginx:1.25\n"},
      {"comment with a version", "image: nginx:1.26 # 1.25\n", "image: nginx:1.26@D # 1.25\n"},
  };
  expect_rewrites(table, pin::pin_format::tag_and_digest);
}

TEST(ImageFile, AChangesOwnFormatBeatsTheCalls) {
  const auto file = image_file::read("image: &a nginx:1.25\nb: {image: redis:7, c: {image: busybox}}\nd: {image: *a}\n",
                                     "values.yaml", {});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 4U);
  const std::vector<change> changes{{0, digest_of('d')},
                                    {1, digest_of('d'), pin::pin_format::tag_and_digest},
                                    {2, digest_of('e'), pin::pin_format::digest},
                                    {3, digest_of('d'), pin::pin_format::tag_and_digest}};
  EXPECT_EQ(*file->rewrite(changes, pin::pin_format::digest),
            filled("image: &a nginx@D # nginx:1.25\nb: {image: redis:7@D, c: {image: busybox@E}} # busybox\n"
                   "d: {image: nginx:1.25@D}\n"));
  EXPECT_EQ(*file->rewrite(changes, pin::pin_format::tag_and_digest),
            filled("image: &a nginx:1.25@D\nb: {image: redis:7@D, c: {image: busybox@E}} # busybox\n"
                   "d: {image: *a}\n"));
}

// One scalar cannot be written in two ways.
TEST(ImageFile, SlotsThatShareTheirBytesTakeOneFormat) {
  const auto file = image_file::read("a: &all {image: nginx:1.25}\nb: *all\nc: {<<: *all}\n", "x.yaml",
                                     {.kinds = {}, .paths = {{"x.yaml", {"a.image", "b.image"}}}});
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->slots().size(), 1U);
  const std::vector<change> both{{0, digest_of('d'), pin::pin_format::digest},
                                 {0, digest_of('d'), pin::pin_format::tag_and_digest}};
  const auto out = file->rewrite(both, pin::pin_format::digest);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, error_code::invalid_input);
}

TEST(ImageFile, MovesPinsFromOneFormToTheOther) {
  const std::string alone = filled("image: nginx@E # nginx:1.25 # keep me\n");
  const std::string both = filled("image: nginx:1.25@E # keep me\n");
  EXPECT_EQ(rewritten(alone, "values.yaml", digest_of('d')), filled("image: nginx@D # nginx:1.25 # keep me\n"));
  EXPECT_EQ(rewritten(alone, "values.yaml", digest_of('d'), pin::pin_format::tag_and_digest),
            filled("image: nginx:1.25@D # keep me\n"));
  EXPECT_EQ(rewritten(both, "values.yaml", digest_of('d')), filled("image: nginx@D # nginx:1.25 # keep me\n"));
  EXPECT_EQ(rewritten(both, "values.yaml", std::nullopt), "image: nginx:1.25 # keep me\n");
}

TEST(ImageFile, RewritesAnchorsAndAliases) {
  const rewrite_case table[] = {
      {"all are images", "a: {image: &x nginx:1}\nb: {image: *x}\n",
       "a: {image: &x nginx@D} # nginx:1\nb: {image: *x}\n"},
      {"defined elsewhere", "x: &x \"nginx:1\" # keep me\na: {image: *x}\nb: {image: *x }\n",
       "x: &x \"nginx@D\" # nginx:1 # keep me\na: {image: *x}\nb: {image: *x }\n"},
      {"defined for others", "x-a: {b: &x nginx:1}\n.a: {b: &y redis}\na: {image: *x}\nb: {image: *y}\n",
       "x-a: {b: &x nginx@D} # nginx:1\n.a: {b: &y redis@D} # redis\na: {image: *x}\nb: {image: *y}\n"},
      {"defined in a text of its own", "a: {b: &x 'nginx:1', image: *x}\nb: {image: *x}\n",
       "a: {b: &x 'nginx:1', image: nginx@D} # nginx:1\nb: {image: nginx@D} # nginx:1\n",
       "a: {b: &x 'nginx:1', image: nginx:1}\nb: {image: nginx:1}\n"},
      {"another use", "x: &x nginx:1\na: {image: *x} # keep me\nb: *x\n",
       "x: &x nginx:1\na: {image: nginx@D} # nginx:1 # keep me\nb: *x\n",
       "x: &x nginx:1\na: {image: nginx:1} # keep me\nb: *x\n"},
      {"definition is an image, and there is another use", "image: &x 'nginx:1'\nb: *x\nc: [*x, 1]\n",
       "image: &x 'nginx@D' # nginx:1\nb: 'nginx:1'\nc: ['nginx:1', 1]\n",
       "image: &x 'nginx:1'\nb: 'nginx:1'\nc: ['nginx:1', 1]\n"},
      {"merge key", "x: &x {image: nginx:1}\na:\n  <<: *x\n  b: c\n",
       "x: &x {image: nginx@D} # nginx:1\na:\n  <<: *x\n  b: c\n"},
      {"an anchor that is set again", "a: {image: &x nginx:1}\nb: {image: &x redis}\nc: {image: *x}\n",
       "a: {image: &x nginx@D} # nginx:1\nb: {image: &x redis@D} # redis\nc: {image: *x}\n"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, SlotsOfOneAnchorChangeApart) {
  const std::string text = "a: {image: &x nginx:1}\nb: {image: *x}\n";
  const auto file = image_file::read(text, "values.yaml", {});
  ASSERT_TRUE(file);
  ASSERT_EQ(file->slots().size(), 2U);
  const change first[] = {{0, digest_of('d')}};
  const change second[] = {{1, digest_of('d')}};
  const change differing[] = {{0, digest_of('d')}, {1, digest_of('e')}};
  EXPECT_EQ(file->rewrite(first, pin::pin_format::digest),
            filled("a: {image: &x nginx@D} # nginx:1\nb: {image: nginx:1}\n"));
  EXPECT_EQ(file->rewrite(second, pin::pin_format::digest),
            filled("a: {image: &x nginx:1}\nb: {image: nginx@D} # nginx:1\n"));
  EXPECT_EQ(file->rewrite(differing, pin::pin_format::digest),
            filled("a: {image: &x nginx@D} # nginx:1\nb: {image: nginx@E} # nginx:1\n"));
  // A skipped image keeps its comment, too.
  const auto pinned =
      image_file::read(filled("a: {image: &x nginx@D} # nginx:1\nb: {image: *x} # keep me\n"), "values.yaml", {});
  ASSERT_TRUE(pinned);
  const change back[] = {{0, std::nullopt}};
  EXPECT_EQ(pinned->rewrite(back, pin::pin_format::digest),
            filled("a: {image: &x nginx:1}\nb: {image: nginx@D} # nginx:1 # keep me\n"));
}

TEST(ImageFile, RewritesCompose) {
  const rewrite_case table[] = {
      {"merge keys of services",
       "x-base: &base\n  image: nginx:1 # ours: a\n  restart: always\nservices:\n  a: {<<: *base}\n  b:\n    <<: "
       "*base\n",
       "x-base: &base\n  image: nginx@D # nginx:1 # ours: a\n  restart: always\nservices:\n  a: {<<: *base}\n  b:\n"
       "    <<: *base\n",
       {},
       "compose.yaml"},
      {"built and variables",
       "services:\n  a: {image: mine:1, build: .}\n  b: {image: \"nginx:${TAG}\"}\n  c:\n    image: redis:7\n",
       "services:\n  a: {image: mine:1, build: .}\n  b: {image: \"nginx:${TAG}\"}\n  c:\n    image: redis@D # "
       "redis:7\n",
       {},
       "compose.yaml"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, RewritesPodSpecs) {
  const rewrite_case table[] = {
      {"pod",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers:\n  - {name: i, image: busybox}\n"
       "  containers:\n    # first\n    - image: nginx:1.25\n      name: a\n",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers:\n  - {name: i, image: busybox@D}"
       " # busybox\n  containers:\n    # first\n    - image: nginx@D # nginx:1.25\n      name: a\n",
       {},
       "pod.yaml"},
      {"skipped",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {pinhook.dev/pin: skip}}\nspec: {containers: [{name: "
       "a, image: nginx}]}\n",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {pinhook.dev/pin: skip}}\nspec: {containers: [{name: "
       "a, image: nginx}]}\n",
       {},
       "pod.yaml"},
  };
  expect_rewrites(table);
}

TEST(ImageFile, RewritesValues) {
  const rewrite_case table[] = {
      {"digest, empty double quotes", "i:\n  repository: nginx\n  tag: \"1.25\" # keep me\n  digest: \"\"\n",
       "i:\n  repository: nginx\n  tag: \"1.25\" # keep me\n  digest: \"%D\"\n"},
      {"digest, empty single quotes", "i: {repository: nginx, tag: 1.25, digest: ''}\n",
       "i: {repository: nginx, tag: 1.25, digest: '%D'}\n"},
      {"digest, nothing", "i:\n  repository: nginx\n  tag: 1.25\n  digest:\n",
       "i:\n  repository: nginx\n  tag: 1.25\n  digest: %D\n"},
      {"digest, nothing and blanks", "i:\n  digest:  # none yet\n  repository: nginx\n  tag: 7\n",
       "i:\n  digest: %D  # none yet\n  repository: nginx\n  tag: 7\n"},
      {"digest, nothing, no line end",
       "i:\n  repository: nginx\n  tag: 7\n  digest:", "i:\n  repository: nginx\n  tag: 7\n  digest: %D"},
      {"digest, nothing in flow style", "i: {digest: , repository: nginx, tag: 7}\n",
       "i: {digest: %D , repository: nginx, tag: 7}\n"},
      {"digest, null", "i:\n  repository: nginx\n  tag: 7\n  digest: ~ # none\n",
       "i:\n  repository: nginx\n  tag: 7\n  digest: %D # none\n",
       "i:\n  repository: nginx\n  tag: 7\n  digest: # none\n"},
      {"no digest, numeric tag", "i:\n  repository: nginx\n  tag: 1.25  # keep me\n",
       "i:\n  repository: nginx\n  tag: 1.25@D  # keep me\n"},
      {"no digest, quoted tag", "i: {registry: quay.io, repository: a/b, tag: '7'}\n",
       "i: {registry: quay.io, repository: a/b, tag: '7@D'}\n"},
      {"no tag", "i:\n  repository: nginx\n  tag: \"\"\n", "i:\n  repository: nginx\n  tag: \"\"\n"},
      {"digest, nothing behind an anchor", "i:\n  repository: nginx\n  tag: 7\n  digest: &none\n",
       "i:\n  repository: nginx\n  tag: 7\n  digest: &none %D\n"},
      {"JSON", R"({"i":{"repository":"nginx","tag":"1","digest":""}})",
       R"({"i":{"repository":"nginx","tag":"1","digest":"%D"}})"},
      {"one tag for two", "t: &t v1\na: {repository: x/a, tag: *t, digest: ''}\nb: {repository: x/b, tag: *t}\n",
       "t: &t v1\na: {repository: x/a, tag: *t, digest: '%D'}\nb: {repository: x/b, tag: v1@D}\n",
       "t: &t v1\na: {repository: x/a, tag: *t, digest: ''}\nb: {repository: x/b, tag: v1}\n"},
      {"one tag for all", "t: &t v1\na: {repository: x/a, tag: *t}\nb: {repository: x/b, tag: *t}\n",
       "t: &t v1\na: {repository: x/a, tag: v1@D}\nb: {repository: x/b, tag: v1@D}\n",
       "t: &t v1\na: {repository: x/a, tag: v1}\nb: {repository: x/b, tag: v1}\n"},
      {"a tag for aliases alone", "x-t: &t v1\na: {repository: x/a, tag: *t}\nb: {repository: x/b, tag: *t}\n",
       "x-t: &t v1@D\na: {repository: x/a, tag: *t}\nb: {repository: x/b, tag: *t}\n"},
  };
  expect_rewrites(table);
  expect_rewrites(table, pin::pin_format::tag_and_digest);
}

TEST(ImageFile, RewritesKustomizationsToDigests) {
  const std::string_view k = "kustomization.yaml";
  const rewrite_case table[] = {
      {"quoted",
       "images:\n- name: nginx\n  newTag: \"1.25\"\n",
       "images:\n- name: nginx\n  digest: \"%D\" # nginx:1.25\n",
       {},
       k},
      {"plain, first, comment",
       "images:\n  - newTag: v1 # keep me\n    name: a\n    newName: quay.io/b/c\n",
       "images:\n  - digest: %D # quay.io/b/c:v1 # keep me\n    name: a\n    newName: quay.io/b/c\n",
       {},
       k},
      {"a version is no number",
       "images:\n- name: nginx\n  newTag: 1.25.3\n",
       "images:\n- name: nginx\n  digest: %D # nginx:1.25.3\n",
       {},
       k},
      {"a number, which kustomize refuses", "images:\n- name: nginx\n  newTag: 1.25\n",
       "images:\n- name: nginx\n  digest: %D # nginx:1.25\n", "images:\n- name: nginx\n  newTag: \"1.25\"\n", k},
      {"flow",
       "images: [{name: a, newTag: '1'}, {name: b, newTag: x}] # keep me\n",
       "images: [{name: a, digest: '%D'}, {name: b, digest: %D}] # a:1 # b:x # keep me\n",
       {},
       k},
      {"quoted key, CRLF",
       "images:\r\n- \"name\": nginx\r\n  'newTag': v1\r\n",
       "images:\r\n- \"name\": nginx\r\n  'digest': %D # nginx:v1\r\n",
       {},
       k},
      {"both already",
       "images:\n- name: nginx\n  newTag: v1\n  digest: ''\n",
       "images:\n- name: nginx\n  newTag: v1\n  digest: '%D'\n",
       {},
       k},
      {"name only", "images:\n- name: nginx\n  newName: a\n", "images:\n- name: nginx\n  newName: a\n", {}, k},
  };
  expect_rewrites(table);
}

TEST(ImageFile, RewritesKustomizationsToTagAndDigest) {
  const std::string_view k = "kustomization.yaml";
  const rewrite_case table[] = {
      {"own line",
       "images:\n- name: nginx\n  newTag: \"1.25\" # keep me\n- name: b\n",
       "images:\n- name: nginx\n  newTag: \"1.25\" # keep me\n  digest: %D\n- name: b\n",
       {},
       k},
      {"no line end",
       "images:\n- newTag: v1\n  name: nginx\n- name: b\n  newTag: v2",
       "images:\n- newTag: v1\n  digest: %D\n  name: nginx\n- name: b\n  newTag: v2\n  digest: %D",
       {},
       k},
      {"CRLF",
       "images:\r\n- name: nginx\r\n  newTag: v1\r\n",
       "images:\r\n- name: nginx\r\n  newTag: v1\r\n  digest: %D\r\n",
       {},
       k},
      {"flow",
       "images: [{name: a, newTag: '1'}, {newTag: x, name: b}]\n",
       "images: [{name: a, newTag: '1', digest: %D}, {newTag: x, digest: %D, name: b}]\n",
       {},
       k},
      {"JSON",
       R"({"images":[{"name":"a","newTag":"1"}]})",
       R"({"images":[{"name":"a","newTag":"1","digest":"%D"}]})",
       {},
       k},
      {"pretty JSON",
       "{\"images\": [{\n  \"newTag\": \"1\",\n  \"name\": \"a\"\n}]}",
       "{\"images\": [{\n  \"newTag\": \"1\", \"digest\": \"%D\",\n  \"name\": \"a\"\n}]}",
       {},
       k},
      {"literal",
       "images:\n- name: nginx\n  newTag: |-\n    v1\n- name: b\n",
       "images:\n- name: nginx\n  newTag: |-\n    v1\n  digest: %D\n- name: b\n",
       {},
       k},
  };
  expect_rewrites(table, pin::pin_format::tag_and_digest);
  EXPECT_EQ(rewritten(filled("images:\n- name: a\n  digest: \"%E\" # a:1 # keep me\n"), k, digest_of('d'),
                      pin::pin_format::tag_and_digest),
            filled("images:\n- name: a\n  newTag: \"1\"\n  digest: \"%D\" # keep me\n"));
  EXPECT_EQ(
      rewritten(filled("images: [{digest: %E, name: a}] # a:b\n"), k, digest_of('d'), pin::pin_format::tag_and_digest),
      filled("images: [{newTag: b, digest: %D, name: a}]\n"));
}

// No comment can keep the tag there.
TEST(ImageFile, RewritesTextInQuotes) {
  const std::string head = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  valuesContent: ";
  const std::pair<std::string, std::string> rows[] = {
      {R"('{"image": "nginx:1.25"}' # ours)", R"('{"image": "nginx:1.25@%D"}' # ours)"},
      {"'image: nginx:1.25'", "'image: nginx:1.25@%D'"},
      {"\"image: {repository: nginx, tag: '1.25'}\"", "\"image: {repository: nginx, tag: '1.25@%D'}\""},
  };
  for (const auto& [text, pinned] : rows) {
    const std::string before = head + text + "\n";
    const std::string after = head + pinned + "\n";
    const rewrite_case table[] = {{text, before, after, {}, "a.yaml"}};
    expect_rewrites(table);
  }
}

TEST(ImageFile, RewritesFluxArtefacts) {
  const std::string head =
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nspec:\n  url: oci://ghcr.io/a/b\n";
  struct row {
    std::string_view name, before, after;
  };
  const row rows[] = {
      {"a block", "  ref:\n    tag: v1 # ours\n  interval: 1h\n",
       "  ref:\n    tag: v1 # ours\n    digest: %D\n  interval: 1h\n"},
      {"a line", "  ref: {tag: v1}\n", "  ref: {tag: v1, digest: %D}\n"},
      {"semver decides", "  ref: {semver: '>=1', tag: v1}\n", "  ref: {semver: '>=1', tag: v1}\n"},
      {"no tag", "  ref: {}\n", "  ref: {}\n"},
      {"a number", "  ref: {tag: 1.10}\n", "  ref: {tag: 1.10, digest: %D}\n"},
      {"another program's comment", "  ref:\n    tag: v1 # {\"$imagepolicy\": \"ns:a:tag\"}\n",
       "  ref:\n    tag: v1 # {\"$imagepolicy\": \"ns:a:tag\"}\n    digest: %D\n"},
  };
  for (const row& one : rows) {
    const std::string before = head + std::string(one.before);
    const std::string after = head + std::string(one.after);
    const rewrite_case table[] = {{one.name, before, after, {}, "source.yaml"}};
    expect_rewrites(table);
  }
}

TEST(ImageFile, UnpinsPinsOfAuthors) {
  const rewrite_case table[] = {
      {"a name that reads as a number", "image: 12@D # 12\n", "image: \"12\"\n"},
      {"the tag is unknown", "image: nginx@D # keep me\n", "image: nginx@D # keep me\n"},
      {"kustomization",
       "images:\n- name: a\n  digest: %D # a:7\n",
       "images:\n- name: a\n  newTag: \"7\"\n",
       {},
       "kustomization.yaml"},
      {"a digest with a comment of its own",
       "images:\n- name: a\n  newTag: v7\n  digest: %D # why\n",
       "images:\n- name: a\n  newTag: v7\n  digest: # why\n",
       {},
       "kustomization.yaml"},
      {"a digest in the new tag",
       "images:\n- name: a\n  newTag: v7@D\n",
       "images:\n- name: a\n  newTag: v7\n",
       {},
       "kustomization.yaml"},
      {"a digest first in its entry",
       "images:\n- digest: %D\n  newTag: v7\n  name: a\n",
       "images:\n- digest:\n  newTag: v7\n  name: a\n",
       {},
       "kustomization.yaml"},
  };
  for (const rewrite_case& one : table)
    EXPECT_EQ(rewritten(filled(one.before), one.path, std::nullopt), filled(one.after)) << one.name;
}

}  // namespace
}  // namespace pinhook::files
