#include <pinhook/pipeline/value_patches.hpp>

#include "support/certificates.hpp"

#include <pinhook/pipeline/kustomization_renames.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::temporary_directory;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* by_tag = "{repository: acme/app, tag: v1}";
constexpr const char* by_digest = "{repository: acme/app, tag: v1, digest: ''}";

class ValuePatches : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    return files_.write(name, text).string();
  }
  static std::string release(const std::string& values) {
    return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  values: " +
           values + "\n";
  }
  // What becomes of the image of base/release.yaml under base/ and a kustomization over it.
  std::vector<std::string> found(const std::string& base, const std::string& overlay) {
    const auto path = write("base/release.yaml", base);
    const auto inner = write("base/kustomization.yaml", "resources: [release.yaml]\n");
    const auto outer = write("prod/kustomization.yaml", "resources: [../base]\n" + overlay);
    const auto renames = find_renames({inner, outer}, places_);
    std::vector<std::string> out;
    if (const auto at = renames.find(canonical_path(path)); at != renames.end())
      for (const auto& [slot, one] : at->second)
        out.push_back(fmt::format("{} {}", slot, one.problem.empty() ? one.text : "refused"));
    return out;
  }
  std::vector<std::string> patched(const std::string& image, const std::string& values) {
    write("prod/patch.yaml", release(values));
    return found(release(fmt::format("{{image: {}}}", image)), "patches: [{path: patch.yaml}]\n");
  }

  temporary_directory files_;
  files::image_places places_;
};

TEST_F(ValuePatches, GiveImagesOfValuesAnotherNameOrTag) {
  EXPECT_THAT(patched(by_tag, "{image: {repository: quay.io/acme/app}}"), ElementsAre("0 quay.io/acme/app:v1"));
  EXPECT_THAT(patched(by_tag, "{image: {registry: quay.io}}"), ElementsAre("0 quay.io/acme/app:v1"));
  EXPECT_THAT(patched(by_digest, "{image: {tag: v2}}"), ElementsAre("0 acme/app:v2"));
  EXPECT_THAT(patched(by_tag, "{global: {imageRegistry: m.example}}"), ElementsAre("0 refused"));
  EXPECT_THAT(patched("acme/app:v1", "{global: {imageRegistry: m.example}}"), ElementsAre("0 refused"));
  for (const char* values :
       {"{image: {tag: v2}}", "{image: {repository: acme/two, tag: v2}}", "{image: {pullPolicy: x}}",
        "{other: {repository: quay.io/acme/app}}", "{replicas: 2}", "[]", "{{ x"})
    EXPECT_THAT(patched(by_tag, values), IsEmpty()) << values;
}

TEST_F(ValuePatches, AreKnownInAllTheirForms) {
  const std::string base = release(fmt::format("{{image: {}}}", by_tag));
  const std::string merged =
      "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: web}, "
      "spec: {values: {image: {repository: acme/two}}}}";
  const std::string operation = "{op: replace, path: /spec/values/image/repository, value: acme/two}";
  const std::string target = "target: {kind: HelmRelease}";
  for (const std::string& overlay : {
           fmt::format("patches: [{{patch: \"{}\"}}]\n", merged),
           fmt::format("patchesStrategicMerge:\n- \"{}\"\n", merged),
           fmt::format("patches: [{{{}, patch: '[{}]'}}]\n", target, operation),
           fmt::format("patches: [{{target: {{kind: Helm.*}}, patch: '[{}]'}}]\n", operation),
           fmt::format("patches: [{{target: {{name: prod-web}}, patch: '[{}]'}}]\n", operation),
           fmt::format("patchesJson6902: [{{{}, patch: '[{}]'}}]\n", target, operation),
       })
    EXPECT_THAT(found(base, overlay), ElementsAre("0 acme/two:v1")) << overlay;
  const std::string written =
      "replacements: [{{source: {{kind: ConfigMap, name: v, fieldPath: data.x}}, targets: "
      "[{{select: {{kind: HelmRelease}}, fieldPaths: [spec.values.image.{}]}}]}}]\n";
  EXPECT_THAT(found(base, fmt::format(fmt::runtime(written), "repository")), ElementsAre("0 refused"));
  EXPECT_THAT(found(base, fmt::format(fmt::runtime(written), "tag")), IsEmpty()) << "the digest goes with the tag";
}

TEST_F(ValuePatches, ReachOnlyTheirObjects) {
  const std::string base = release(fmt::format("{{image: {}}}", by_tag));
  const std::string operation = "patch: '[{op: replace, path: /spec/values/image/repository, value: acme/two}]'";
  for (const char* target : {"kind: HelmChart", "name: api", "kind: Deployment"})
    EXPECT_THAT(found(base, fmt::format("patches: [{{target: {{{}}}, {}}}]\n", target, operation)), IsEmpty())
        << target;
  for (const char* patch : {"[{op: test, path: /spec/values/image/repository, value: acme/two}]",
                            "[{op: remove, path: /spec/values/image/repository}]", "[{op: add, path: x, value: y}]",
                            "[image]", "{image", ""})
    EXPECT_THAT(found(base, fmt::format("patches: [{{target: {{name: web}}, patch: '{}'}}]\n", patch)), IsEmpty())
        << patch;
}

