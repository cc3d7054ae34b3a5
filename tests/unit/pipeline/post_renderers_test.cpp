#include <pinhook/pipeline/post_renderers.hpp>

#include "unit/pipeline/pin_run_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string release(const std::string& values, const std::string& entries) {
  return fmt::format(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: a}}\nspec:\n  values:\n    {}\n"
      "  postRenderers: [{{kustomize: {{images: {}}}}}]\n",
      values, entries);
}

class PostRenderers : public PinRun {
 protected:
  std::vector<std::string> found(const std::string& text) {
    const auto content = files::image_file::read(text, "a.yaml", places);
    std::vector<std::string> out;
    if (content && may_have_post_renderers(text))
      for (const auto& [index, one] : renamed_by_post_renderers(*content))
        out.push_back(fmt::format("{} {}", index, one.text));
    return out;
  }
};

constexpr const char* in_parts = "image: {repository: acme/app, tag: v1}";

TEST_F(PostRenderers, RenameImagesOfTheValues) {
  EXPECT_THAT(found(release(in_parts, "[{name: acme/app, newName: m.example/app}]")),
              ElementsAre("0 m.example/app:v1"));
  EXPECT_THAT(found(release("side: {image: 'q.example/side:v2'}", "[{name: q.example/side, newName: m.example/s}]")),
              ElementsAre("0 m.example/s:v2"));
  EXPECT_THAT(found("kind: ConfigMap\napiVersion: v1\n---\n" +
                    release(in_parts, "[{name: acme/app, newName: b}, {name: b, newName: m.example/c}]")),
              ElementsAre("0 m.example/c:v1"));
}

TEST_F(PostRenderers, LeaveImagesThatTheyGiveATagOrNoOtherName) {
  for (const char* entries :
       {"[{name: acme/app, newName: m.example/app, newTag: v2}]", "[{name: acme/other, newName: m.example/app}]",
        "[{name: acme/app, newName: docker.io/acme/app}]", "[{name: acme/app, digest: 'sha256:00'}]", "[]", "~"})
    EXPECT_THAT(found(release(in_parts, entries)), IsEmpty()) << entries;
  EXPECT_THAT(found("kind: X\nspec: {image: 'acme/app:v1'}\n# postRenderers\n"), IsEmpty());
}

TEST_F(PostRenderers, KeepADigestFromValuesUnlessItIsThatOfBoth) {
  const std::string text =
      release("image: {repository: nginx, tag: '1.25'}", "[{name: nginx, newName: m.example/nginx}]");
  options.target = run_target::in_place;
  digests.holds("m.example/nginx:1.25", digest_of_digit('b'));
  add("a.yaml", text);
  const auto left = run();
  EXPECT_THAT(left.writes, IsEmpty());
  EXPECT_THAT(left.messages, HasSubstr("spec.postRenderers changes it to \"m.example/nginx:1.25\", which has another "
                                       "digest; write the new name in the values, or newTag beside it"));
  digests.holds("m.example/nginx:1.25", digest_of_digit('a'));
  add("a.yaml", text);
  EXPECT_EQ(run().writes.size(), 1U);
}

}  // namespace
}  // namespace pinhook::pipeline
