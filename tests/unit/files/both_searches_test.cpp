// Custom resources: files and the webhook find the same images, and write the same pins.
#include <pinhook/files/image_file.hpp>
#include <pinhook/pin/image_parts.hpp>
#include <pinhook/pin/object.hpp>
#include <pinhook/pin/write_pin.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::files {
namespace {

using testing::ElementsAreArray;

const std::string d = "sha256:" + std::string(64, 'd');

struct row {
  std::string_view group, kind, spec;
  // What stands where, after a pin: D is the digest.
  std::vector<std::string> pinned;
};

const row rows[] = {
    // Mappings that are called an image.
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1"}})", {"/spec/image/tag acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"repo": "acme/a", "version": "1"}})", {"/spec/image/version acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"name": "acme/a", "tag": "1"}})", {"/spec/image/tag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"initImage": {"repository": "acme/a", "imageTag": "1"}})",
     {"/spec/initImage/imageTag acme/a:1@D"}},
    {"a.com", "A", R"({"images": [{"repository": "acme/a", "tag": "1"}]})", {"/spec/images/0/tag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"registry": "ghcr.io", "repository": "acme/a", "tag": "1"}})",
     {"/spec/image/tag ghcr.io/acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"repository": "acme/a", "tag": "1", "digest": ""}})",
     {"/spec/image/digest acme/a:1@D"}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1", "sha": ""}})", {"/spec/image/sha acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"repository": "acme/a", "tag": "1", "sha256": "", "pullPolicy": "Always"}})",
     {"/spec/image/sha256 acme/a:1@D"}},
    // Others, with `repository` and `tag`.
    {"a.com", "A", R"({"engine": {"repository": "acme/a", "tag": "1"}})", {"/spec/engine/tag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"image": {"repository": "acme/engine", "name": "engine", "tag": "1"}})",
     {"/spec/image/tag acme/engine:1@D"}},
    // A string and the tag beside it.
    {"a.com", "A", R"({"image": "acme/a", "tag": "1"})", {"/spec/tag acme/a:1@D"}},
    {"a.com", "A", R"({"image": "acme/a", "imageTag": "1"})", {"/spec/imageTag acme/a:1@D"}},
    {"a.com", "A", R"({"initImage": "acme/a", "initImageTag": "1"})", {"/spec/initImageTag acme/a:1@D"}},
    {"a.com",
     "A",
     R"({"initImage": "acme/a", "initImageVersion": "1", "initImageDigest": ""})",
     {"/spec/initImageDigest acme/a:1@D"}},
    // Whole strings beside them.
    {"a.com", "A", R"({"image": "acme/a:1", "tag": "2", "version": "3"})", {"/spec/image acme/a:1@D"}},
    // A registry around it that it has already.
    {"a.com", "A", R"({"global": {"registry": "ghcr.io"}, "image": {"repository": "ghcr.io/acme/a", "tag": "1"}})", {}},
    {"a.com",
     "A",
     R"({"global": {"registry": "ghcr.io"}, "image": {"registry": "ghcr.io", "repository": "acme/a", "tag": "1"}})",
     {"/spec/image/tag ghcr.io/acme/a:1@D"}},
    // Operators that put them together by themselves.
    {"nvidia.com",
     "ClusterPolicy",
     R"({"toolkit": {"repository": "nvcr.io/nvidia/k8s", "image": "container-toolkit", "version": "v1.16.1"}})",
     {"/spec/toolkit/version nvcr.io/nvidia/k8s/container-toolkit@D"}},
    {"argoproj.io",
     "ArgoCD",
     R"({"image": "quay.io/argoproj/argocd", "version": "v2.9.0"})",
     {"/spec/version quay.io/argoproj/argocd@D"}},
    // Left: a part is missing, no text, or may be longer than here.
    {"a.com", "A", R"({"image": {"repository": "acme/a"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": ["1"]}})", {}},
    {"a.com", "A", R"({"image": {"name": "engine"}})", {}},
    {"a.com", "A", R"({"engine": {"name": "acme/a", "tag": "1"}})", {}},
    {"a.com", "A", R"({"source": {"repository": "https://github.com/acme/a.git", "tag": "v1"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "Not A Tag"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "quay.io/acme", "name": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"engine": {"repository": "quay.io/acme", "image": "engine", "tag": "1"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1", "variant": "slim"}})", {}},
    {"a.com", "A", R"({"image": {"repository": "acme/a", "tag": "1", "tagSuffix": "-slim"}})", {}},
    {"a.com", "A", R"({"registry": "ghcr.io", "image": {"repository": "acme/a", "tag": "1"}})", {}},
    {"a.com",
     "A",
     R"({"x": {"image": {"repository": "acme/a", "tag": "1"}}, "global": {"imageRegistry": "ghcr.io"}})",
     {}},
    // Without what the operator may write behind it, it is another image.
    {"a.com", "A", R"({"image": "quay.io/acme/a", "version": "2"})", {}},
    {"a.com", "A", R"({"image": "acme/a", "sidecarImage": "acme/b", "tag": "1"})", {}},
    // The tag may be that of either.
    {"a.com", "A", R"({"image": "acme/a", "sidecarImage": "quay.io/acme/b", "tag": "1"})", {}},
    {"a.com",
     "A",
     R"({"sidecarImage": "quay.io/acme/b", "initImage": "quay.io/acme/c", "image": "a", "tag": "1"})",
     {}},
    {"a.com",
     "A",
     R"({"image": "acme/a", "sidecarImage": "quay.io/acme/b", "sidecarImageTag": "2", "tag": "1"})",
     {"/spec/tag acme/a:1@D", "/spec/sidecarImageTag quay.io/acme/b:2@D"}},
};

std::vector<std::string> sorted(std::vector<std::string> of) {
  std::ranges::sort(of);
  return of;
}

// The images that the webhook finds, each as it is pinned.
std::vector<std::string> at_admission(const std::string& text, const row& one, bool is_pinned) {
  const auto read =
      pin::read_object(text, {}, {.takes_keys = true, .parts = pin::parts_of_operator(one.group, one.kind)});
  EXPECT_TRUE(read) << text;
  std::vector<std::string> out;
  for (const pin::slot& s : read->found.slots) {
    std::string image = s.image;
    if (!is_pinned) {
      const auto ref = registry::reference::parse(image);
      image = pin::write_pin(ref->written_name(), ref->effective_tag(), *registry::digest::parse(d),
                             pin::format_of(s.value).value_or(pin::pin_format::tag_and_digest));
    }
    out.push_back(s.pointer + " " + image);
  }
  return sorted(std::move(out));
}

TEST(BothSearches, FindAndWriteTheSame) {
  for (const row& one : rows) {
    SCOPED_TRACE(one.spec);
    const std::string text =
        fmt::format(R"({{"apiVersion": "{}/v1", "kind": "{}", "spec": {}}})", one.group, one.kind, one.spec);
    std::vector<std::string> expected;
    for (const std::string& line : one.pinned) expected.push_back(line.substr(0, line.size() - 1) + d);
    EXPECT_THAT(at_admission(text, one, false), ElementsAreArray(sorted(expected)));

    const auto file = image_file::read(text, "a.json", {});
    ASSERT_TRUE(file) << file.error().message;
    std::vector<change> changes;
    for (std::size_t i = 0; i < file->slots().size(); ++i) {
      EXPECT_TRUE(file->slots()[i].is_guess);
      if (file->slots()[i].reason == skip_reason::none && !file->slots()[i].is_refused())
        changes.push_back({i, *registry::digest::parse(d)});
    }
    EXPECT_EQ(changes.size(), expected.size());
    const auto pinned = file->rewrite(changes, pin::pin_format::tag_and_digest);
    ASSERT_TRUE(pinned) << pinned.error().message;
    if (expected.empty()) continue;
    EXPECT_THAT(at_admission(*pinned, one, true), ElementsAreArray(sorted(expected)));
  }
}

}  // namespace
}  // namespace pinhook::files
