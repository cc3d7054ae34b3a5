// The situations of a registries.conf as tables. What is expected is what podman 4.3.1 did with the same files
// (tests/e2e/nodes/compare-podman).
#include <pinhook/registry/registries_conf.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string hex_digest = "sha256:" + std::string(64, 'd');

registries_conf read(const std::string& text, const std::string& file = "/r.conf") {
  auto got = parse_registries_conf(text, file);
  EXPECT_TRUE(got) << got.error().message;
  return got ? *got : registries_conf{};
}

std::string without_digest(std::string text) {
  if (const auto at = text.find(hex_digest); at != std::string::npos) text.replace(at, hex_digest.size(), "D");
  return text;
}

// "mirror.test/m/app:1 source.test/app:1"; "!" in front of an insecure place, "#" in front of a blocked one.
std::string places(const registries_conf& conf, const std::string& image) {
  const auto got = places_for(conf, reference::parse(image).value());
  if (!got) return "error: " + got.error().message;
  std::string out;
  for (const auto& one : got->in_order)
    out += fmt::format("{}{}{}{}", out.empty() ? "" : " ", one.is_insecure ? "!" : "",
                       one.blocked_by == nullptr ? "" : "#", without_digest(one.named.written()));
  return out;
}

std::string entry(const std::string& prefix, const std::string& location, const std::string& more = "") {
  return fmt::format("[[registry]]\nprefix = \"{}\"\nlocation = \"{}\"\n{}", prefix, location, more);
}
std::string mirror(const std::string& location, const std::string& more = "") {
  return fmt::format("[[registry.mirror]]\nlocation = \"{}\"\n{}", location, more);
}

