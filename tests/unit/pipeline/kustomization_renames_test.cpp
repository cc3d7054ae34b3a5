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
    inputs_.push_back({path, files::image_file::read(text, path, rules_), false});
  }
  void pod(const std::string& name, const std::vector<std::string>& images) {
    std::string text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";
    for (const auto& image : images) text += "    - name: c\n      image: " + image + "\n";
    write(name, text);
  }
  // "a.yaml 0 ghcr.io/acme/web:1 (kustomization.yaml)"
  std::vector<std::string> found() {
    std::vector<const input*> all;
    for (const auto& one : inputs_) all.push_back(&one);
    const auto renames = renames_in(all, rules_);
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const auto& [site, to] : renames[i])
        out.push_back(
            fmt::format("{} {} {}{} ({})", shown(all[i]->path), site, to.text, to.ref ? "" : " (none)", shown(to.by)));
    inputs_.clear();
    return out;
  }
  std::string shown(const std::string& path) const { return path.substr(files_.path().string().size() + 1); }

  temporary_directory files_;
  files::file_rules rules_;
  std::vector<input> inputs_;
};

TEST_F(KustomizationRenames, AreOfImagesWhoseTagStays) {
  pod("a.yaml", {"web:1", "nginx:1.25", "web"});
  write("kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newName: ghcr.io/acme/web}\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 ghcr.io/acme/web:1 (kustomization.yaml)",
                                   "a.yaml 2 ghcr.io/acme/web (kustomization.yaml)"));
}

TEST_F(KustomizationRenames, AreNoneWhereAnEntrySaysTheTag) {
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
  // The first that gives it another name counts.
  EXPECT_THAT(found(), ElementsAre("base/a.yaml 0 m.example/web:1 (base/kustomization.yaml)"));
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

// What the base's entry says comes out, not what stands in its files.
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

TEST_F(KustomizationRenames, KnowWhatIsNoReference) {
  pod("a.yaml", {"web:1"});
  write("kustomization.yaml", "resources: [a.yaml]\nimages:\n- {name: web, newName: \"m.example/web:v9\"}\n");
  EXPECT_THAT(found(), ElementsAre("a.yaml 0 m.example/web:v9:1 (none) (kustomization.yaml)"));
}

TEST_F(KustomizationRenames, PassOverWhatCannotBeRead) {
  pod("a.yaml", {"web:1"});
  write("kustomization.yaml", "resources: [a.yaml, missing.yaml]\nimages:\n- {name: web, newName: m.example/web}\n");
  EXPECT_THAT(found(), IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
