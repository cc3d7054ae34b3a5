#include <pinhook/registry/reference.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pinhook::registry {
namespace {

using namespace std::string_literals;

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

const std::string hex64 = repeat("0123456789abcdef", 4);
const std::string sha256 = "sha256:" + hex64;
const std::string sha384 = "sha384:" + repeat("0123456789abcdef", 6);
const std::string sha512 = "sha512:" + repeat("0123456789abcdef", 8);

struct good {
  std::string input, registry, repository;
  /// The effective tag.
  std::string tag = "latest";
  std::string digest = "";
};

struct bad {
  std::string input;
  std::size_t position;
  /// A part of the reason.
  std::string reason;
};

void expect_good(const std::vector<good>& rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.input);
    const auto ref = reference::parse(row.input);
    ASSERT_TRUE(ref) << ref.error().message;
    EXPECT_EQ(ref->written(), row.input);
    EXPECT_EQ(ref->registry(), row.registry);
    EXPECT_EQ(ref->repository(), row.repository);
    EXPECT_EQ(ref->effective_tag(), row.tag);
    EXPECT_EQ(ref->digest() ? ref->digest()->to_string() : "", row.digest);
    EXPECT_EQ(ref->is_pinned(), !row.digest.empty());
    const std::string last = row.digest.empty() ? ":" + row.tag : "@" + row.digest;
    EXPECT_EQ(ref->canonical(), row.registry + "/" + row.repository + last);
    const auto again = reference::parse(ref->canonical());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->canonical(), ref->canonical());
  }
}

void expect_bad(const std::vector<bad>& rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.input);
    const auto ref = reference::read(row.input);
    if (ref) {
      ADD_FAILURE() << "accepted as " << ref->canonical();
      continue;
    }
    EXPECT_EQ(ref.error().position, row.position) << ref.error().reason;
    EXPECT_NE(ref.error().reason.find(row.reason), std::string::npos) << ref.error().reason;
    const auto parsed = reference::parse(row.input);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, error_code::invalid_input);
  }
}

TEST(Reference, NormalisesAsTheKubeletDoes) {
  expect_good({
      {"busybox", "docker.io", "library/busybox"},
      {"library/busybox", "docker.io", "library/busybox"},
      {"docker.io/busybox", "docker.io", "library/busybox"},
      {"docker.io/library/busybox:latest", "docker.io", "library/busybox"},
      {"index.docker.io/fooo/bar", "docker.io", "fooo/bar"},
      {"registry-1.docker.io/library/x", "registry-1.docker.io", "library/x"},
      {"docker.io/library/foo/bar", "docker.io", "library/foo/bar"},
      {"gcr.io/library/busybox:latest@" + sha256, "gcr.io", "library/busybox", "latest", sha256},
      {"repo@" + sha256, "docker.io", "library/repo", "", sha256},
      {"test_com", "docker.io", "library/test_com"},
      {"test_com/foo", "docker.io", "test_com/foo"},
      {"192.168.1.1:5000/repo:5050", "192.168.1.1:5000", "repo", "5050"},
      {"xn--n3h.com:18080/foo", "xn--n3h.com:18080", "foo"},
      {"b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io", "test.example.com/my-app", "test.example.com"},
      {"sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com", "bar/baz/quux", "some-long-tag"},
      {"mirror.gcr.io/ubuntu", "mirror.gcr.io", "ubuntu"},
      {"localhost:8080/bar", "localhost:8080", "bar"},
      {"lowercase:Uppercase", "docker.io", "library/lowercase", "Uppercase"},
      {"dock__er/docker", "docker.io", "dock__er/docker"},
      {"docker---rules/docker", "docker.io", "docker---rules/docker"},
      {"[fc00::1]:5000/docker", "[fc00::1]:5000", "docker"},
      {"[2001:db8::1]/repo", "[2001:db8::1]", "repo"},
      {"repo@" + sha512, "docker.io", "library/repo", "", sha512},
      {"example.com/" + repeat("a", 255), "example.com", repeat("a", 255)},
      {"repo:" + repeat("t", 128), "docker.io", "library/repo", repeat("t", 128)},
      {"127.1/x", "127.1", "x"},
      {"0x7f.1/x", "0x7f.1", "x"},
      {"169.254.169.254/latest/meta-data", "169.254.169.254", "latest/meta-data"},
      {"2130706433/x", "docker.io", "2130706433/x"},
  });
}

