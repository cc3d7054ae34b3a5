#include <pinhook/registry/image_pattern.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

struct row {
  std::string pattern;
  std::string image;
  bool is_match;
};

bool matches(const std::string& pattern, const std::string& image) {
  const auto parsed = parse_image_pattern(pattern);
  return parsed && parsed->matches(reference::parse(image).value());
}

void check(const std::vector<row>& rows) {
  for (const row& r : rows) EXPECT_EQ(matches(r.pattern, r.image), r.is_match) << r.pattern << " ~ " << r.image;
}

// kubernetes/pkg/credentialprovider/keyring_test.go: TestURLsMatch. A repository is added where the image has none.
TEST(ImagePattern, MatchesAsTheKubeletsOwnCases) {
  check({
      {"*.kubernetes.io", "prefix.kubernetes.io/x", true},
      {"prefix.*.io", "prefix.kubernetes.io/x", true},
      {"prefix.kubernetes.*", "prefix.kubernetes.io/x", true},
      {"*-good.kubernetes.io", "prefix-good.kubernetes.io/x", true},
      {"*.kubernetes.io/blah", "prefix.kubernetes.io/blah", true},
      {"prefix.*.io/foo", "prefix.kubernetes.io/foo/bar", true},
      {"*.kubernetes.io:1111/blah", "prefix.kubernetes.io:1111/blah", true},
      {"prefix.*.io:1111/foo", "prefix.kubernetes.io:1111/foo/bar", true},
      {"*.kubernetes.io", "kubernetes.io/x", false},
      {"*.*.kubernetes.io", "prefix.kubernetes.io/x", false},
      {"*.*.kubernetes.io", "kubernetes.io/x", false},
      {"kubernetes.io", "kubernetes.com/x", false},
      {"k*.io", "quay.io/x", false},
      {"*.kubernetes.io:1234/blah", "prefix.kubernetes.io:1111/blah", false},
      {"prefix.*.io/foo", "prefix.kubernetes.io:1111/foo/bar", false},
  });
}

// TestDockerKeyringForGlob and TestKeyringMiss; a ':' in a path is not a thing that an image can have.
TEST(ImagePattern, ReadsKeysAsTheKubeletsOwnCases) {
  check({
      {"https://hello.kubernetes.io", "hello.kubernetes.io/foo/bar", true},
      {"https://*.docker.io", "prefix.docker.io/foo/bar", true},
      {"https://prefix.*.io", "prefix.docker.io/foo/bar", true},
      {"https://prefix.docker.*", "prefix.docker.io/foo/bar", true},
      {"https://*.docker.io/path", "prefix.docker.io/path/foo/bar", true},
      {"https://prefix.*.io/path", "prefix.docker.io/path/subpath/foo/bar", true},
      {"https://prefix.docker.*/path", "prefix.docker.io/path/foo/bar", true},
      {"https://*.docker.io:8888", "prefix.docker.io:8888/foo/bar", true},
      {"https://prefix.*.io:8888", "prefix.docker.io:8888/foo/bar", true},
      {"https://prefix.docker.*:8888", "prefix.docker.io:8888/foo/bar", true},
      {"https://*.docker.io/v1/", "prefix.docker.io/path/foo/bar", true},
      {"https://*.docker.io/v2/", "prefix.docker.io/path/foo/bar", true},
      {"https://quay.io/v1/", "quay.io/foo/bar", true},
      {"prefix.docker.io:1111", "prefix.docker.io:1111/path/foo/bar", true},
      {"*.docker.io:1111", "prefix.docker.io:1111/path/foo/bar", true},
      {"https://hello.kubernetes.io", "world.mesos.org/foo/bar", false},
      {"https://*.docker.com", "prefix.docker.io/foo/bar", false},
      {"https://suffix.*.io", "prefix.docker.io/foo/bar", false},
      {"https://prefix.docker.c*", "prefix.docker.io/foo/bar", false},
      {"https://prefix.*.io/path:1111", "prefix.docker.io/path/subpath/foo/bar", false},
      {"suffix.*.io", "prefix.docker.io/foo/bar", false},
  });
}