TEST(RegistriesConf, PlacesInTheirOrder) {
  const std::string pinned = "reg.test/acme/app@" + hex_digest;
  const std::string source = entry("reg.test", "s.test/src");
  const struct {
    const char* name;
    std::string conf;
    std::string image;
    std::string expected;
  } rows[] = {
      {"no file", "", "reg.test/acme/app:1", ""},
      {"no entry", source, "other.test/app:1", ""},
      {"the location takes the prefix's place", source, "reg.test/acme/app:1", "s.test/src/acme/app:1"},
      {"without a tag", source, "reg.test/acme/app", "s.test/src/acme/app:latest"},
      {"without a prefix", "[[registry]]\nlocation = \"reg.test\"\n" + mirror("a.test/m"), "reg.test/acme/app:1",
       "a.test/m/acme/app:1 reg.test/acme/app:1"},
      {"mirrors before the source", source + mirror("a.test/ma") + mirror("b.test/mb"), "reg.test/acme/app:1",
       "a.test/ma/acme/app:1 b.test/mb/acme/app:1 s.test/src/acme/app:1"},
      {"mirrors for digests alone: tag", source + "mirror-by-digest-only = true\n" + mirror("a.test"),
       "reg.test/acme/app:1", "s.test/src/acme/app:1"},
      {"mirrors for digests alone: digest", source + "mirror-by-digest-only = true\n" + mirror("a.test"), pinned,
       "a.test/acme/app@D s.test/src/acme/app@D"},
      {"digest-only: tag", source + mirror("a.test", "pull-from-mirror = \"digest-only\"\n"), "reg.test/acme/app:1",
       "s.test/src/acme/app:1"},
      {"digest-only: digest", source + mirror("a.test", "pull-from-mirror = \"digest-only\"\n"), pinned,
       "a.test/acme/app@D s.test/src/acme/app@D"},
      {"tag-only: tag", source + mirror("a.test", "pull-from-mirror = \"tag-only\"\n"), "reg.test/acme/app:1",
       "a.test/acme/app:1 s.test/src/acme/app:1"},
      {"tag-only: digest", source + mirror("a.test", "pull-from-mirror = \"tag-only\"\n"), pinned,
       "s.test/src/acme/app@D"},
      {"tag-only: tag and digest", source + mirror("a.test", "pull-from-mirror = \"tag-only\"\n"),
       "reg.test/acme/app:1@" + hex_digest, "s.test/src/acme/app@D"},
      {"the longer prefix", source + entry("reg.test/acme", "b.test/long"), "reg.test/acme/app:1", "b.test/long/app:1"},
      {"a whole name", entry("reg.test/acme/app", "b.test/other/name"), "reg.test/acme/app:1", "b.test/other/name:1"},
      {"part of a name", entry("reg.test/acme/ap", "b.test/other"), "reg.test/acme/app:1", ""},
      {"slashes at the end", entry("reg.test/", "s.test/one/"), "reg.test/app:1", "s.test/one/app:1"},
      {"Docker Hub by its long name", entry("docker.io/library", "a.test/lib"), "nginx:1", "a.test/lib/nginx:1"},
      {"wildcard", entry("*.test", "w.corp/w"), "x.y.test/acme/app:1", "w.corp/w/acme/app:1"},
      {"wildcard without location", entry("*.test", "") + mirror("a.corp/m"), "x.test/app:1",
       "a.corp/m/app:1 x.test/app:1"},
      {"wildcard, not at the end", entry("*.test", "w.corp"), "x.test.corp/app:1", ""},
      {"wildcard, not the domain itself", entry("*.test", "w.corp"), "test:5000/app:1", ""},
      {"wildcard, not in a path", entry("*.test", "w.corp"), "corp.io/x.test:1", ""},
      {"wildcard or name: the longer text", entry("*.test", "w.corp/star") + entry("x.y.test", "c.corp/c"),
       "x.y.test/app:1", "c.corp/c/app:1"},
      {"as long: the one that sorts first", entry("x.y.test", "c.corp/c") + entry("*.y.test", "w.corp/star"),
       "x.y.test/app:1", "w.corp/star/app:1"},
      {"the same prefix twice: the first", entry("reg.test", "a.test/one") + entry("reg.test", "a.test/two"),
       "reg.test/app:1", "a.test/one/app:1"},
      {"insecure",
       entry("reg.test", "s.test", "insecure = true\n") + mirror("a.test", "insecure = true\n") + mirror("b.test"),
       "reg.test/app:1", "!a.test/app:1 b.test/app:1 !s.test/app:1"},
      {"blocked by its own name", entry("reg.test", "reg.test", "blocked = true\n") + mirror("a.test"),
       "reg.test/app:1", "a.test/app:1 #reg.test/app:1"},
      {"blocked, moved elsewhere: asked", entry("reg.test", "s.test/src", "blocked = true\n"), "reg.test/app:1",
       "s.test/src/app:1"},
      {"a mirror that is blocked", source + mirror("a.test/m") + entry("a.test", "a.test", "blocked = true\n"),
       "reg.test/app:1", "#a.test/m/app:1 s.test/src/app:1"},
  };
  for (const auto& row : rows) EXPECT_EQ(places(read(row.conf), row.image), row.expected) << row.name;
}

TEST(RegistriesConf, NamesThatANodeRefuses) {
  const struct {
    std::string conf, image, expected;
  } rows[] = {
      {entry("reg.test", "s.test/src"), "reg.test:5000/app:1", "\"s.test/src:5000/app\""},
      {entry("reg.test", "s.test/UPPER"), "reg.test/app:1", "\"s.test/UPPER/app\""},
      {entry("reg.test", "docker.io"), "reg.test/nginx:1", "its long form docker.io/library/nginx"},
      {entry("reg.test", "mirror"), "reg.test/nginx:1", "its long form docker.io/mirror/nginx"},
  };
  for (const auto& row : rows) {
    const auto got = places_for(read(row.conf), reference::parse(row.image).value());
    ASSERT_FALSE(got) << row.image;
    EXPECT_EQ(got.error().code, error_code::denied);
    EXPECT_EQ(got.error().mended_by, remedy::configuration);
    EXPECT_THAT(got.error().message, AllOf(HasSubstr("/r.conf turns "), HasSubstr(row.expected)));
  }
}