// Operations of one patch count together, also on items of lists and on objects of a List.
TEST_F(ValuePatches, CountTogether) {
  const auto patch = [](const std::string& operations) {
    return fmt::format("patches: [{{target: {{kind: HelmRelease}}, patch: '[{}]'}}]\n", operations);
  };
  const std::string name = "{op: replace, path: /spec/values/image/repository, value: acme/two}";
  const std::string tag = "{op: replace, path: /spec/values/image/tag, value: v2}";
  const std::string base = release(fmt::format("{{image: {}}}", by_tag));
  EXPECT_THAT(found(base, patch(name + ", " + tag)), IsEmpty()) << "the image is whole there";
  const std::string list = release(fmt::format("{{all: [{{image: {}}}]}}", by_tag));
  EXPECT_THAT(found(list, patch("{op: replace, path: /spec/values/all/0/image/repository, value: acme/two}")),
              ElementsAre("0 acme/two:v1"));
  const std::string of_list =
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: helm.toolkit.fluxcd.io/v2, kind: "
      "HelmRelease, metadata: {name: web}, spec: {values: {image: {repository: acme/app, tag: "
      "v1}}}}\n";
  EXPECT_THAT(found(of_list, patch(name)), ElementsAre("0 acme/two:v1"));
}

// An image of a patch takes the registry of the object below; and a patch further out changes it.
TEST_F(ValuePatches, AreMergedWithWhatIsBelowAndOver) {
  const auto images_of = [&](const std::string& overlay, const std::string& top, const std::string& file) {
    write("base/release.yaml", release("{image: {registry: quay.io, repository: acme/app, tag: v1}}"));
    const auto inner = write("base/kustomization.yaml", "resources: [release.yaml]\n");
    const auto outer = write("prod/kustomization.yaml", "resources: [../base]\n" + overlay);
    const auto above = write("top/kustomization.yaml", "resources: [../prod]\n" + top);
    const auto renames = find_renames({inner, outer, above}, places_);
    std::vector<std::string> out;
    if (const auto at = renames.find(canonical_path(files_.path() / file)); at != renames.end())
      for (const auto& [slot, one] : at->second) out.push_back(fmt::format("{} {}", slot, one.text));
    return out;
  };
  const std::string by_file = "patches: [{path: patch.yaml}]\n";
  const std::string inline_patch =
      "patches:\n- patch: |-\n    {apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: web}, "
      "spec: {values: {image: {registry: quay.io, repository: acme/two, tag: v2}}}}\n";
  write("prod/patch.yaml", release("{image: {repository: acme/two, tag: v2}}"));
  EXPECT_THAT(images_of(by_file, "", "prod/patch.yaml"), ElementsAre("0 quay.io/acme/two:v2"));
  write("prod/patch.yaml", release("{image: {registry: quay.io, repository: acme/two, tag: v2}}"));
  EXPECT_THAT(images_of(by_file, "", "prod/patch.yaml"), IsEmpty());
  write("top/patch.yaml", release("{image: {repository: acme/three}}"));
  EXPECT_THAT(images_of(by_file, by_file, "prod/patch.yaml"), ElementsAre("0 quay.io/acme/three:v2"));
  EXPECT_THAT(images_of(inline_patch, by_file, "prod/kustomization.yaml"), ElementsAre("0 quay.io/acme/three:v2"));
  EXPECT_THAT(images_of(inline_patch, "", "prod/kustomization.yaml"), IsEmpty());
}

std::string keys_of_depth(std::size_t count, std::string_view sign) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += std::string(sign) + "a";
  return out;
}

// Each level would need a call.
TEST_F(ValuePatches, ThatAreNestedTooDeepAreLeftOut) {
  const std::string base = release("{image: " + std::string(by_tag) + "}");
  const auto by_operation = [&](std::size_t depth) {
    return "patches: [{target: {kind: HelmRelease}, patch: \"[{op: replace, path: /spec/values/image/repository, "
           "value: "
           "acme/two}, {op: add, path: /spec/values" +
           keys_of_depth(depth, "/") + "/tag, value: x}]\"}]\n";
  };
  const auto by_field = [&](std::size_t depth) {
    return "replacements: [{source: {kind: ConfigMap, fieldPath: data.x}, targets: [{select: {kind: HelmRelease}, "
           "fieldPaths: [spec.values.image.repository, spec.values" +
           keys_of_depth(depth, ".") + ".tag]}]}]\n";
  };
  for (const std::size_t depth : {std::size_t{10}, max_patched_depth, std::size_t{300'000}}) {
    EXPECT_THAT(found(base, by_operation(depth)), ElementsAre("0 acme/two:v1")) << depth;
    EXPECT_THAT(found(base, by_field(depth)), ElementsAre("0 refused")) << depth;
  }
}

TEST_F(ValuePatches, AreComparedWithAnImageUpToALimit) {
  const auto patches = [](std::size_t before) {
    std::string out = "patches:\n";
    for (std::size_t i = 0; i < before; ++i) out += "- patch: '{kind: HelmRelease, spec: {values: {image: {}}}}'\n";
    return out +
           "- patch: '{kind: HelmRelease, metadata: {name: web}, spec: {values: {image: {repository: acme/two}}}}'\n";
  };
  const std::string base = release("{image: " + std::string(by_tag) + "}");
  EXPECT_THAT(found(base, patches(max_patches_of_image - 1)), ElementsAre("0 acme/two:v1"));
  EXPECT_THAT(found(base, patches(max_patches_of_image)), IsEmpty());
}

// The file is read once: nodes take ten times its bytes.
TEST_F(ValuePatches, ReachThousandsOfObjectsOfOneFile) {
  std::string base;
  for (int i = 0; i < 2'000; ++i) base += "---\n" + release("{image: " + std::string(by_tag) + "}");
  EXPECT_EQ(found(base,
                  "patches: [{target: {kind: HelmRelease}, patch: '[{op: replace, path: "
                  "/spec/values/image/repository, value: acme/two}]'}]\n")
                .size(),
            2'000U);
}

}  // namespace
}  // namespace pinhook::pipeline