TEST(Reference, RefusesWhatTheKubeletRefuses) {
  expect_bad({
      {"docker/Docker", 8, "upper-case letter 'D'"},
      {"docker.io/docker/Docker", 18, "upper-case letter 'D'"},
      {"Uppercase:tag", 1, "upper-case letter 'U'"},
      {"test:5000/Uppercase/lowercase", 11, "upper-case letter 'U'"},
      {"-docker/docker", 1, "must not begin with '-'"},
      {"docker-/docker", 7, "must not end with '-'"},
      {"_docker/_docker", 1, "must not begin with '_'"},
      {"____/____", 1, "must not begin with '_'"},
      {"docker///docker", 8, "empty"},
      {"docker/", 8, "empty"},
      {"dock..er", 6, "'.' after '.'"},
      {"dock_.er", 6, "'.' after '_'"},
      {"dock-.er", 6, "'.' after '-'"},
      {"", 1, "must not be empty"},
      {":justtag", 1, "empty"},
      {"@" + sha256, 1, "empty"},
      {"repo@sha256:" + repeat("f", 34), 47, "64 hexadecimal digits, not 34"},
      {"repo@sha256:" + repeat("F", 64), 13, "lower-case"},
      {"repo@sha512:" + repeat("f", 64), 77, "128 hexadecimal digits, not 64"},
      {"example.com/" + repeat("a", 256), 13, "at most 255 characters, not 256"},
      {"repo:" + repeat("t", 129), 134, "at most 128 characters, not 129"},
      {"library/ubuntu:", 16, "tag after ':' is empty"},
      {"user@host.com/x", 5, "'@' is not allowed in a registry name"},
      {"host.com/x?y=1", 11, "'?' is not allowed in a repository name"},
      {"host.com/x#y", 11, "'#' is not allowed in a repository name"},
  });
}

TEST(Reference, SeparatesComponentsByTheGrammar) {
  expect_good({
      {"a", "docker.io", "library/a"},
      {"0", "docker.io", "library/0"},
      {"a.b", "docker.io", "library/a.b"},
      {"a_b", "docker.io", "library/a_b"},
      {"a__b", "docker.io", "library/a__b"},
      {"a-b", "docker.io", "library/a-b"},
      {"a--------b", "docker.io", "library/a--------b"},
      {"x/a.b_c__d-e--f", "docker.io", "x/a.b_c__d-e--f"},
      {"x.io/project--id.module--name.ver---sion", "x.io", "project--id.module--name.ver---sion"},
      {"1/2/3/4/5/6/7/8/9", "docker.io", "1/2/3/4/5/6/7/8/9"},
      {"a/b.c/d", "docker.io", "a/b.c/d"},
  });
  expect_bad({
      {"a___b", 4, "'_' after '__'"},
      {"a._b", 3, "'_' after '.'"},
      {"a-_b", 3, "'_' after '-'"},
      {"a_-b", 3, "'-' after '_'"},
      {"a__-b", 4, "'-' after '__'"},
      {"a.-b", 3, "'-' after '.'"},
      {"a-.b", 3, "'.' after '-'"},
      {"a--_b", 4, "'_' after '--'"},
      {"a..b", 3, "'.' after '.'"},
      {"a.", 2, "must not end with '.'"},
      {"a_", 2, "must not end with '_'"},
      {"a__", 3, "must not end with '_'"},
      {"a--:t", 3, "must not end with '-'"},
      {"a-@" + sha256, 2, "must not end with '-'"},
      {".a", 1, "must not begin with '.'"},
      {"x/.a", 3, "must not begin with '.'"},
      {"x/../y", 3, "must not begin with '.'"},
      {"x.io/../etc", 6, "must not begin with '.'"},
      {"a-B", 3, "upper-case letter 'B'"},
      {"a//b", 3, "empty"},
      {"/a", 1, "empty"},
      {"/", 1, "empty"},
      {"a/b/", 5, "empty"},
      {"a/:t", 3, "empty"},
      {"a/@" + sha256, 3, "empty"},
      {"a+b", 2, "'+' is not allowed in a repository name"},
      {"a~b", 2, "'~' is not allowed in a repository name"},
      {"a%2fb", 2, "'%' is not allowed in a repository name"},
      {"a\\b", 2, "is not allowed in a repository name"},
      {"aa/asdf$$^/aa", 8, "'$' is not allowed in a repository name"},
      {"{{image}}", 1, "'{' is not allowed in a repository name"},
  });
}