TEST(RegistriesConf, RefusesWhatANodeRefuses) {
  const std::string good = entry("reg.test", "s.test");
  const struct {
    std::string conf, expected;
  } rows[] = {
      {"= 1", ":1: not valid TOML at column 1"},
      {"\n[[registry]]\ninsecure = true\n", ":2: a registry has neither prefix nor location"},
      {"[[registry]]\nprefix = \"reg.test\"\n", ":1: the registry \"reg.test\" has no location"},
      {entry("*.test:5000", "s.test"), "*.example.com"},
      {entry("*.test/acme", "s.test"), "*.example.com"},
      {entry("reg.test", "https://s.test"), ":3: location \"https://s.test\" has a scheme"},
      {entry("http://reg.test", "s.test"), ":2: prefix \"http://reg.test\" has a scheme"},
      {good + "blocked = \"no\"\n", ":4: blocked is neither true nor false"},
      {good + "insecure = 1\n", ":4: insecure is neither true nor false"},
      {good + "mirror-by-digest-only = 1\n", "mirror-by-digest-only is neither"},
      {good + "pull-from-mirror = \"all\"\n", "pull-from-mirror is for [[registry.mirror]]"},
      {good + "[[registry.mirror]]\ninsecure = true\n", ":4: a mirror of \"reg.test\" has no location"},
      {good + mirror("a.test", "pull-from-mirror = \"some\"\n"), "none of all, digest-only and tag-only"},
      {good + "mirror-by-digest-only = true\n" + mirror("a.test", "pull-from-mirror = \"all\"\n"),
       "exclude each other"},
      {good + entry("other.test", "s.test", "insecure = true\n"),
       ":4: \"s.test\" occurs several times, and not always with the same insecure"},
      {good + entry("other.test", "s.test", "blocked = true\n"), "not always with the same blocked"},
      {"registry = 7\n", "write [[registry]]"},
      {"registry = [7]\n", "not a table"},
      {"[[registry]]\nlocation = 7\n", "location is not a string"},
      {"[[registry]]\nlocation = \"x.test\"\nmirror = 7\n", "write [[registry.mirror]]"},
      {"[[registry]]\nlocation = \"x.test\"\nmirror = [7]\n", "not a table"},
      {"[registries.search]\nregistries = [\"x\"]\n", "version 1 of the format"},
      {"short-name-mode = \"never\"\n", "none of permissive, enforcing and disabled"},
      {"unqualified-search-registries = \"x\"\n", "is not a list"},
      {"unqualified-search-registries = [\"http://x\"]\n", "not a registry's name"},
      {"unqualified-search-registries = [\"x.test/lib\"]\n", "not a registry's name"},
      {"unqualified-search-registries = [7]\n", "not a registry's name"},
      {"aliases = 7\n", "aliases is not a table"},
      {"[aliases]\nnginx = 7\n", "is not a string"},
      {"[aliases]\n\"nginx:1\" = \"reg.test/nginx\"\n", "without registry, tag and digest"},
      {"[aliases]\n\"docker.io/nginx\" = \"reg.test/nginx\"\n", "without registry, tag and digest"},
      {"[aliases]\nnginx = \"library/nginx\"\n", "with a registry and without tag and digest"},
      {"[aliases]\nnginx = \"reg.test/nginx:1\"\n", "with a registry and without tag and digest"},
  };
  for (const auto& row : rows) {
    const auto got = parse_registries_conf(row.conf, "/r.conf");
    ASSERT_FALSE(got) << row.conf;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_THAT(got.error().message, AllOf(::testing::StartsWith("/r.conf:"), HasSubstr(row.expected)));
  }
  EXPECT_FALSE(parse_registries_conf(std::string(max_registries_conf + 1, '#'), "/r.conf"));
  EXPECT_TRUE(read("unknown = 1\ncredential-helpers = [\"x\"]\n").registries.empty());
}

