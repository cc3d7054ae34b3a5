#include <pinhook/files/kustomization.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

const std::string digest_text = "sha256:" + std::string(64, 'd');
const std::string mark_of_tag = " # added by pinhook pin for 1.25";
const std::string mark = " # entry added by pinhook pin for 1.25";

std::string filled(std::string_view text) {
  std::string out(text);
  for (auto at = out.find("%D"); at != std::string::npos; at = out.find("%D")) out.replace(at, 2, digest_text);
  for (auto at = out.find("%M"); at != std::string::npos; at = out.find("%M")) out.replace(at, 2, mark);
  for (auto at = out.find("%F"); at != std::string::npos; at = out.find("%F")) out.replace(at, 2, mark_of_tag);
  return out;
}

std::string with(std::string_view text, const std::vector<std::string_view>& references,
                 pin::pin_format format = pin::pin_format::digest) {
  std::vector<new_entry> entries;
  for (const auto ref : references)
    entries.push_back({*registry::reference::parse(ref), *registry::digest::parse(digest_text)});
  auto out = with_entries(filled(text), entries, format);
  return out ? *out : out.error().message;
}

struct entry_case {
  std::string_view name;
  std::string_view before;
  std::string_view after;
};

TEST(Kustomization, AddsAnEntryAsItsNeighboursAre) {
  const entry_case table[] = {
      {"list at its key", "images:\n- name: a\n  newTag: v1 # keep me\n# behind\nresources: []\n",
       "images:\n- name: a\n  newTag: v1 # keep me\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n# "
       "behind\nresources: "
       "[]\n"},
      {"list indented", "images:\n  - name: a\n    newTag: v1\n",
       "images:\n  - name: a\n    newTag: v1\n  - name: nginx\n    digest: \"%D\" # nginx:1.25%M\n"},
      {"wide dashes", "images:\n-   name: a\n    newTag: v1\n",
       "images:\n-   name: a\n    newTag: v1\n-   name: nginx\n    digest: \"%D\" # nginx:1.25%M\n"},
      {"dash on its own line", "images:\n-\n  name: a\n",
       "images:\n-\n  name: a\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n"},
      {"no line end", "images:\n- name: a", "images:\n- name: a\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M"},
      {"CRLF", "images:\r\n- name: a\r\nx: 1\r\n",
       "images:\r\n- name: a\r\n- name: nginx\r\n  digest: \"%D\" # nginx:1.25%M\r\nx: 1\r\n"},
      {"flow", "images: [{name: a}] # keep me\n",
       "images: [{name: a}, {name: nginx, digest: \"%D\"}] # nginx:1.25 # keep me\n"},
      {"flow with a comma at its end", "images: [\n  {name: a},\n]\n",
       "images: [\n  {name: a}, {name: nginx, digest: \"%D\"}, # nginx:1.25\n]\n"},
      {"flow with pins", "images: [{name: a, digest: %D}] # a:v1\n",
       "images: [{name: a, digest: %D}, {name: nginx, digest: \"%D\"}] # a:v1 # nginx:1.25\n"},
      {"empty list", "images: [] # none yet\nresources:\n- a\n",
       "images: # none yet\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\nresources:\n- a\n"},
      {"nothing", "resources:\n  - a\nimages:\n",
       "resources:\n  - a\nimages:\n  - name: nginx\n    digest: \"%D\" # nginx:1.25%M\n"},
      {"null", "images: ~\nresources: [a]\n",
       "images:\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\nresources: [a]\n"},
      {"no key", "kind: Kustomization\nresources:\n  - a # keep me\n",
       "kind: Kustomization\nresources:\n  - a # keep me\nimages:\n  - name: nginx\n    digest: \"%D\" # "
       "nginx:1.25%M\n"},
      {"no key, no line end", "resources:\n- a",
       "resources:\n- a\nimages:\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M"},
      {"no key, literal text", "patches:\n- patch: |-\n    a: b\n",
       "patches:\n- patch: |-\n    a: b\nimages:\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n"},
      {"no key, document end", "--- # k\nresources: [a]\n...\n",
       "--- # k\nresources: [a]\nimages:\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n...\n"},
      {"comments alone", "# nothing", "# nothing\nimages:\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n"},
      {"empty", "", "images:\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n"},
      {"JSON", R"({"resources": ["a"]})",
       R"({"resources": ["a"], "images": [{"name": "nginx", "newTag": "1.25", "digest": "%D"}]})"},
      {"JSON with images", R"({"images": [{"name": "a"}]})",
       R"({"images": [{"name": "a"}, {"name": "nginx", "newTag": "1.25", "digest": "%D"}]})"},
      {"JSON with an empty list", R"({"images": []})",
       R"({"images": [{"name": "nginx", "newTag": "1.25", "digest": "%D"}]})"},
      {"empty flow mapping", "{}\n", "{images: [{name: nginx, digest: \"%D\"}]} # nginx:1.25\n"},
  };
  for (const entry_case& one : table) EXPECT_EQ(with(one.before, {"nginx:1.25"}), filled(one.after)) << one.name;
}

