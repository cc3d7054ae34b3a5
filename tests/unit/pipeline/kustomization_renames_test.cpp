#include <pinhook/pipeline/kustomization_renames.hpp>

#include "support/certificates.hpp"

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

class KustomizationRenames : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    const auto path = files_.write(name, text).string();
    inputs_.push_back({path, files::image_file::read(text, path, places_), false});
  }
  void pod(const std::string& name, const std::vector<std::string>& images) {
    std::string text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";
    for (const auto& image : images) text += "    - name: c\n      image: " + image + "\n";
    write(name, text);
  }
  // "a.yaml 0 ghcr.io/acme/web:1 (kustomization.yaml)"
  std::vector<std::string> found(bool is_replaced = false) {
    std::vector<const input*> all;
    for (const auto& one : inputs_) all.push_back(&one);
    const auto renames = renames_in(all, {}, places_);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const auto& [slot, to] : renames[i])
        if (to.is_replaced == is_replaced)
          out.push_back(fmt::format("{} {} {}{}{} ({})", shown(all[i]->path), slot, to.text, to.ref ? "" : " (none)",
                                    to.is_replaced       ? " (replaced)"
                                    : to.problem.empty() ? ""
                                                         : " (refused)",
                                    shown(to.by)));
    inputs_.clear();
    return out;
  }
  std::string shown(const std::string& path) const { return path.substr(files_.path().string().size() + 1); }

  temporary_directory files_;
  files::image_places places_;
  std::vector<input> inputs_;
};

TEST_F(KustomizationRenames, AreOfImagesThatKeepTheirTag) {
  pod("a.yaml", {"web:1", "nginx:1.25", "web"});
  write("kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newName: ghcr.io/acme/web}\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 ghcr.io/acme/web:1 (kustomization.yaml)",
                                   "a.yaml 2 ghcr.io/acme/web (kustomization.yaml)"));
}

// Entries apply to what patches wrote: a pin there comes out under the other name, too.
TEST_F(KustomizationRenames, AreOfImagesInPatches) {
  const std::string entry = "images: [{name: web, newName: ghcr.io/acme/web}]\n";
  pod("p.yaml", {"nginx:1", "web:2"});
  write("j.yaml", "- {op: replace, path: /spec/containers/0/image, value: 'web:3'}\n");
  write("kustomization.yaml", "patches: [{path: p.yaml}, {path: j.yaml}]\npatchesStrategicMerge: [p.yaml]\n" + entry);
  EXPECT_THAT(found(), ElementsAre("p.yaml 1 ghcr.io/acme/web:2 (kustomization.yaml)",
                                   "j.yaml 0 ghcr.io/acme/web:3 (kustomization.yaml)"));
  const std::string object = "{apiVersion: v1, kind: Pod, spec: {containers: [{image: 'web:4'}]}}";
  const std::string patch = "- {op: replace, path: /spec/containers/0/image, value: 'web:4'}";
  for (const std::string& text :
       {"patches:\n- patch: |-\n    " + object + "\n", "patches:\n- patch: |-\n    " + patch + "\n",
        "patchesStrategicMerge:\n- |-\n  " + object + "\n", "patchesJson6902:\n- patch: |-\n    " + patch + "\n"}) {
    write("kustomization.yaml", text + entry);
    EXPECT_THAT(found(), ElementsAre("kustomization.yaml 1 ghcr.io/acme/web:4 (kustomization.yaml)")) << text;
  }
  write("kustomization.yaml", "helmCharts:\n- name: x\n  valuesInline: {image: {repository: web, tag: v5}}\n" + entry);
  EXPECT_THAT(found(), ElementsAre("kustomization.yaml 0 ghcr.io/acme/web:v5 (kustomization.yaml)"));
}

// kustomize reaches more fields than those of Pods where its configuration names them, also one of a base.
TEST_F(KustomizationRenames, AreOfImagesInFieldsThatConfigurationsName) {
  const std::string engine = "apiVersion: e.io/v1\nkind: Engine\nspec: {image: 'acme/web:1'}\n";
  const std::string entry = "images: [{name: acme/web, newName: m.example/web}]\n";
  const std::string field = "images: [{path: spec/image, kind: Engine}]\n";
  write("e.yaml", engine);
  write("kustomization.yaml", "resources: [e.yaml]\n" + entry);
  EXPECT_THAT(found(), IsEmpty());
  for (const std::string at : {"kustomization.yaml", "base/kustomization.yaml"}) {
    const bool is_base = at.starts_with("base");
    write("base/e.yaml", engine);
    write("base/c.yaml", field);
    write("c.yaml", field);
    write("base/kustomization.yaml",
          std::string("resources: [e.yaml]\n") + (is_base ? "configurations: [c.yaml]\n" : ""));
    write("kustomization.yaml",
          std::string("resources: [base]\n") + (is_base ? "" : "configurations: [c.yaml]\n") + entry);
    EXPECT_THAT(found(), ElementsAre("base/e.yaml 0 m.example/web:1 (kustomization.yaml)")) << at;
  }
}

