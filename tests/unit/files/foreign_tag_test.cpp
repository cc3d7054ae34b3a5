#include <pinhook/files/foreign_tag.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pinhook::files {
namespace {

struct comment_case {
  std::string_view comment;
  // The tag of nginx. Empty: unknown.
  std::string_view tag;
  // The rest of the comment without the pin.
  std::string_view left = {};
};

void expect_read(const comment_case& one, std::string_view image = "nginx") {
  const auto name = registry::reference::parse(std::string(image));
  ASSERT_TRUE(name);
  const auto found = read_foreign_tag(one.comment, *name);
  EXPECT_EQ(found ? found->tag.written() : "", one.tag) << one.comment;
  if (!found) return;
  std::string left(one.comment);
  left.erase(found->span.begin, found->span.size());
  EXPECT_EQ(left, one.left) << one.comment;
}

TEST(ForeignTag, ReadsCommentsOfOtherPrograms) {
  const comment_case table[] = {
      // ratchet: parser.go appends "ratchet:" and the reference to an existing comment.
      {" # ratchet:nginx:1.25", "nginx:1.25"},
      {"  #ratchet:nginx:1.25", "nginx:1.25"},
      {" # ratchet:docker.io/library/nginx:1.25", "nginx:1.25"},
      {" # ratchet:nginx", "nginx"},
      {" # keep me ratchet:nginx:1.25", "nginx:1.25", " # keep me"},
      {" # ratchet:nginx:1.25 keep me", "nginx:1.25", " # keep me"},
      {" # keep ratchet:nginx:1.25 me", "nginx:1.25", " # keep me"},
      {" # ratchet:nginx:1.25 # keep me", "nginx:1.25", " # keep me"},
      {" # keep me # ratchet:nginx:1.25", "nginx:1.25", " # keep me"},
      {" # keep me #ratchet:nginx:1.25 ", "nginx:1.25", " # keep me "},
      // frizbee: "%s%s@%s # %s" with the tag.
      {" # 1.25", "nginx:1.25"},
      {" # latest", "nginx:latest"},
      {" # 16", "nginx:16"},
      {" # 120", "nginx:120"},
      {" # v2", "nginx:v2"},
      {" # v1.25", "nginx:v1.25"},
      {"\t#\t1.25\t", "nginx:1.25", "\t"},
      {" # 1.25 # keep me", "nginx:1.25", " # keep me"},
      {" #1.25", "nginx:1.25"},
      {" #v1.25.3", "nginx:v1.25.3"},
      {" # 1.25-alpine", "nginx:1.25-alpine"},
      {" # 16-alpine", "nginx:16-alpine"},
      {" # 2022-latest", "nginx:2022-latest"},
      {" # 1.25.3_4", "nginx:1.25.3_4"},
      {" # v1.2.3-rc.1", "nginx:v1.2.3-rc.1"},
      {" # 3.13rc1", "nginx:3.13rc1"},
      {" # 1.0.0.Final", "nginx:1.0.0.Final"},
      {" # 2024.1.5", "nginx:2024.1.5"},
      {" # v1.2.3.4", "nginx:v1.2.3.4"},
      {" # v20240101", "nginx:v20240101"},
      {" # alpine3.19", "nginx:alpine3.19"},
      {" # release-1.2", "nginx:release-1.2"},
      {" # jdk-17.0.1", "nginx:jdk-17.0.1"},
      // By hand, and by Renovate after actions.
      {" #tag: 1.25", "nginx:1.25"},
      {" # tag: 1.25", "nginx:1.25"},
      {" # Tag: 1.25", "nginx:1.25"},
      {" # tag=1.25", "nginx:1.25"},
      {" # tag = 1.25", "nginx:1.25"},
      {" # tag:1.25", "nginx:1.25"},
      {" # tag: mainline", "nginx:mainline"},
      {" # tag: 20240101 # keep me", "nginx:20240101", " # keep me"},
      {" # @1.25", "nginx:1.25"},
      {" # pin @v1.25", "nginx:v1.25"},
      {" # pin v1.25", "nginx:v1.25"},
      {" # docker.io/library/nginx:1.25", "nginx:1.25"},
      {" # index.docker.io/library/nginx:1.25", "nginx:1.25"},
      {" # library/nginx:mainline # keep me", "nginx:mainline", " # keep me"},
      {" #nginx:1.25", "nginx:1.25"},
  };
  for (const comment_case& one : table) expect_read(one);
}

TEST(ForeignTag, IgnoresAmbiguousComments) {
  const std::string_view table[] = {
      // Words after the tag: a remark about that version, or another one.
      " # 1.25 (LTS)",
      " # 1.25 crashes, stay here",
      " # 1.25, see the wiki",
      " # v1.25.",
      " # nginx:1.25 is ours",
      " # tag: 1.25 (LTS)",
      " # was 1.25",
      // Numbers that are counts, dates, addresses and names of other things.
      " #123",
      " #16",
      " #v2",
      " # 8080",
      " # 2024",
      " # 20240115",
      " # 2024-01-15",
      " # 2024-01",
      " # 15.01.2024",
      " # 10.0.0.1",
      " # 24-7",
      " # 512Mi",
      " # 1.5GB",
      " # 100m",
      " # 3x",
      " # 2nd",
      " # 50%",
      " # v1beta1",
      " # 1234abc",
      // Tickets, files, hosts, words.
      " # OPS-4711",
      " # CVE-2024-1234",
      " # values-1.25.yaml",
      " # 1.25.yaml",
      " # k8s.1.example.com",
      " # x86_64",
      " # keep",
      " # mainline",
      " # stable",
      " # pin @main",
      " # pin it",
      " # @ops",
      " # tag: the old one",
      " # tag:",
      " # >=1.25",
      " # ~1.25",
      " # '1.25'",
      " # 1.25/2",
      // Another image, or none.
      " # redis:7",
      " # ratchet:redis:7",
      " # quay.io/library/nginx:1.25",
      " # docker.io/acme/nginx:1.25",
      " # docker.io/library/nginx",
      " #nginx",
      " # ratchet:exclude",
      " # ratchet:nginx:1.25 ratchet:nginx:1.26",
      " # tratchet:nginx:1.25",
      // Not first, not a comment.
      " # keep me # 1.25",
      " # keep # tag: 1.25",
      "# 1.25",
      " 1.25",
      " #",
      " # ",
      "",
  };
  for (const std::string_view comment : table) expect_read({comment, ""});
}

TEST(ForeignTag, KeepsTheNameAsItIsWritten) {
  expect_read({" # nginx:1.25", "docker.io/library/nginx:1.25"}, "docker.io/library/nginx");
  expect_read({" # 16", "index.docker.io/library/postgres:16"}, "index.docker.io/library/postgres");
  expect_read({" # api:v2", ""}, "ghcr.io/acme/api");
  expect_read({" # v2", "localhost:5000/acme/api:v2"}, "localhost:5000/acme/api");
}

}  // namespace
}  // namespace pinhook::files
