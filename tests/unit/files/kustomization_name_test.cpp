#include <pinhook/files/kustomization_name.hpp>

#include <gtest/gtest.h>

namespace pinhook::files {
namespace {

TEST(KustomizationName, IsTheLastPartOfAPath) {
  for (const char* path : {"kustomization.yaml", "kustomization.yml", "Kustomization", "a/kustomization.yaml",
                           "/a/b/Kustomization", "./kustomization.yml"})
    EXPECT_TRUE(is_kustomization_name(path)) << path;
  for (const char* path : {"", "/", "kustomization", "Kustomization.yaml", "kustomization.yaml/",
                           "kustomization.yaml/a", "my-kustomization.yaml", "kustomization.yaml.bak", "KUSTOMIZATION"})
    EXPECT_FALSE(is_kustomization_name(path)) << path;
}

}  // namespace
}  // namespace pinhook::files