TEST(ImagePattern, APathIsTheBeginOfTheName) {
  check({
      {"quay.io/pong", "quay.io/pong", true},
      {"quay.io/pong", "quay.io/pongz", true},  // kubernetes#102472
      {"quay.io/pong", "quay.io/pong/x", true},
      {"quay.io/pong/", "quay.io/pong/x", true},
      {"quay.io/pong/", "quay.io/pong", false},
      {"quay.io/pong/", "quay.io/pongz", false},
      {"quay.io/pongz", "quay.io/pong", false},
      {"quay.io/pong", "quay.io/x/pong", false},
      {"quay.io/", "quay.io/x", true},
      {"quay.io//", "quay.io/x", false},
      {"quay.io/a*", "quay.io/abc", false},
      {"quay.io/a%62", "quay.io/abc", true},
      {"quay.io/a%2Fb", "quay.io/a/b", true},
      {"quay.io/a:1", "quay.io/a:1", false},  // a tag is no part of the name
      {"quay.io/v1", "quay.io/x", false},     // only "/v1/" is dropped
      {"quay.io/v1", "quay.io/v1/x", true},
      {"quay.io/v1/v2/a", "quay.io/v2/a", true},
      {"quay.io/v2/acme", "quay.io/acme/x", true},
      {"quay.io/v3/", "quay.io/x", false},
  });
}

TEST(ImagePattern, AGlobStaysWithinItsLabel) {
  check({
      {"*.io", "quay.io/x", true},
      {"*.io", "a.quay.io/x", false},
      {"*", "localhost/x", true},
      {"*", "quay.io/x", false},
      {"*.*", "quay.io/x", true},
      {"*.*.*", "quay.io/x", false},
      {"quay.io*", "quay.io/x", true},
      {"quay.io*", "quay.io.evil.example/x", false},
      {"*quay.io", "evilquay.io/x", true},
      {"quay*io", "quay.io/x", false},
      {"**.quay.io", "a.quay.io/x", true},
      {"**.quay.io", "a.b.quay.io/x", false},
      {"a*b*c.io", "axbxc.io/x", true},
      {"a*b*c.io", "abcb.io/x", false},
      {"*a*a*a*b.io", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac.io/x", false},
      {"*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a", true},
      {"*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/a", false},
      {"*.dkr.ecr.*.amazonaws.com", "dkr.ecr.eu-west-1.amazonaws.com/a", false},
      {"Quay.io", "quay.io/x", false},
      {"quay.io.", "quay.io/x", false},
      {".io", "quay.io/x", false},
  });
}

TEST(ImagePattern, ClassesAreThoseOfFilepathMatch) {
  check({
      {"r[0-9].io", "r7.io/x", true},
      {"r[0-9].io", "ra.io/x", false},
      {"r[0-9].io", "r77.io/x", false},
      {"r[ab-d9]x.io", "rcx.io/x", true},
      {"r[ab-d9]x.io", "r9x.io/x", true},
      {"r[ab-d9]x.io", "rex.io/x", false},
      {"r[9-0].io", "r5.io/x", false},
      {"r[!a].io", "ra.io/x", true},  // '!' is one of its bytes, not a negation
      {"r[!a].io", "rb.io/x", false},
      {"r[*].io", "rr.io/x", false},
      {"r*[0-9].io", "rabc5.io/x", true},
      {"r*[0-9].io", "rabcd.io/x", false},
  });
}

TEST(ImagePattern, PortsAreEqualOrBothAbsent) {
  check({
      {"localhost:5000", "localhost:5000/x", true},
      {"localhost", "localhost:5000/x", false},
      {"localhost:5000", "localhost/x", false},
      {"localhost:5000", "localhost:50000/x", false},
      {"localhost:05000", "localhost:5000/x", false},
      {"localhost:*", "localhost:5000/x", false},
      {"quay.io:", "quay.io/x", true},
      {"quay.io:443", "quay.io/x", false},
      {"http://quay.io", "quay.io/x", true},
      {"http://quay.io:80", "quay.io/x", false},
      {"[::1]:5000", "[::1]:5000/x", true},
      {"[::1]:5001", "[::1]:5000/x", false},
      {"[::1]", "[::1]/x", false},  // without a port the brackets are a class, as in the kubelet
      {"a:1:5000", "a:5000/x", false},
  });
}

TEST(ImagePattern, AKeyIsReadAsAUrl) {
  check({
      {"user:password@quay.io/acme", "quay.io/acme/x", true},
      {"quay.io@evil.example", "quay.io/x", false},
      {"quay.io@evil.example", "evil.example/x", true},
      {"quay.io?x", "quay.io/x", true},
      {"quay.io#.evil.example", "quay.io/x", true},
      {"qua?.io", "quay.io/x", false},  // '?' ends the URL's path: never a glob
      {"quay.io/acme?", "quay.io/acme/x", true},
      {"HTTPS://quay.io", "quay.io/x", false},
      {"ftp://quay.io", "quay.io/x", false},
      {"https://https://quay.io", "quay.io/x", false},
      {"//quay.io", "quay.io/x", false},
      {" quay.io", "quay.io/x", false},
      {"quay.io ", "quay.io/x", false},
  });
}

TEST(ImagePattern, DockerHubIsDockerIo) {
  check({
      {"docker.io", "nginx", true},
      {"docker.io/library", "nginx", true},
      {"docker.io/library/nginx", "docker.io/nginx:1", true},
      {"docker.io/acme", "nginx", false},
      {"index.docker.io", "nginx", false},  // the keyring's fallback
      {"registry-1.docker.io", "nginx", false},
      {"*.io", "acme/api", true},
  });
}

TEST(ImagePattern, KeysAreWhatCounts) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"https://index.docker.io/v1/", "index.docker.io"},
      {"https://index.docker.io/v1", "index.docker.io/v1"},
      {"http://index.docker.io/v2/", "index.docker.io"},
      {"quay.io/", "quay.io"},
      {"quay.io/v1/acme/", "quay.io/acme/"},
      {"user@*.io:5000/a%20b?c", "*.io:5000/a b"},
  };
  for (const auto& [text, key] : rows) EXPECT_EQ(parse_image_pattern(text).value().key(), key) << text;
}