TEST_F(KustomizationRenames, ComeFromTransformers) {
  const std::string transformer =
      "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: x}\nimageTag: {name: web, newName: "
      "m.example/web}\n";
  pod("a.yaml", {"web:1"});
  write("t.yaml", transformer);
  write("kustomization.yaml", "resources: [a.yaml]\ntransformers: [t.yaml]\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 m.example/web:1 (kustomization.yaml)"));
  // Behind an entry of `images`.
  for (const char* name : {"web", "'web:v2'"}) {
    pod("a.yaml", {"web:1"});
    write("t.yaml", std::string("kind: ImageTagTransformer\nimageTag: {newName: m.example/web, name: ") + name + "}\n");
    write("kustomization.yaml", "resources: [a.yaml]\nimages: [{name: web, newTag: v2}]\ntransformers: [t.yaml]\n");
    EXPECT_THAT(found(), ElementsAre("kustomization.yaml 0 m.example/web:v2 (refused) (kustomization.yaml)"));
  }
  write("t.yaml", transformer);
  pod("a.yaml", {"web:1"});
  write("kustomization.yaml",
        "resources: [a.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: ImageTagTransformer\n  metadata: "
        "{name: x}\n"
        "  imageTag: {name: web, newTag: v2}\n");
  EXPECT_THAT(found(true), ElementsAre("a.yaml 0 web:v2 (none) (replaced) (kustomization.yaml)"));
}

// A replacement writes the tag behind the ":" of the image: of a pin it would be the digest.
TEST_F(KustomizationRenames, AreRefusedWhereAReplacementTakesTheImageApart) {
  const std::string one =
      "source: {kind: ConfigMap, name: v, fieldPath: data.TAG}\n  targets:\n  - select: {kind: Pod}\n"
      "    fieldPaths: [spec.containers.0.image]\n    options: {delimiter: ':', index: 1}\n";
  pod("base/a.yaml", {"web:1", "side:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\n");
  write("kustomization.yaml", "resources: [base]\nreplacements:\n- " + one);
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0  (none) (refused) (kustomization.yaml)"));
  // In a file of its own; with the entries that give the image.
  pod("base/a.yaml", {"web:1", "side:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\nimages: [{name: web, newTag: v2}]\n");
  write("r.yaml", "- " + one);
  write("kustomization.yaml", "resources: [base]\nreplacements: [{path: r.yaml}]\n");
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0  (none) (refused) (kustomization.yaml)",
                                   "base/kustomization.yaml 0  (none) (refused) (kustomization.yaml)"));
  pod("base/a.yaml", {"web:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\n");
  write("kustomization.yaml", "resources: [base]\nimages: [{name: web, newTag: v2}]\nreplacements: [{path: r.yaml}]\n");
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0  (none) (refused) (kustomization.yaml)",
                                   "kustomization.yaml 0 web:v2 (refused) (kustomization.yaml)"));
  // Of a component, with the entries before its replacements.
  pod("base/a.yaml", {"web:1"});
  write("part/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: web, newTag: v2}]\n"
        "replacements: [{path: ../r.yaml}]\n");
  write("kustomization.yaml", "resources: [base]\ncomponents: [part]\n");
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0  (none) (refused) (part/kustomization.yaml)",
                                   "part/kustomization.yaml 0  (none) (refused) (part/kustomization.yaml)"));
  write("part/kustomization.yaml", "kind: Component\n");
  // A replacement of the whole image takes its place as any other text.
  pod("base/a.yaml", {"web:1"});
  write("kustomization.yaml",
        "resources: [base]\nreplacements:\n- source: {kind: ConfigMap, name: v, fieldPath: data.IMAGE}\n  targets:\n"
        "  - {select: {kind: Pod}, fieldPaths: [spec.containers.0.image]}\n");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(KustomizationRenames, AreNoneWhereAnEntryGivesTheTag) {
  pod("a.yaml", {"web:1"});
  write(
      "kustomization.yaml",
      "resources: [a.yaml]\nimages:\n- {name: web, newName: ghcr.io/acme/web}\n- {name: ghcr.io/acme/web, newTag: v2}\n"
      "- {name: other, newName: x}\n");
  EXPECT_THAT(found(), IsEmpty());
  pod("a.yaml", {"nginx:1"});
  write("kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: nginx, newName: docker.io/library/nginx}\n");
  EXPECT_THAT(found(), IsEmpty()) << "the same image";
}