TEST(RegistriesConf, LaterFilesWin) {
  auto conf = read(entry("reg.test", "a.test/one", "") + mirror("b.test") + entry("kept.test", "k.test") +
                   "[aliases]\nnginx = \"reg.test/one\"\nredis = \"reg.test/redis\"\n");
  merge(conf, read(entry("reg.test", "c.test/two") + "[aliases]\nnginx = \"reg.test/two\"\nredis = \"\"\n", "/z.conf"));
  EXPECT_EQ(places(conf, "reg.test/app:1"), "c.test/two/app:1") << "without the mirror of the other file";
  EXPECT_EQ(places(conf, "kept.test/app:1"), "k.test/app:1");
  EXPECT_EQ(places_for(conf, reference::parse("reg.test/app:1").value())->entry->file, "/z.conf");
  EXPECT_EQ(meanings_of(conf, reference::parse("nginx:1").value())->at(0).written(), "reg.test/two:1");
  EXPECT_FALSE(meanings_of(conf, reference::parse("redis:1").value())) << "the alias was taken away";

  conf = read("unqualified-search-registries = [\"a.test\"]\nshort-name-mode = \"enforcing\"\n");
  merge(conf, read(""));
  EXPECT_EQ(conf.search_registries, std::vector<std::string>{"a.test"});
  EXPECT_EQ(conf.mode, short_name_mode::enforcing);
  merge(conf, read("unqualified-search-registries = []\nshort-name-mode = \"disabled\"\n"));
  EXPECT_EQ(conf.search_registries, std::vector<std::string>{});
  EXPECT_EQ(conf.mode, short_name_mode::disabled);
}

TEST(RegistriesConf, MeaningsOfShortNames) {
  const std::string one = "unqualified-search-registries = [\"a.test\"]\n";
  const std::string two = "unqualified-search-registries = [\"a.test\", \"b.test:5000/\"]\n";
  const std::string enforcing = "short-name-mode = \"enforcing\"\n";
  const std::string alias = "[aliases]\nnginx = \"reg.test/library/nginx\"\n\"acme/app\" = \"reg.test/app\"\n";
  const struct {
    std::string conf, image, expected;
  } rows[] = {
      {one, "nginx", "a.test/nginx"},
      {one + enforcing, "nginx:1", "a.test/nginx:1"},
      {one, "nginx@" + hex_digest, "a.test/nginx@D"},
      {one, "acme/nginx:1", "a.test/acme/nginx:1"},
      {"unqualified-search-registries = [\"docker.io\"]\n", "nginx:1", "docker.io/nginx:1"},
      {two, "nginx:1", "a.test/nginx:1 b.test:5000/nginx:1"},
      {two + "short-name-mode = \"disabled\"\n", "nginx:1", "a.test/nginx:1 b.test:5000/nginx:1"},
      {two + enforcing + alias, "nginx:1", "reg.test/library/nginx:1"},
      {one + alias, "acme/app:1@" + hex_digest, "reg.test/app:1@D"},
      {one + alias, "library/nginx:1", "a.test/library/nginx:1"},
      {two + enforcing, "docker.io/nginx:1", "docker.io/nginx:1"},
      {two + enforcing, "localhost/nginx:1", "localhost/nginx:1"},
      {two + enforcing, "reg.test:5000/nginx:1", "reg.test:5000/nginx:1"},
  };
  for (const auto& row : rows) {
    const auto got = meanings_of(read(row.conf), reference::parse(row.image).value());
    ASSERT_TRUE(got) << row.image << ": " << got.error().message;
    std::string all;
    for (const auto& meaning : *got) all += (all.empty() ? "" : " ") + without_digest(meaning.written());
    EXPECT_EQ(all, row.expected) << row.image;
  }
}

TEST(RegistriesConf, ShortNamesThatANodeRefuses) {
  const std::string two = "unqualified-search-registries = [\"a.test\", \"b.test\"]\nshort-name-mode = \"enforcing\"\n";
  for (const std::string image : {"nginx", "acme/nginx:1"}) {
    const auto got = meanings_of(read(two), reference::parse(image).value());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::denied);
    EXPECT_THAT(got.error().message, AllOf(HasSubstr("an image of a.test or b.test"), HasSubstr("as in docker.io/")));
  }
  EXPECT_FALSE(meanings_of(read(two), reference::parse("nginx@" + hex_digest).value())) << "no less short";
  EXPECT_THAT(meanings_of(read(""), reference::parse("nginx").value()).error().message,
              HasSubstr("no unqualified-search-registries"));
}

}  // namespace
}  // namespace pinhook::registry