TEST(ImagePattern, RefusesWhatTheKubeletPassesOver) {
  const std::vector<std::string> rows{
      "",
      "https://",
      "/path",
      "https:///path",
      "@",
      ":5000",
      "a b.io",
      "a\\*.io",
      "a^.io",
      "{a,b}.io",
      "a%2A.io",
      "a%zz.io",
      "qu\xc3\xa4.io",
      "a[.io",
      "a[b.c]d.io",
      "a[].io",
      "a[]b].io",
      "a[-b].io",
      "a[b-].io",
      "a[b-]c].io",
      "[a].io",
      "[::1",
      "[::1]x",
      "quay.io:x",
      "quay.io:50x",
      "quay.io/%",
      "quay.io/%4",
      "quay.io/%zz",
      "quay.io\n",
      std::string("quay.io\0", 8),
      "us er@quay.io",
      "a%@quay.io",
  };
  for (const auto& text : rows) {
    const auto got = parse_image_pattern(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
    EXPECT_TRUE(got.error().message.contains("is not a valid image pattern: ")) << got.error().message;
  }
}

TEST(ImagePattern, IsLimited) {
  const std::string most = "quay.io/" + std::string(max_image_pattern_size - 8, 'a');
  EXPECT_TRUE(parse_image_pattern(most));
  const auto got = parse_image_pattern(most + "a");
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().message.ends_with("it is longer than 1024 bytes")) << got.error().message;
  EXPECT_LT(got.error().message.size(), 200U);
}

TEST(ImagePattern, StarsDoNotMultiply) {
  std::string stars;
  while (stars.size() < 900) stars += "*a";
  const std::string label(63, 'a');
  EXPECT_FALSE(matches(stars + "b.io", label + ".io/x"));
  EXPECT_TRUE(matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a.io", label + ".io/x"));
}

}  // namespace
}  // namespace pinhook::registry