TEST(Reference, KnowsARegistryByItsLook) {
  expect_good({
      // Without a slash there is no registry.
      {"localhost", "docker.io", "library/localhost"},
      {"example.com", "docker.io", "library/example.com"},
      {"docker.io", "docker.io", "library/docker.io"},
      {"192.168.0.1:80", "docker.io", "library/192.168.0.1", "80"},
      {"localhost:8080@" + sha256, "docker.io", "library/localhost", "8080", sha256},
      {"a_b.com:8080", "docker.io", "library/a_b.com", "8080"},
      // With one: "localhost", a '.', a ':' or an upper-case letter.
      {"localhost/x", "localhost", "x"},
      {"localhost1/x", "docker.io", "localhost1/x"},
      {"LOCALHOST/x", "LOCALHOST", "x"},
      {"Foo/bar", "Foo", "bar"},
      {"fOO/bar", "fOO", "bar"},
      {"foo/bar", "docker.io", "foo/bar"},
      {"F/bar/baz", "F", "bar/baz"},
      {"Docker.io/busybox", "Docker.io", "busybox"},
      {"Asdf.com/foo/bar", "Asdf.com", "foo/bar"},
      {"x:1/y", "x:1", "y"},
      {"a.b/c", "a.b", "c"},
      {"a-b.c-d.e/f", "a-b.c-d.e", "f"},
      {"a--b.c/f", "a--b.c", "f"},
      {"0101.com/x", "0101.com", "x"},
      {"10.0.0.1/x", "10.0.0.1", "x"},
      {"999.999.999.999/x", "999.999.999.999", "x"},
      // Docker Hub under its other names.
      {"docker.io/a/b", "docker.io", "a/b"},
      {"index.docker.io/x", "docker.io", "library/x"},
      {"index.docker.io/x:1@" + sha256, "docker.io", "library/x", "1", sha256},
      {"docker.io/docker.io/x", "docker.io", "docker.io/x"},
      {"docker.io:443/x", "docker.io:443", "x"},
      {"index.docker.io:443/x", "index.docker.io:443", "x"},
      {"www.docker.io/x", "www.docker.io", "x"},
      {"gcr.io/x", "gcr.io", "x"},
  });
  expect_bad({
      {"-a.com/x", 1, "must not begin with '-'"},
      {"a-.com/x", 2, "must not end with '-'"},
      {"a.-com/x", 3, "must not begin with '-'"},
      {"a.com-/x", 6, "must not end with '-'"},
      {"a.com-:80/x", 6, "must not end with '-'"},
      {"a.com./x", 7, "empty part between dots"},
      {"a..com/x", 3, "empty part between dots"},
      {".com/x", 1, "the registry name is empty"},
      {"./x", 1, "the registry name is empty"},
      {"../x", 1, "the registry name is empty"},
      {"a.b_c.com/x", 4, "'_' is not allowed in a registry name"},
      {"a_b.com:80/x", 2, "'_' is not allowed in a registry name"},
      {"Foo_bar/x", 4, "'_' is not allowed in a registry name"},
      {"docker.io/", 11, "empty"},
      {"docker.io//x", 11, "empty"},
      {"localhost/", 11, "empty"},
      {"index.docker.io/:1", 17, "empty"},
      {"Foo/Bar", 5, "upper-case letter 'B'"},
      {"foo:bar/baz", 5, "'b' is not allowed in a port; a tag can only follow the last '/'"},
      {"host:http/x", 6, "'h' is not allowed in a port"},
      {"user:password@host.com/x", 6, "'p' is not allowed in a port"},
  });
}

