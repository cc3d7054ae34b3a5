#include <pinhook/pipeline/controller_overlays.hpp>

#include "support/certificates.hpp"
#include "unit/pipeline/pin_run_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using pinhook::testing::digest_of_digit;
using pinhook::testing::temporary_directory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* pod =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{image: 'nginx:1.25'}]\n";

class ControllerOverlays : public PinRun {
 protected:
  ControllerOverlays() {
    options.target = run_target::in_place;
    digests.holds("docker.io/library/nginx:1.26", digest_of_digit('c'));
    digests.holds("m.example/nginx:1.25", digest_of_digit('d'));
  }
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    return files_.write(name, text).string();
  }
  void take(const std::string& name, const std::string& text) { add(write(name, text), text); }
  static std::string flux(const std::string& spec) {
    return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\nspec: {" + spec +
           "}\n";
  }
  static std::string argo(const std::string& source) {
    return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {source: {" + source +
           "}}\n";
  }
  // "base nginx=m.example/nginx:1.25 patches: 1"
  std::vector<std::string> found(const std::string& text) {
    std::vector<std::string> out;
    for (const auto& one : controller_overlays((files_.path() / "clusters/prod/web.yaml").string(), text)) {
      std::string line = std::filesystem::path(one.kustomization).lexically_relative(files_.path()).string();
      for (const auto& entry : one.images)
        line += fmt::format(" {}={}:{}{}", entry.name, entry.new_name, entry.new_tag, entry.digest);
      out.push_back(fmt::format("{} patches: {}", line, one.patches.size()));
    }
    return out;
  }

  temporary_directory files_;
};

TEST_F(ControllerOverlays, AreOfFoldersOfTheRepository) {
  write("apps/web/kustomization.yaml", "resources: [pod.yaml]\n");
  write("plain/pod.yaml", pod);
  write("clusters/prod/web.yaml", "");
  EXPECT_THAT(found(flux("path: ./apps/web, images: [{name: nginx, newName: m.example/nginx}], patches: [{patch: x}]")),
              ElementsAre("apps/web/kustomization.yaml nginx=m.example/nginx: patches: 1"));
  EXPECT_THAT(found(flux("path: plain, patches: [{patch: x}]")), ElementsAre("plain/kustomization.yaml patches: 1"));
  EXPECT_THAT(
      found(argo("path: apps/web, kustomize: {images: ['nginx=m.example:5000/nginx', 'redis:7', a=b/c@sha256:00, "
                 "'localhost:5000/x']}")),
      ElementsAre("apps/web/kustomization.yaml nginx=m.example:5000/nginx: redis=:7 a=b/c:sha256:00 "
                  "localhost:5000/x=: patches: 0"));
  EXPECT_THAT(found("apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {sources: [{path: "
                    "apps/web, kustomize: {images: [nginx=x/y]}}]}}}\n"),
              ElementsAre("apps/web/kustomization.yaml nginx=x/y: patches: 0"));
  for (const std::string& text :
       {flux("path: ./none, images: [{name: a, newName: b}]"), flux("path: ./apps/web"), flux("images: [{name: a}]"),
        flux("path: ../apps/web, images: [{name: a}]"), argo("path: 'apps/{{x}}', kustomize: {images: [a=b]}"),
        argo("path: apps/web, kustomize: [images]"), std::string("kustomize.toolkit.fluxcd.io/: [")})
    EXPECT_THAT(found(text), IsEmpty()) << text;
}

// A name that the object gives is another image; the digest may be written where that has the same.
TEST_F(ControllerOverlays, GiveImagesOtherNames) {
  for (const bool has_kustomization : {true, false}) {
    for (const std::string& object : {flux("path: ./apps, images: [{name: nginx, newName: m.example/nginx}]"),
                                      argo("path: apps, kustomize: {images: [nginx=m.example/nginx]}")}) {
      inputs.clear();
      std::filesystem::remove(files_.path() / "apps/kustomization.yaml");
      take("clusters/web.yaml", object);
      take("apps/pod.yaml", pod);
      if (has_kustomization) write("apps/kustomization.yaml", "resources: [pod.yaml]\n");
      digests.holds("m.example/nginx:1.25", digest_of_digit('d'));
      const auto left = run();
      EXPECT_THAT(left.writes, IsEmpty()) << object;
      EXPECT_THAT(left.messages, HasSubstr("clusters/web.yaml changes it to \"m.example/nginx:1.25\"")) << object;
      digests.holds("m.example/nginx:1.25", digest_of_digit('a'));
      inputs.clear();
      take("clusters/web.yaml", object);
      take("apps/pod.yaml", pod);
      EXPECT_EQ(run().writes.size(), 1U) << object;
    }
  }
}

// An entry of the folder reaches the patch of the object.
TEST_F(ControllerOverlays, HaveTheImagesOfTheirPatchesMatchedByAddedEntries) {
  const auto entries_with = [&](const std::string& image, bool is_named) {
    inputs.clear();
    const std::string object = flux(
        "path: ./apps, patches: [{target: {kind: Pod}, patch: '[{op: replace, path: /spec/containers/0/image, value: "
        "\"" +
        image + "\"}]'}]");
    const auto path = write("clusters/web.yaml", object);
    add(path, object, is_named);
    write("apps/pod.yaml", pod);
    take("apps/kustomization.yaml", "resources: [pod.yaml]\n");
    return run();
  };
  EXPECT_THAT(entries_with("nginx:1.26", true).errors, HasSubstr("by an entry for another image"));
  const auto same = entries_with("nginx:1.25", false);
  EXPECT_EQ(same.errors, "");
  EXPECT_THAT(same.writes.back().text, HasSubstr("- name: nginx\n  digest: "));
}

// So is an image in a patch of the object, by the folder.
TEST_F(ControllerOverlays, HaveImagesOfTheirOwnThatAreMerged) {
  const auto release = [](const std::string& image) {
    return "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: w}, spec: {values: {image: " +
           image + "}}}";
  };
  write("apps/release.yaml", release("{registry: m.example, repository: x, tag: v1}"));
  write("apps/kustomization.yaml", "resources: [release.yaml]\n");
  take("clusters/web.yaml",
       flux("path: ./apps, patches: [{patch: '" + release("{repository: nginx, tag: v1.25}") + "'}]") + "---\n" +
           flux("path: ./none, patches: [{patch: '" + release("{repository: nginx, tag: v1.25}") + "'}]"));
  digests.holds("docker.io/library/nginx:v1.25", digest_of_digit('a'));
  digests.holds("m.example/nginx:v1.25", digest_of_digit('b'));
  const auto done = run();
  EXPECT_THAT(done.messages, HasSubstr("changes it to \"m.example/nginx:v1.25\"")) << done.errors;
  EXPECT_EQ(done.writes.size(), 1U) << "the second one is of no folder";
}

// The folder is read once for all of them.
TEST_F(ControllerOverlays, OfOneFolderAreEachComparedWithIt) {
  const auto object = [](const std::string& name, const std::string& more) {
    return flux("path: ./apps, images: [{name: nginx, newName: " + name + "/nginx}]" + more);
  };
  const std::string patch = ", patches: [{patch: '{kind: Pod, metadata: {name: p}}'}]";
  digests.holds("m.example/nginx:1.25", digest_of_digit('a'));
  digests.holds("n.example/nginx:1.25", digest_of_digit('d'));
  for (const std::string& all : {object("m.example", "") + "---\n" + object("n.example", ""),
                                 object("n.example", "") + "---\n" + object("m.example", ""),
                                 object("m.example", patch) + "---\n" + object("n.example", ""),
                                 object("m.example", "") + "---\n" + object("n.example", patch)}) {
    inputs.clear();
    take("clusters/web.yaml", all);
    write("apps/kustomization.yaml", "resources: [pod.yaml]\n");
    take("apps/pod.yaml", pod);
    const auto done = run();
    EXPECT_THAT(done.writes, IsEmpty()) << all;
    EXPECT_THAT(done.messages, HasSubstr("changes it to \"n.example/nginx:1.25\"")) << all;
  }
}

TEST_F(ControllerOverlays, GiveAnImageALimitedNumberOfNames) {
  const auto with = [&](int names) {
    inputs.clear();
    std::string all;
    for (int i = 0; i < names; ++i) {
      all += "---\n" + argo(fmt::format("path: apps, kustomize: {{images: [nginx=m{}.example/nginx]}}", i));
      digests.holds(fmt::format("m{}.example/nginx:1.25", i), digest_of_digit('a'));
    }
    take("clusters/web.yaml", all);
    write("apps/kustomization.yaml", "resources: [pod.yaml]\n");
    take("apps/pod.yaml", pod);
    return run();
  };
  EXPECT_EQ(with(100).writes.size(), 1U);
  for (const int names : {101, 150}) {
    const auto left = with(names);
    EXPECT_THAT(left.writes, IsEmpty()) << names;
    EXPECT_THAT(left.messages, HasSubstr("more than 100 other names are given to it; pin it where"));
  }
}

}  // namespace
}  // namespace pinhook::pipeline