TEST(Kustomization, AnEntrysOwnFormatBeatsTheCalls) {
  const auto digest = *registry::digest::parse(digest_text);
  const std::vector<new_entry> entries{{*registry::reference::parse("nginx:1.25"), digest},
                                       {*registry::reference::parse("redis"), digest, pin::pin_format::tag_and_digest}};
  EXPECT_EQ(with_entries("images:\n- name: a\n", entries, pin::pin_format::digest).value_or("none"),
            filled("images:\n- name: a\n- name: nginx\n  digest: \"%D\" # nginx:1.25%M\n- name: redis\n  newTag: "
                   "latest # entry added by pinhook pin for latest\n  digest: %D\n"));
}

TEST(Kustomization, AddsSeveralInEitherForm) {
  EXPECT_EQ(
      with("resources:\n- a\n", {"nginx", "localhost:5000/a/b:v1"}),
      filled("resources:\n- a\nimages:\n- name: nginx\n  digest: %D # nginx:latest # entry added by pinhook pin for "
             "latest\n"
             "- name: localhost:5000/a/b\n  digest: %D # localhost:5000/a/b:v1 # entry added by pinhook pin for v1\n"));
  EXPECT_EQ(with("resources:\n- a\n", {"nginx:1.25", "a:v1"}, pin::pin_format::tag_and_digest),
            filled("resources:\n- a\nimages:\n- name: nginx\n  newTag: \"1.25\"%M\n  digest: %D\n"
                   "- name: a\n  newTag: v1 # entry added by pinhook pin for v1\n  digest: %D\n"));
  EXPECT_EQ(with("a: b\n", {}), "a: b\n");
}

TEST(Kustomization, RefusesTextsThatItCannotAddTo) {
  EXPECT_EQ(with("images: {a: b}\n", {"nginx"}), "line 1, column 9: `images` must be a list");
  EXPECT_EQ(with("- a\n", {"nginx"}), "not a kustomization");
  EXPECT_EQ(with("images: []\nimages: []\n", {"nginx"}), "line 2, column 1: duplicate key \"images\"");
  const auto broken = with_entries("a: [", {{*registry::reference::parse("a"), *registry::digest::parse(digest_text)}},
                                   pin::pin_format::digest);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, error_code::malformed);
}