TEST(Reference, ChecksPorts) {
  expect_good({
      {"h:1/x", "h:1", "x"},
      {"h:80/x", "h:80", "x"},
      {"h:65535/x", "h:65535", "x"},
      // Kept as written, as the kubelet does.
      {"h:0080/x", "h:0080", "x"},
      {"h:000000065535/x", "h:000000065535", "x"},
  });
  expect_bad({
      {"h:0/x", 3, "between 1 and 65535"},
      {"h:000/x", 3, "between 1 and 65535"},
      {"h:65536/x", 3, "between 1 and 65535"},
      {"h:99999999999999999999999/x", 3, "between 1 and 65535"},
      {"h:4294967376/x", 3, "between 1 and 65535"},
      {"h:/x", 3, "port after ':' is empty"},
      {"h:-1/x", 3, "'-' is not allowed in a port"},
      {"h:+1/x", 3, "'+' is not allowed in a port"},
      {"h: 1/x", 3, "a space is not allowed in a port"},
      {"h:80:80/x", 5, "':' is not allowed in a port"},
      {"h::80/x", 3, "':' is not allowed in a port"},
      {"h:8a/x", 4, "'a' is not allowed in a port"},
      {":5000/x", 1, "the registry name is empty"},
      {"[::1]:0/x", 7, "between 1 and 65535"},
      {"[::1]:65536/x", 7, "between 1 and 65535"},
  });
}

TEST(Reference, ReadsIpv6Registries) {
  expect_good({
      {"[::1]/x", "[::1]", "x"},
      {"[::1]:5000/x:t", "[::1]:5000", "x", "t"},
      {"[2001:DB8::A]/x", "[2001:DB8::A]", "x"},
      {"[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]", "repo", "tag"},
      {"[2001:db8::]:5000/repo@" + sha256, "[2001:db8::]:5000", "repo", "", sha256},
  });
  expect_bad({
      {"[::1]", 1, "'[' is not allowed in a repository name"},
      {"[::1]:5000", 1, "'[' is not allowed in a repository name"},
      {"[]/x", 1, "'[' is not allowed in a repository name"},
      {"[]:80/x", 2, "is empty"},
      {"[::1/x", 5, "']' is missing"},
      {"[::1]5000/x", 6, "'5' after ']'"},
      {"[::1]::80/x", 7, "':' is not allowed in a port"},
      {"[::1].com/x", 6, "'.' after ']'"},
      {"[fe80::1%eth0]:5000/x", 9, "must not have a zone"},
      {"[2001:db8:3:4::192.0.2.33]:5000/x", 19, "without a dotted quad"},
      {"[::ffff:1.2.3.4]/x", 10, "without a dotted quad"},
      {"[::g]/x", 4, "'g' is not allowed in an IPv6 address"},
      {"::1/x", 1, "the registry name is empty"},
      {"fc00::1:5000/x", 6, "':' is not allowed in a port"},
      {"a[::1]/x", 2, "'[' is not allowed in a registry name"},
  });
}

TEST(Reference, ChecksTags) {
  expect_good({
      {"a:_", "docker.io", "library/a", "_"},
      {"a:0", "docker.io", "library/a", "0"},
      {"a:Z", "docker.io", "library/a", "Z"},
      {"a:v1.2.3-rc_4", "docker.io", "library/a", "v1.2.3-rc_4"},
      {"a:x..--__", "docker.io", "library/a", "x..--__"},
      {"a:latest", "docker.io", "library/a", "latest"},
      {"h.io/a:" + repeat("9", 128), "h.io", "a", repeat("9", 128)},
      {hex64 + ":t", "docker.io", "library/" + hex64, "t"},
      {sha256, "docker.io", "library/sha256", hex64},
  });
  expect_bad({
      {"a:", 3, "tag after ':' is empty"},
      {"a:@" + sha256, 3, "tag after ':' is empty"},
      {"a:.b", 3, "not with '.'"},
      {"a:-b", 3, "not with '-'"},
      {"a::b", 3, "':' is not allowed in a tag"},
      {"a:b:c", 4, "':' is not allowed in a tag"},
      {"h.io/a:b/c", 9, "'/' is not allowed in a tag"},
      {"a:b+c", 4, "'+' is not allowed in a tag"},
      {"a:$TAG", 3, "'$' is not allowed in a tag"},
      {"a:b c", 4, "a space is not allowed in a tag"},
      {"h.io/a:" + repeat("9", 129), 136, "at most 128 characters, not 129"},
  });
}

