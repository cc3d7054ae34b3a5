#include <pinhook/rules/reference_pattern.hpp>

#include "support/random_patterns.hpp"

#include <pinhook/rules/name_grammar.hpp>
#include <pinhook/rules/pattern_fault.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::rules {
namespace {

using testing::dice;
using testing::hex_a;
using testing::hex_b;
using testing::pattern_of;
using testing::ref_of;

const std::string at_a = "@sha256:" + hex_a;
const std::string at_b = "@sha256:" + hex_b;
const std::string at_512 = "@sha512:" + hex_a + hex_a;

struct row {
  std::string pattern, reference;
  bool is_match;
};

const std::vector<row> rows{
    // Docker Hub, as people write it
    {"docker.io/library/nginx", "nginx", true},
    {"docker.io/library/nginx", "library/nginx", true},
    {"docker.io/library/nginx", "docker.io/nginx", true},
    {"docker.io/library/nginx", "docker.io/library/nginx", true},
    {"docker.io/library/nginx", "index.docker.io/library/nginx", true},
    {"docker.io/library/nginx", "index.docker.io/nginx", true},
    {"docker.io/library/nginx", "nginxinc/nginx", false},
    {"docker.io/library/nginx", "nginx-unprivileged", false},
    {"docker.io/library/nginx", "docker.io/library/nginx/x", false},
    {"docker.io/library/nginx", "ghcr.io/library/nginx", false},
    {"docker.io/library/*", "nginx:1.25", true},
    {"docker.io/library/*", "acme/nginx", false},
    {"docker.io/library/*", "docker.io/library/a/b", false},
    {"docker.io/library/ng*x", "nginx", true},
    {"docker.io/library/ng*x", "ngx", true},
    {"docker.io/library/ng*x", "nginx2", false},
    {"docker.io/*/*", "nginx", true},
    {"docker.io/*/*", "a/b/c", false},
    {"docker.io/**", "a/b/c", true},
    {"docker.io/**", "docker.io.example.com/a", false},
    {"docker.io/acme/*", "acme/api" + at_a, true},
    // other registries
    {"ghcr.io/acme/**", "ghcr.io/acme/api", true},
    {"ghcr.io/acme/**", "ghcr.io/acme/team/api:v1", true},
    {"ghcr.io/acme/**", "ghcr.io/acme", false},
    {"ghcr.io/acme/**", "ghcr.io/acmeinc/api", false},
    {"ghcr.io/acme**", "ghcr.io/acmeinc/api", true},
    {"ghcr.io/acme*", "ghcr.io/acmeinc/api", false},
    {"ghcr.io/*/api", "ghcr.io/acme/api", true},
    {"ghcr.io/*/api", "ghcr.io/acme/team/api", false},
    {"ghcr.io/**/api", "ghcr.io/acme/team/api", true},
    {"ghcr.io/**/api", "ghcr.io/api", false},
    {"ghcr.io/**api", "ghcr.io/api", true},
    {"ghcr.io/a*/*-api", "ghcr.io/acme/web-api", true},
    {"ghcr.io/a*/*-api", "ghcr.io/acme/team/web-api", false},
    {"*.example.com/**", "eu.example.com/a/b", true},
    {"*.example.com/**", "a.b.example.com/x", true},
    {"*.example.com/**", "example.com/x", false},
    {"*.example.com/**", "ghcr.io/eu.example.com/x", false},
    {"**.example.com/**", "eu.example.com/x", true},
    {"*/nginx", "a.io/nginx", true},
    {"*/nginx", "nginx", false},
    {"*/*/nginx", "nginx", true},
    // `**` at the begin, in the middle, at the end
    {"**/istio/proxyv2", "istio/proxyv2:1.20", true},
    {"**/istio/proxyv2", "gcr.io/istio/proxyv2", true},
    {"**/istio/proxyv2", "a.io:5000/mirror/docker.io/istio/proxyv2", true},
    {"**/istio/proxyv2", "gcr.io/istio/proxyv2x", false},
    {"**/istio/proxyv2", "gcr.io/xistio/proxyv2", false},
    {"**/istio/**", "gcr.io/istio/a/b", true},
    {"**/istio/**", "gcr.io/istio", false},
    {"gcr.io/**/x/**/y", "gcr.io/a/x/b/y", true},
    {"gcr.io/**/x/**/y", "gcr.io/a/x/y", false},
    {"**nginx**", "bitnami/nginx-exporter", true},
    {"**nginx**", "redis", false},
    {"**/*-debug", "gcr.io/a/b/c-debug", true},
    {"**/*-debug", "gcr.io/a-debug/b", false},
    {"**a*b/c*d**", "x.io/aab/cxd/e", true},
    {"**a*b/c*d**", "x.io/aa/b/cxd/e", false},
    // ports
    {"localhost:5000/app/**", "localhost:5000/app/api", true},
    {"localhost:5000/app/**", "localhost:5001/app/api", false},
    {"localhost:5000/app/**", "localhost/app/api", false},
    {"localhost:5000/app", "localhost:5000/app:5000", true},
    {"localhost:*/**", "localhost:5000/app", true},
    {"localhost:*/**", "localhost/app", false},
    {"localhost**", "localhost/app", true},
    {"localhost/**", "localhost:5000/app", false},
    {"*:5000/**", "a.io:5000/app:v1", true},
    {"*:5000/**", "a.io:50001/app", false},
    {"*:5000", "a.io/app:5000", true},
    {"*:5000", "a.io:5000/app", false},
    {"*/app", "localhost:5000/app", true},
    {"[::1]:5000/**", "[::1]:5000/app", true},
    {"[fd00:*]/**", "[fd00::1]/app", true},
    {"[fd00:*]/**", "[fd01::1]/app", false},
    {"A/**", "A/a", true},
    {"A/**", "a/a", false},
    {"docker.io/a/**", "A/a", false},
    // tags
    {"*:latest", "nginx", true},
    {"*:latest", "nginx:latest", true},
    {"*:latest", "nginx:latest" + at_a, true},
    {"*:latest", "nginx" + at_a, false},
    {"*:latest", "nginx:1.25", false},
    {"*:latest", "nginx:latest-alpine", false},
    {"**:latest", "a.io:5000/b/c", true},
    {"*:*", "nginx", true},
    {"*:*", "nginx" + at_a, false},
    {"docker.io/library/nginx:1.*", "nginx:1.25", true},
    {"docker.io/library/nginx:1.*", "nginx:1.", true},
    {"docker.io/library/nginx:1.*", "nginx:11", false},
    {"docker.io/library/nginx:1.*-alpine", "nginx:1.25.3-alpine", true},
    {"docker.io/library/nginx:1.*-alpine", "nginx:1.25.3-alpine3", false},
    {"docker.io/library/nginx:**", "nginx:2", true},
    {"docker.io/library/nginx:Latest", "nginx:latest", false},
    {"ghcr.io/acme/api:v2.*", "ghcr.io/acme/api:v2.1" + at_a, true},
    {"ghcr.io/acme/api", "ghcr.io/acme/api:v2.1" + at_a, true},
    // digests
    {"*@sha256:*", "nginx" + at_a, true},
    {"*@sha256:*", "nginx:1.25" + at_a, true},
    {"*@sha256:*", "nginx:1.25", false},
    {"*@sha256:*", "nginx" + at_512, false},
    {"*@*", "nginx" + at_512, true},
    {"*@sha256:a*", "nginx" + at_b, false},
    {"*" + at_a, "nginx" + at_a, true},
    {"*" + at_a, "nginx" + at_b, false},
    {"*:1.25@sha256:*", "nginx:1.25" + at_a, true},
    {"*:1.25@sha256:*", "nginx" + at_a, false},
    {"*:latest@*", "nginx", false},
    // everything
    {"*", "nginx", true},
    {"*", "a.io:5000/b/c" + at_a, true},
    {"**", "nginx", true},
    {"*/**", "nginx", true},
};

TEST(ReferencePattern, CommonSpellingsAreToldFromOthers) {
  for (const auto* registry :
       {"ghcr.io", "GHCR.io", "localhost", "localhost:5000", "localhost:05000", "a.io:443", "a.io:0443", "a.io:4430",
        "a.io:5", "A:443", "a:443", "[::1]", "[::0]:5000", "[::A]:443", "[2001:0db8::1]:5000", "docker.io"}) {
    const auto ref = ref_of(std::string(registry) + "/x/y:1");
    const auto common = in_common_spelling(ref);
    EXPECT_EQ(common.has_value(), common_registry(ref.registry()) != ref.registry()) << registry;
    EXPECT_EQ(common ? common->registry() : ref.registry(), common_registry(ref.registry()));
  }
}

TEST(ReferencePattern, MatchesCanonicalReferences) {
  EXPECT_GE(rows.size(), 60U);
  for (const row& r : rows)
    EXPECT_EQ(pattern_of(r.pattern).matches(ref_of(r.reference)), r.is_match) << r.pattern << " on " << r.reference;
}

struct impossible {
  std::string pattern;
  /// The message behind "can match no image: ".
  std::string reason;
};

const std::vector<impossible> impossibles{
    {"", "it is empty; write ** for every image"},
    {"nginx", "nginx does not name a registry; write docker.io/library/nginx or **/nginx"},
    {"nginx:1.25", "nginx does not name a registry; write docker.io/library/nginx:1.25 or **/nginx:1.25"},
    {"nginx*", "nginx* does not name a registry; write docker.io/library/nginx* or **/nginx*"},
    {"Nginx", "Nginx does not name a registry; write docker.io/library/nginx or **/nginx"},
    {"library/nginx", "library is not a valid registry; write docker.io/library/nginx or **/library/nginx"},
    {"acme/*", "acme is not a valid registry; write docker.io/acme/* or **/acme/*"},
    {"docker.io/nginx", "on Docker Hub nginx is called library/nginx; write docker.io/library/nginx"},
    {"docker.io/nginx:1.*", "on Docker Hub nginx is called library/nginx; write docker.io/library/nginx:1.*"},
    {"docker.io/*", "on Docker Hub * is called library/*; write docker.io/library/* or docker.io/**"},
    {"index.docker.io/nginx", "index.docker.io is called docker.io in every reference; write docker.io/library/nginx"},
    {"index.docker.io/acme/**", "index.docker.io is called docker.io in every reference; write docker.io/acme/**"},
    {"docker.io", "docker.io is a registry without an image; write docker.io/**"},
    {"ghcr.io:latest", "ghcr.io is a registry without an image; write ghcr.io/**:latest"},
    {"localhost", "localhost is a registry without an image; write localhost/**"},
    {"localhost:5000", "localhost:5000 is a registry without an image; write localhost:5000/**"},
    {"*.example.com", "*.example.com is a registry without an image; write *.example.com/**"},
    {"[::1]:5000", "[::1]:5000 is a registry without an image; write [::1]:5000/**"},
    {"localhost:0/**", "localhost:0 is not a valid registry: a port is a number between 1 and 65535"},
    {"a.io:70000/**", "a.io:70000 is not a valid registry: a port is a number between 1 and 65535"},
    {"ghcr.io/Acme/api", "repositories are lower-case; write ghcr.io/acme/api"},
    {"**/Acme/*", "repositories are lower-case; write **/acme/*"},
    {"ghcr.io/acme/", "a part of the name is empty behind the last '/'; write ghcr.io/acme/**"},
    {"/acme/api", "the name begins with '/'; write **/acme/api"},
    {"ghcr.io//api", "a part of the name is empty between two '/'"},
    {"ghcr.io/acme/-x", "no image's name goes on with '-' at position 14"},
    {"ghcr.io/a___b", "no image's name goes on with '_' at position 12"},
    {"ghcr.io/acme:5000/x", "no image's name goes on with ':' at position 13"},
    {"ghcr.io/acme/x-", "the name is incomplete"},
    {"ghcr.io/.*", "'.' matches only itself, and no part of a name begins with it; write * for any characters"},
    {"https://ghcr.io/acme/*", "references have no scheme; write ghcr.io/acme/*"},
    {"ghcr.io/acme/api?", "'?' is not a wildcard here; write * for any characters of one part"},
    {"ghcr.io/[ab]/x",
     "'[' does not begin a set of characters here (an IPv6 address alone may have it); write * or a pattern for each"},
    {"ghcr.io/{a,b}/x", "'{' does not begin a choice here; write a pattern for each"},
    {"!ghcr.io/**", "'!' excludes nothing here; write a rule for the exceptions before this one"},
    {"^ghcr.io/a$", "a pattern is always about the whole name; leave '^' away"},
    {"ghcr.io/a, ghcr.io/b", "',' separates nothing here; write a list of patterns"},
    {" ghcr.io/a", "a space is in no image's name"},
    {"ghcr.io/\xc3\xa4", "position 9: \"\\xc3\" is in no image's name"},
    {":latest", "the name is missing; write *:latest for any"},
    {"@sha256:*", "the name is missing; write *@sha256:* for any"},
    {"*:", "the tag behind ':' is empty; leave ':' away for any tag"},
    {"*:.a", "a tag begins with a letter, a digit or '_', not with '.'"},
    {"*:-*", "a tag begins with a letter, a digit or '_', not with '-'"},
    {"*:a:b", "':' is in no tag"},
    {"*:" + std::string(129, 'a') + "*", "a tag has at most 128 characters, not 129"},
    {"*@", "the digest behind '@' is empty; write @sha256:* for any"},
    {"*@sha256:abc", "the digest has 3 hexadecimal digits of 64 (sha256); write @sha256:abc* for a prefix"},
    {"*@sha256:ABC*", "a digest has small letters; write @sha256:abc*"},
    {"*@abc*", "a digest begins with its algorithm; write @sha256:abc*"},
    {"*@md5:*", "a digest is sha256: and 64 hexadecimal digits (of sha512: 128), of which * may replace any number"},
    {"*@sha256:" + hex_a + "a*",
     "a digest is sha256: and 64 hexadecimal digits (of sha512: 128), of which * may replace any number"},
    {"a.io/" + std::string(256, 'a') + "*", "a repository has at most 255 characters, and this matches 256 at least"},
    {std::string(1025, '*'), "it has 1025 bytes, and no reference has more than 1024"},
};

TEST(ReferencePattern, RefusesWhatCanMatchNothingAndSaysWhatWasMeant) {
  for (const impossible& i : impossibles) {
    const auto p = reference_pattern::parse(i.pattern);
    ASSERT_FALSE(p) << i.pattern;
    EXPECT_EQ(p.error().code, error_code::invalid_input);
    EXPECT_EQ(p.error().message, pinhook::quoted(i.pattern) + " can match no image: " + i.reason);
  }
}

/// The patterns that a message says one could write.
std::vector<std::string> suggestions_in(const std::string& message) {
  std::vector<std::string> out;
  std::size_t at = message.rfind("; write ");
  if (at == std::string::npos) return out;
  for (std::string rest = message.substr(at + 8); !rest.empty();) {
    const std::size_t next = rest.find(" or ");
    out.push_back(rest.substr(0, next));
    rest = next == std::string::npos ? "" : rest.substr(next + 4);
  }
  return out;
}

TEST(ReferencePattern, SuggestsOnlyWhatItTakes) {
  std::size_t suggested = 0;
  for (const impossible& i : impossibles)
    for (const std::string& one : suggestions_in(i.reason)) {
      if (one.contains(' ') || one.starts_with('@')) continue;
      EXPECT_TRUE(reference_pattern::parse(one)) << one;
      ++suggested;
    }
  EXPECT_GT(suggested, 25U);
}

TEST(ReferencePattern, RefusesNothingThatAReferenceMatches) {
  dice d(5);
  std::size_t refused = 0;
  for (int i = 0; i < 4'000; ++i) {
    const std::string text = testing::random_pattern(d);
    const pattern_parts parts = split_pattern(text);
    const glob name(parts.name);
    // Patterns that are refused for their characters, tag or digest are in the table.
    if (reference_pattern::parse(text) || !shortest_name(name).name.empty()) continue;
    ++refused;
    for (int n = 0; n < 40; ++n) {
      const auto ref = ref_of(testing::random_reference(d));
      ASSERT_FALSE(name.matches(canonical_name(ref))) << text << " on " << ref.canonical();
    }
  }
  EXPECT_GT(refused, 50U);
}

TEST(ReferencePattern, MatchesAsThePlainWayDoes) {
  dice d(6);
  std::size_t matched = 0;
  for (int i = 0; i < 3'000; ++i) {
    const reference_pattern p = testing::some_pattern(d);
    for (int n = 0; n < 20; ++n) {
      const auto ref = ref_of(testing::random_reference(d));
      bool is_match = testing::matches_plainly(p.name().text(), canonical_name(ref));
      if (!p.tag().is_empty())
        is_match =
            is_match && !ref.effective_tag().empty() && testing::matches_plainly(p.tag().text(), ref.effective_tag());
      if (!p.digest().is_empty())
        is_match = is_match && ref.digest() && testing::matches_plainly(p.digest().text(), ref.digest()->to_string());
      ASSERT_EQ(p.matches(ref), is_match) << p.text() << " on " << ref.written();
      matched += is_match ? 1 : 0;
    }
  }
  EXPECT_GT(matched, 2'000U);
}

struct pair_row {
  std::string wide, narrow;
  bool is_covered;
};

TEST(ReferencePattern, Covers) {
  const std::vector<pair_row> pairs{
      {"*", "**", true},
      {"**", "*", true},
      {"*", "*:latest", true},
      {"*:latest", "*", false},
      {"*:*", "*", false},
      {"*:*", "*:latest", true},
      {"*:v*", "*:v2.*", true},
      {"*:v2.*", "*:v*", false},
      {"*:v*", "*:v**", true},
      {"*", "*@sha256:*", true},
      {"*@*", "*@sha256:*", true},
      {"*@sha256:*", "*@*", false},
      {"*:*", "*@sha256:*", false},
      {"*:latest", "*:latest@sha256:*", true},
      {"docker.io/library/*", "docker.io/library/nginx", true},
      {"docker.io/library/*", "docker.io/library/nginx:1.25", true},
      {"docker.io/library/nginx:1.25", "docker.io/library/nginx", false},
      {"docker.io/library/*", "docker.io/library/**", false},
      {"docker.io/library/**", "docker.io/library/*", true},
      {"docker.io/*/*", "docker.io/library/*", true},
      {"docker.io/*/**", "docker.io/**", true},
      {"ghcr.io/*/**", "ghcr.io/**", false},
      {"docker.io/**", "docker.io/library/nginx*", true},
      {"docker.io/**", "docker.io**", false},
      {"*/**", "*", true},
      {"**/*", "*", true},
      {"*/*/**", "*", false},
      {"**/istio/proxyv2", "docker.io/istio/proxyv2", true},
      {"**/istio/proxyv2", "**/mirror/istio/proxyv2", true},
      {"**/istio/*", "**/istio/proxyv2", true},
      {"**/istio/proxyv2", "**/proxyv2", false},
      {"**/proxyv2", "**/istio/proxyv2", true},
      {"*/proxyv2", "**/proxyv2", false},
      {"**nginx**", "**/nginx", true},
      {"**/nginx", "**nginx", false},
      {"*:5000/**", "localhost:5000/**", true},
      {"localhost:5000/**", "*:5000/**", false},
      {"*.example.com/**", "*.eu.example.com/**", true},
      {"ghcr.io/a*/**", "ghcr.io/acme/*", true},
      {"ghcr.io/a*e/**", "ghcr.io/ab*e/x", true},
      {"ghcr.io/a*e/**", "ghcr.io/ab*/x", false},
      {"**/*", "ghcr.io/**", true},
  };
  for (const pair_row& p : pairs)
    EXPECT_EQ(pattern_of(p.wide).covers(pattern_of(p.narrow)), p.is_covered) << p.wide << " over " << p.narrow;
}

TEST(ReferencePattern, CoversItself) {
  dice d(7);
  for (int i = 0; i < 500; ++i) {
    const reference_pattern p = testing::some_pattern(d);
    EXPECT_TRUE(p.covers(p)) << p.text();
  }
}

TEST(ReferencePattern, NeverSaysWronglyThatItCovers) {
  dice d(8);
  std::vector<registry::reference> refs;
  for (int i = 0; i < 1'500; ++i) refs.push_back(ref_of(testing::random_reference(d)));
  std::size_t covered = 0;
  for (int i = 0; i < 6'000; ++i) {
    const reference_pattern wide = testing::some_pattern(d), narrow = testing::some_pattern(d);
    if (!wide.covers(narrow)) continue;
    ++covered;
    for (const auto& ref : refs)
      ASSERT_TRUE(wide.matches(ref) || !narrow.matches(ref))
          << wide.text() << " over " << narrow.text() << ": " << ref.written();
  }
  EXPECT_GT(covered, 50U);
}

struct spelling_row {
  std::string_view written, common;
};

TEST(CommonSpelling, IsOneForEachRegistry) {
  for (const auto& [written, common] : {spelling_row{"GHCR.io/acme/api:v2", "ghcr.io/acme/api:v2"},
                                        {"quay.io:443/a/b", "quay.io/a/b:latest"},
                                        {"Quay.IO:0443/a/b:1", "quay.io/a/b:1"},
                                        {"quay.io:05000/a", "quay.io:5000/a:latest"},
                                        {"localhost:443/a", "localhost/a:latest"},
                                        {"INDEX.docker.io/nginx", "docker.io/library/nginx:latest"},
                                        {"Docker.io/nginx:1", "docker.io/library/nginx:1"},
                                        {"[FD00::1]:443/a", "[fd00::1]/a:latest"}}) {
    const auto found = in_common_spelling(ref_of(written));
    ASSERT_TRUE(found) << written;
    EXPECT_EQ(found->canonical(), common) << written;
  }
  const auto pinned = in_common_spelling(ref_of("GHCR.io/a:1@sha256:" + std::string(64, 'a')));
  ASSERT_TRUE(pinned);
  EXPECT_EQ(pinned->tag(), "1");
  EXPECT_TRUE(pinned->is_pinned());
}

TEST(CommonSpelling, IsMostlyThatWhichIsWritten) {
  for (const std::string_view written : {"nginx", "ghcr.io/acme/api:V2", "localhost:5000/a", "host:443/a", "A/a",
                                         "quay.io:8443/a", "[fd00::1]/a", "[fd00::1]:5000/a"})
    EXPECT_FALSE(in_common_spelling(ref_of(written))) << written;
}

TEST(ReferencePattern, IsWrittenInCommonSpelling) {
  EXPECT_EQ(reference_pattern::parse("GHCR.io/**").error().message,
            "\"GHCR.io/**\" can match no image: registries are compared by their common spelling; write ghcr.io/**");
  EXPECT_EQ(reference_pattern::parse("quay.io:443/a:1").error().message,
            "\"quay.io:443/a:1\" can match no image: registries are compared by their common spelling; write "
            "quay.io/a:1");
}

}  // namespace
}  // namespace pinhook::rules
