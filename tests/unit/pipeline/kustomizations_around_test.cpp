#include <pinhook/pipeline/kustomizations_around.hpp>

#include "support/certificates.hpp"

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
using ::testing::UnorderedElementsAre;

class KustomizationsAround : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text = "resources: []\n") {
    std::filesystem::create_directories((files_.path() / name).parent_path());
    files_.write(name, text);
  }
  std::vector<std::string> around(const std::vector<std::string>& names) {
    std::vector<std::string> paths;
    for (const auto& name : names) paths.push_back(name == "-" ? name : (files_.path() / name).string());
    auto out = kustomizations_around(paths);
    for (auto& one : out) one = one.substr(files_.path().string().size() + 1);
    return out;
  }

  temporary_directory files_;
};

TEST_F(KustomizationsAround, AreThoseOfTheWorkTree) {
  std::filesystem::create_directories(files_.path() / "repo/.git");
  write("repo/.gitignore", "ignored/\n");
  write("repo/base/web.yaml");
  write("repo/base/kustomization.yml");
  write("repo/a/b/c/d/Kustomization");
  write("repo/ignored/kustomization.yaml");
  write("repo/my-kustomization.yaml");
  write("other/kustomization.yaml");
  EXPECT_THAT(around({"repo/base/web.yaml"}), ElementsAre("repo/a/b/c/d/Kustomization", "repo/base/kustomization.yml"));
  // The kustomizations of the run come first, each once.
  EXPECT_THAT(around({"repo/base/web.yaml", "repo/base/kustomization.yml"}),
              ElementsAre("repo/base/kustomization.yml", "repo/a/b/c/d/Kustomization"));
}

TEST_F(KustomizationsAround, WithoutAWorkTreeStandNear) {
  write("app/base/web.yaml");
  write("app/kustomization.yaml");
  write("app/base/kustomization.yaml");
  write("app/overlays/prod/kustomization.yaml");
  write("app/overlays/prod/eu/kustomization.yaml");
  write("other/kustomization.yaml");
  EXPECT_THAT(around({"app/base/web.yaml"}),
              UnorderedElementsAre("app/kustomization.yaml", "app/base/kustomization.yaml",
                                   "app/overlays/prod/kustomization.yaml"));
}

TEST_F(KustomizationsAround, OfStandardInputAreNone) {
  EXPECT_THAT(around({"-"}), IsEmpty());
  EXPECT_THAT(around({}), IsEmpty());
}

// A path that does not exist must not start a search of the whole file system.
TEST_F(KustomizationsAround, OfFilesBelowTheRootAreNone) {
  EXPECT_THAT(kustomizations_around({"/no-such-file.yaml", "/no-such-directory/web.yaml"}), IsEmpty());
}

}  // namespace
}  // namespace pinhook::pipeline