TEST(Reference, ChecksDigests) {
  expect_good({
      {"a:t@" + sha256, "docker.io", "library/a", "t", sha256},
      {"a@" + sha384, "docker.io", "library/a", "", sha384},
      {"h.io/a:t@" + sha512, "h.io", "a", "t", sha512},
  });
  expect_bad({
      {"a@", 3, "empty"},
      {"a@sha256", 9, "':'"},
      {"a@sha256:", 10, "64 hexadecimal digits, not 0"},
      {"a@" + hex64, 3, "unknown digest algorithm"},
      {"a@:" + hex64, 3, "unknown digest algorithm"},
      {"a@md5:" + repeat("0", 32), 3, "unknown digest algorithm \"md5\""},
      {"a@sha1:" + repeat("0", 40), 3, "unknown digest algorithm \"sha1\""},
      {"a@sha224:" + repeat("0", 56), 3, "unknown digest algorithm"},
      {"a@blake3:" + hex64, 3, "unknown digest algorithm"},
      {"a@SHA256:" + hex64, 3, "unknown digest algorithm \"SHA256\""},
      {"a@sha256+b64:" + hex64, 3, "unknown digest algorithm"},
      {"a@sha256:" + repeat("0", 63), 73, "not 63"},
      {"a@sha256:" + repeat("0", 65), 74, "not 65"},
      {"a@sha256:" + repeat("0", 63) + "A", 73, "lower-case"},
      {"a@sha256:" + repeat("0", 63) + "g", 73, "\"g\" is not a hexadecimal digit"},
      {"a@sha384:" + hex64, 74, "96 hexadecimal digits, not 64"},
      {"a@" + sha256 + "@" + sha256, 74, "\"@\" is not a hexadecimal digit"},
      {"a@" + sha256 + ":t", 74, "\":\" is not a hexadecimal digit"},
      {"a@" + sha256 + " ", 74, "\" \" is not a hexadecimal digit"},
      {"a@@" + sha256, 3, "unknown digest algorithm"},
  });
}

TEST(Reference, TakesABareHashForAnImageId) {
  expect_bad({{hex64, 1, "image ID"}, {repeat("f", 64), 1, "image ID"}});
  expect_bad({{repeat("F", 64), 1, "upper-case letter 'F'"}});
  expect_good({
      {"docker.io/" + hex64, "docker.io", "library/" + hex64},
      {hex64 + "/x", "docker.io", hex64 + "/x"},
      {hex64.substr(1), "docker.io", "library/" + hex64.substr(1)},
      {hex64 + "0", "docker.io", "library/" + hex64 + "0"},
      {hex64.substr(1) + "g", "docker.io", "library/" + hex64.substr(1) + "g"},
  });
}

TEST(Reference, RefusesWhatIsNoPlainText) {
  expect_bad({
      {" a", 1, "a space"},
      {"a ", 2, "a space"},
      {"a b", 2, "a space"},
      {"a\tb", 2, "a tab"},
      {"a\n", 2, "a line break"},
      {"a\r\n", 2, "a line break"},
      {"h.io /a", 5, "a space is not allowed in a registry name"},
      {"h.io/a:t\n", 9, "a line break is not allowed in a tag"},
      {"a\0b"s, 2, "a control character (\\x00)"},
      {"\0"s, 1, "a control character (\\x00)"},
      {"a\x7f", 2, "a control character (\\x7f)"},
      {"a\x1b[31m", 2, "a control character (\\x1b)"},
      {"caf\xc3\xa9", 4, "a character outside ASCII (\\xc3)"},
      {"\xef\xbb\xbfnginx", 1, "a character outside ASCII (\\xef)"},
      {"\xe2\x98\x83.com/x", 1, "a character outside ASCII (\\xe2)"},
      {"a\xff", 2, "a character outside ASCII (\\xff)"},
      {"a:\xc3\xa9", 3, "a character outside ASCII (\\xc3) is not allowed in a tag"},
      {"\"nginx\"", 1, "'\"' is not allowed"},
  });
}