TEST_F(KustomizationRenames, GoThroughKustomizationsOnTheWay) {
  pod("base/a.yaml", {"web:1"});
  pod("other/b.yaml", {"web:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newName: m.example/web}\n");
  write("over/kustomization.yaml", "resources: [../base]\nimages:\n- {name: m.example/web, newName: n.example/web}\n");
  write("plain/kustomization.yaml", "resources: [../other]\n");
  // The file has one digest, which comes out under both names.
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0 m.example/web:1 (base/kustomization.yaml)",
                                   "base/a.yaml 0 n.example/web:1 (over/kustomization.yaml)"));
}

TEST_F(KustomizationRenames, ComeFromComponents) {
  pod("base/a.yaml", {"web:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\n");
  write("comp/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages:\n- {name: web, newName: "
        "m.example/web}\n");
  write("over/kustomization.yaml", "resources: [../base]\ncomponents: [../comp]\n");
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0 m.example/web:1 (over/kustomization.yaml)"));
}

// The tag of the base's entry comes out, not the one in its files.
TEST_F(KustomizationRenames, AreOfEntriesThatSayTheTag) {
  pod("base/a.yaml", {"web:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newTag: v2}\n");
  write("over/kustomization.yaml", "resources: [../base]\nimages:\n- {name: web, newName: m.example/web}\n");
  EXPECT_THAT(found(), ElementsAre("base/kustomization.yaml 0 m.example/web:v2 (over/kustomization.yaml)"));
}

TEST_F(KustomizationRenames, OfAPinnedOneAreThoseOfItsTag) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  pod("a.yaml", {"web:1" + digest, "api" + digest});
  write("kustomization.yaml",
        "resources: [a.yaml]\nimages:\n- {name: web, newName: m.example/web}\n- {name: api, newName: m.example/api}\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 m.example/web:1 (kustomization.yaml)"));
}

TEST_F(KustomizationRenames, KeepInvalidReferences) {
  pod("a.yaml", {"web:1"});
  write("kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newName: \"m.example/web:v9\"}\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 m.example/web:v9:1 (none) (kustomization.yaml)"));
}

TEST_F(KustomizationRenames, AreOfEveryOverlay) {
  pod("base/a.yaml", {"web:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\n");
  for (const std::string name : {"m", "n"})
    write(name + "/kustomization.yaml",
          "resources: [../base]\nimages:\n- {name: web, newName: " + name + ".example/web}\n");
  write("same/kustomization.yaml", "resources: [../m]\n");
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0 m.example/web:1 (m/kustomization.yaml)",
                                   "base/a.yaml 0 n.example/web:1 (n/kustomization.yaml)"));
}

TEST_F(KustomizationRenames, SkipUnreadableFiles) {
  pod("a.yaml", {"web:1"});
  write("kustomization.yaml",
        "resources: [missing.yaml, missing, a.yaml]\nimages:\n- {name: web, newName: m.example/web}\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 m.example/web:1 (kustomization.yaml)"));
}

// Where a name with a dot matches images of other names, the entry's digest would be theirs, too.
TEST_F(KustomizationRenames, RefuseEntriesWhoseDotMatchesAnotherName) {
  struct dot_case {
    std::string image;
    std::string entry;
    std::vector<std::string> found;
  };
  const std::string other = " (refused) (kustomization.yaml)";
  const dot_case cases[] = {
      {"foo-bar/app:1", "name: foo.bar/app, newTag: v2", {"kustomization.yaml 0 foo-bar/app:v2" + other}},
      {"fooxbar/app:1", "name: foo.bar/app, newTag: v2", {"kustomization.yaml 0 fooxbar/app:v2" + other}},
      {"fooxbar/app", "name: foo.bar/app, newTag: v2", {"kustomization.yaml 0 fooxbar/app:v2" + other}},
      {"fooxbar/app:1", "name: 'foo.bar/app:1', newTag: v2", {"kustomization.yaml 0 fooxbar/app:v2" + other}},
      {"m.example:5000/a.b:1", "name: m-example:5000/a.b, newTag: v2", {}},
      {"m.example:5000/a-b:1",
       "name: m.example:5000/a.b, newTag: v2",
       {"kustomization.yaml 0 m.example:5000/a-b:v2" + other}},
      {"foo.bar/app:1", "name: foo.bar/app, newTag: v2", {}},
      {"fooxbar/app:1", "name: foo.bar/app, newName: m.example/app, newTag: v2", {}},
      {"fooxbar/app:1",
       "name: foo.bar/app, newName: m.example/app",
       {"pod.yaml 0 m.example/app:1 (kustomization.yaml)"}},
      {"fooxxbar/app:1", "name: foo.bar/app, newTag: v2", {}},
      {"fooxbar/app2:1", "name: foo.bar/app, newTag: v2", {}},
  };
  for (const auto& one : cases) {
    pod("pod.yaml", {one.image});
    write("kustomization.yaml", "resources: [pod.yaml]\nimages:\n- {" + one.entry + "}\n");
    EXPECT_EQ(found(), one.found) << one.image << " " << one.entry;
  }
}