TEST(Kustomization, IsKnownByNameOrKind) {
  EXPECT_TRUE(is_kustomization("", "a/kustomization.yaml"));
  EXPECT_TRUE(is_kustomization("", "kustomization.yml"));
  EXPECT_TRUE(is_kustomization("a: [", "a/b/Kustomization"));
  EXPECT_FALSE(is_kustomization("images: []", "a/my-kustomization.yaml"));
  EXPECT_TRUE(is_kustomization("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "-"));
  EXPECT_TRUE(is_kustomization("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n", "a.yaml"));
  EXPECT_FALSE(is_kustomization("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", "a.yaml"));
  EXPECT_FALSE(is_kustomization("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: [", "a.yaml"));
}

TEST(Kustomization, TellsItsLocalResources) {
  const auto found = local_resources(
      "resources:\n- web.yaml\n- ../base\n- https://example.com/a.yaml\n- github.com/acme/x//deploy?ref=v1\n"
      "- git@example.com:a/b.git\n- git::https://example.com/a\n- ssh://a/b\n- {a: b}\n"
      "bases: [../old]\ncomponents:\n  - ../../components/a\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<std::string>{"web.yaml", "../base", "../old", "../../components/a"}));
  EXPECT_TRUE(local_resources("")->empty());
  EXPECT_FALSE(local_resources("a: ["));
}

TEST(Kustomization, TellsItsEntries) {
  const auto found = image_entries(
      "images:\n- name: nginx\n  newName: a\n- {name: \"quay.io/b/c\", digest: d, tagSuffix: -x}\n- newTag: 1.10\n"
      "- just text\n- {name: [a], newTag: ~}\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, (std::vector<kustomize_entry>{{.name = "nginx", .new_name = "a"},
                                                  {.name = "quay.io/b/c", .tag_suffix = "-x", .digest = "d"},
                                                  {.new_tag = "1.10"},
                                                  {},
                                                  {.fault = "name must be a string: write one"}}));
  EXPECT_TRUE(image_entries("images: x\n")->empty());
  EXPECT_FALSE(image_entries("a: ["));
}

struct fill_case {
  std::string_view name, before, after;
  std::size_t entry = 0;
};

TEST(Kustomization, FillsInAnEntryThatIsThere) {
  const fill_case table[] = {
      {"behind its name", "images:\n- name: nginx # keep me\n  newName: a # me too\nresources: []\n",
       "images:\n- name: nginx # keep me\n  newName: a # me too\n  digest: \"%D\" # a:1.25%F\nresources: []\n"},
      {"behind the name alone", "images:\n  - tagSuffix: -x\n    name: a\n",
       "images:\n  - tagSuffix: -x\n    name: a\n    digest: \"%D\" # a:1.25%F\n"},
      {"no line end", "images:\n- name: a", "images:\n- name: a\n  digest: \"%D\" # a:1.25%F"},
      {"CRLF", "images:\r\n- name: a\r\n- name: b\r\n",
       "images:\r\n- name: a\r\n  digest: \"%D\" # a:1.25%F\r\n- name: b\r\n"},
      {"an empty tag", "images:\n- name: a\n  newTag: ''\n", "images:\n- name: a\n  digest: '%D' # a:1.25\n"},
      {"nothing as a tag", "images:\n- name: a\n  newTag:\n", "images:\n- name: a\n  digest: \"%D\" # a:1.25\n"},
      {"flow", "images: [b, {name: a}] # keep me\n", "images: [b, {name: a, digest: \"%D\"}] # a:1.25 # keep me\n", 1},
      {"JSON", R"({"images": [{"name": "a"}]})", R"({"images": [{"name": "a", "newTag": "1.25", "digest": "%D"}]})"},
      {"literal text", "images:\n- name: |-\n    a\n  newName: b\n- name: |-\n    a\n",
       "images:\n- name: |-\n    a\n  newName: b\n- name: |-\n    a\n  digest: \"%D\" # a:1.25%F\n", 1},
  };
  for (const fill_case& one : table) {
    const std::vector<new_entry> entries{
        {*registry::reference::parse("a:1.25"), *registry::digest::parse(digest_text), std::nullopt, one.entry}};
    const auto out = with_entries(one.before, entries, pin::pin_format::digest);
    EXPECT_EQ(out ? *out : out.error().message, filled(one.after)) << one.name;
  }
}

TEST(Kustomization, FillsAndAddsAtOnce) {
  const auto digest = *registry::digest::parse(digest_text);
  const std::vector<new_entry> entries{
      {*registry::reference::parse("redis:7"), digest},
      {*registry::reference::parse("a:1.25"), digest, pin::pin_format::tag_and_digest, 0}};
  EXPECT_EQ(with_entries("images:\n- name: a\n", entries, pin::pin_format::digest).value_or("none"),
            filled("images:\n- name: a\n  newTag: \"1.25\"%F\n  digest: %D\n- name: redis\n  digest: \"%D\" # redis:7 "
                   "# entry added by pinhook pin for 7\n"));
}

TEST(Kustomization, FillsInNoSharedEntry) {
  const std::vector<new_entry> entries{
      {*registry::reference::parse("a:1.25"), *registry::digest::parse(digest_text), std::nullopt, 0}};
  for (const std::string_view text :
       {"x: &x {name: a}\nimages:\n- *x\n", "x: &x {name: a}\nimages:\n- <<: *x\n", "images: []\n", "images: [a]\n"}) {
    const auto out = with_entries(text, entries, pin::pin_format::digest);
    ASSERT_FALSE(out) << *out;
    EXPECT_EQ(out.error().code, error_code::invalid_input) << text;
  }
}

}  // namespace
}  // namespace pinhook::files