TEST(Reference, AsksToRemoveAScheme) {
  expect_bad({
      {"http://x/y", 1, "remove the scheme \"http://\""},
      {"https://github.com/docker/docker", 1, "remove the scheme \"https://\""},
      {"docker://nginx:1", 1, "remove the scheme \"docker://\""},
      {"oci://x.io/y", 1, "remove the scheme \"oci://\""},
      // Not a scheme: the port is empty, then a component.
      {"a/b://c", 5, "'/' is not allowed in a tag"},
  });
}

TEST(Reference, LimitsTheRepository) {
  const std::string longest = repeat("a/", 127) + "a";
  ASSERT_EQ(longest.size(), max_repository_size);
  expect_good({
      {repeat("a", 247), "docker.io", "library/" + repeat("a", 247)},
      {"docker.io/" + repeat("a", 247), "docker.io", "library/" + repeat("a", 247)},
      {longest, "docker.io", longest},
      {longest + ":tag-that-does-not-count", "docker.io", longest, "tag-that-does-not-count"},
      {repeat("h", 300) + ".io/" + longest, repeat("h", 300) + ".io", longest},
  });
  expect_bad({
      {repeat("a", 248), 1, "at most 255 characters with the \"library/\" of Docker Hub, not 256"},
      {"docker.io/" + repeat("a", 248), 11, "with the \"library/\" of Docker Hub"},
      {"index.docker.io/" + repeat("a", 248), 17, "with the \"library/\" of Docker Hub"},
      {repeat("a/", 128) + "a:tag", 1, "at most 255 characters, not 257"},
      {"x.io/" + repeat("a/", 127) + "aa", 6, "at most 255 characters, not 256"},
  });
}

TEST(Reference, LimitsTheWholeText) {
  const auto with_host = [](std::size_t size) { return repeat("h", size - 5) + ".io/x"; };
  ASSERT_EQ(with_host(max_reference_size).size(), max_reference_size);
  EXPECT_TRUE(reference::parse(with_host(max_reference_size)));
  expect_bad({
      {with_host(max_reference_size + 1), max_reference_size + 1, "at most 1024 bytes, not 1025"},
      {repeat("a", 1'000'000), max_reference_size + 1, "at most 1024 bytes, not 1000000"},
  });
  EXPECT_LT(reference::parse(repeat("\x01", 1'000'000)).error().message.size(), 1500U);
}

TEST(Reference, KeepsWhatTheAuthorWrote) {
  struct row {
    std::string written, name, tag;
  };
  for (const auto& [written, name, tag] : std::vector<row>{
           {"nginx", "nginx", ""},
           {"nginx:1.25", "nginx", "1.25"},
           {"nginx@" + sha256, "nginx", ""},
           {"nginx:1.25@" + sha256, "nginx", "1.25"},
           {"index.docker.io/nginx:1", "index.docker.io/nginx", "1"},
           {"localhost:5000/a/b:c", "localhost:5000/a/b", "c"},
           {"[::1]:5000/a", "[::1]:5000/a", ""},
       }) {
    const auto ref = reference::parse(written);
    ASSERT_TRUE(ref) << ref.error().message;
    EXPECT_EQ(ref->written(), written);
    EXPECT_EQ(ref->written_name(), name);
    EXPECT_EQ(ref->tag(), tag);
  }
}