// In any kustomization of the chain.
TEST_F(KustomizationRenames, RefuseDotsOfBasesAndComponents) {
  const std::string entry = "images:\n- {name: other, newTag: v1}\n- {name: foo.bar/app, newTag: v2}\n";
  const std::string component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
  pod("base/a.yaml", {"fooxbar/app:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\n" + entry);
  write("over/kustomization.yaml", "resources: [../base]\n");
  EXPECT_THAT(found(), ElementsAre("base/kustomization.yaml 1 fooxbar/app:v2 (refused) (base/kustomization.yaml)"));
  pod("base/a.yaml", {"fooxbar/app:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\n");
  write("comp/kustomization.yaml", component + entry);
  write("over/kustomization.yaml", "resources: [../base]\ncomponents: [../comp]\n");
  EXPECT_THAT(found(), ElementsAre("comp/kustomization.yaml 1 fooxbar/app:v2 (refused) (comp/kustomization.yaml)"));
  // The name that a base gives to it.
  pod("base/a.yaml", {"web:1"});
  write("base/kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newName: fooxbar/app, newTag: v1}\n");
  write("over/kustomization.yaml", "resources: [../base]\n" + entry);
  EXPECT_THAT(found(), ElementsAre("over/kustomization.yaml 1 fooxbar/app:v2 (refused) (over/kustomization.yaml)"));
}

TEST_F(KustomizationRenames, ComeFromKustomizationsOutsideTheRun) {
  pod("base/a.yaml", {"web:1"});
  const auto base = inputs_;
  write("over/kustomization.yaml", "resources: [../base/a.yaml]\nimages:\n- {name: web, newName: m.example/web}\n");
  const std::vector<std::string> around{inputs_.back().path};
  inputs_ = base;
  EXPECT_THAT(found(), IsEmpty());
  const input* one = base.data();
  const auto renames = renames_in({one}, around, places_);
  ASSERT_EQ(renames.at(0).size(), 1U);
  EXPECT_EQ(renames[0].begin()->second.text, "m.example/web:1");
}

TEST_F(KustomizationRenames, TellImagesThatAreReplaced) {
  pod("a.yaml", {"controller:latest", "nginx:1.25"});
  write("kustomization.yaml",
        "resources: [a.yaml]\nimages:\n- {name: controller, newName: ghcr.io/acme/operator, newTag: v1.2.0}\n");
  EXPECT_THAT(found(true), ElementsAre("a.yaml 0 ghcr.io/acme/operator:v1.2.0 (none) (replaced) (kustomization.yaml)"));
}

TEST_F(KustomizationRenames, TellImagesThatAnInnerKustomizationReplaces) {
  pod("config/manager/manager.yaml", {"controller:latest"});
  write("config/manager/kustomization.yaml",
        "resources: [manager.yaml]\nimages:\n- {name: controller, newName: ghcr.io/acme/operator, newTag: v1.2.0}\n");
  write("config/default/kustomization.yaml", "resources: [../manager]\n");
  EXPECT_THAT(found(true), ElementsAre("config/manager/manager.yaml 0 ghcr.io/acme/operator:v1.2.0 (none) (replaced) "
                                       "(config/manager/kustomization.yaml)"));
}

// The base is no use of its own where overlays include it; all overlays count.
TEST_F(KustomizationRenames, TellImagesThatEveryOverlayReplaces) {
  const auto tree = [this](const std::string& second) {
    pod("base/a.yaml", {"web:placeholder"});
    write("base/kustomization.yaml", "resources: [a.yaml]\n");
    write("dev/kustomization.yaml", "resources: [../base]\nimages: [{name: web, newTag: v1}]\n");
    write("prod/kustomization.yaml", "resources: [../base]\n" + second);
  };
  tree("images: [{name: web, newTag: v2}]\n");
  EXPECT_THAT(found(true), ElementsAre("base/a.yaml 0 web:v2 (none) (replaced) (prod/kustomization.yaml)"));
  tree("");
  EXPECT_THAT(found(true), IsEmpty());
}

TEST_F(KustomizationRenames, DoNotReplaceWhereImagesDoNotReach) {
  write("a.yaml", "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nspec: {values: {image: 'web:1'}}\n");
  write("kustomization.yaml", "resources: [a.yaml]\nimages: [{name: web, newTag: v1}]\n");
  EXPECT_THAT(found(true), IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
