#include <pinhook/pipeline/repository_paths.hpp>

#include "support/certificates.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::pipeline {
namespace {

namespace fs = std::filesystem;

class RepositoryPaths : public ::testing::Test {
 protected:
  RepositoryPaths() {
    fs::create_directories(files_.path() / "clusters/prod/apps");
    fs::create_directories(files_.path() / "apps/web");
    files_.write("clusters/prod/web.yaml", "");
    files_.write("apps/web/values.yaml", "");
    files_.write("apps/web/kustomization.yml", "");
  }
  [[nodiscard]] fs::path found(const std::string& name, fs::file_type type) const {
    const auto at = in_repository((files_.path() / "clusters/prod/web.yaml").string(), name, type);
    return at.empty() ? at : at.lexically_relative(files_.path());
  }

  pinhook::testing::temporary_directory files_;
};

TEST_F(RepositoryPaths, AreSoughtInTheFoldersAbove) {
  EXPECT_EQ(found("apps/web/values.yaml", fs::file_type::regular), "apps/web/values.yaml");
  EXPECT_EQ(found("./apps/web", fs::file_type::directory), "apps/web");
  EXPECT_EQ(found("/apps/web", fs::file_type::directory), "apps/web");
  // The nearest.
  EXPECT_EQ(found("apps", fs::file_type::directory), "clusters/prod/apps");
}

TEST_F(RepositoryPaths, OfAnotherTypeOrWithATemplateAreNotThere) {
  EXPECT_TRUE(found("apps/web", fs::file_type::regular).empty());
  for (const char* name : {"", "/", "./", "nowhere", "../apps", "apps/{{name}}", "apps/${NAME}", "https://apps/web"})
    EXPECT_TRUE(found(name, fs::file_type::directory).empty()) << name;
}

TEST_F(RepositoryPaths, AKustomizationHasOneOfThreeNames) {
  EXPECT_EQ(kustomization_in(files_.path() / "apps/web"), (files_.path() / "apps/web/kustomization.yml").string());
  EXPECT_FALSE(kustomization_in(files_.path() / "apps"));
}

}  // namespace
}  // namespace pinhook::pipeline