TEST(Reference, WithADigestIsWhatItsTextSays) {
  const auto digest = digest::parse(sha256).value();
  for (const std::string& text :
       {std::string("nginx"), std::string("nginx:1.25"), std::string("library/nginx"), std::string("docker.io/nginx:1"),
        std::string("index.docker.io/a/b"), std::string("localhost:5000/a/b:c"), std::string("[::1]:5000/a"),
        std::string("GHCR.io/acme/api:V2"), "nginx@sha256:" + repeat("b", 64), "nginx:1.25@sha256:" + repeat("b", 64),
        repeat("h", 1024 - 5 - 72) + ".io/x", repeat("h", 1024 - 5 - 79) + ".io/x",
        repeat("h", 1024 - 5 - 78) + ".io/x"}) {
    const auto ref = reference::parse(text).value();
    const std::string tag(ref.effective_tag());
    const auto plain =
        reference::parse(std::string(ref.written_name()) + (tag.empty() ? "" : ":" + tag) + "@" + digest.to_string());
    const auto made = ref.with_digest(digest);
    ASSERT_EQ(made.has_value(), plain.has_value()) << text;
    if (!made) continue;
    EXPECT_EQ(made->written(), plain->written());
    EXPECT_EQ(made->written_name(), plain->written_name());
    EXPECT_EQ(made->registry(), plain->registry());
    EXPECT_EQ(made->repository(), plain->repository());
    EXPECT_EQ(made->tag(), plain->tag());
    EXPECT_EQ(made->digest(), plain->digest());
    EXPECT_EQ(made->canonical(), plain->canonical());
    EXPECT_EQ(ref.written(), text) << "it stays as it was";
  }
}

TEST(Reference, SurvivesBeingMovedAndCopied) {
  auto ref = reference::parse("nginx:1").value();
  const reference copy = ref;
  const reference moved = std::move(ref);
  EXPECT_EQ(copy, moved);
  EXPECT_EQ(moved.written_name(), "nginx");
  EXPECT_EQ(moved.effective_tag(), "1");
  // NOLINTNEXTLINE(bugprone-use-after-move): it is empty, and may be read.
  EXPECT_EQ(ref.written() + ref.canonical(), "");
}

TEST(Reference, AsksDockerHubAtItsWireHost) {
  const auto host = [](std::string_view text) { return reference::parse(text)->wire_host(); };
  EXPECT_EQ(host("nginx"), "registry-1.docker.io");
  EXPECT_EQ(host("index.docker.io/nginx"), "registry-1.docker.io");
  EXPECT_EQ(host("registry-1.docker.io/library/nginx"), "registry-1.docker.io");
  EXPECT_EQ(host("docker.io:443/nginx"), "docker.io:443");
  EXPECT_EQ(host("ghcr.io/a/b"), "ghcr.io");
  EXPECT_EQ(host("localhost:5000/a"), "localhost:5000");
  EXPECT_EQ(host("[::1]:5000/a"), "[::1]:5000");
}

TEST(Reference, GivesEqualMeaningEqualText) {
  const auto canonical = [](std::string_view text) { return reference::parse(text)->canonical(); };
  for (const char* same : {"nginx", "nginx:latest", "library/nginx", "docker.io/nginx", "docker.io/library/nginx",
                           "index.docker.io/nginx", "index.docker.io/library/nginx:latest"})
    EXPECT_EQ(canonical(same), "docker.io/library/nginx:latest") << same;
  EXPECT_EQ(canonical("nginx:1@" + sha256), canonical("docker.io/library/nginx@" + sha256));
  EXPECT_NE(canonical("nginx:1"), canonical("nginx:2"));
  EXPECT_NE(canonical("a.io/nginx"), canonical("A.io/nginx"));
}

TEST(Reference, ErrorHoldsTextPositionAndReason) {
  const auto ref = reference::parse("nginx:");
  ASSERT_FALSE(ref);
  EXPECT_EQ(ref.error().code, error_code::invalid_input);
  EXPECT_EQ(ref.error().message, R"(invalid image reference "nginx:", position 7: the tag after ':' is empty)");
  EXPECT_NE(reference::parse("a\x1b[31m").error().message.find(R"("a\x1b[31m")"), std::string::npos);
}

}  // namespace
}  // namespace pinhook::registry
