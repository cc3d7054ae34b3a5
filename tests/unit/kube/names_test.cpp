#include <pinhook/kube/names.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

TEST(Names, NamespacesAreLabels) {
  for (const char* good : {"a", "default", "team-a", "0", "kube-system"}) EXPECT_TRUE(is_namespace_name(good)) << good;
  for (const char* bad : {"", "-a", "a-", "A", "a.b", "a/b", "..", "a%2f", "a b", "a_b"})
    EXPECT_FALSE(is_namespace_name(bad)) << bad;
  EXPECT_TRUE(is_namespace_name(std::string(63, 'a')));
  EXPECT_FALSE(is_namespace_name(std::string(64, 'a')));
}

TEST(Names, ObjectsAreSubdomains) {
  for (const char* good : {"a", "a.b", "regcred", "ghcr.io", "a-b.c-d"}) EXPECT_TRUE(is_object_name(good)) << good;
  for (const char* bad : {"", ".", "..", "a.", ".a", "a..b", "a/b", "a?b", "-a.b", "a.-b", "A.b", "a\n"})
    EXPECT_FALSE(is_object_name(bad)) << bad;
  EXPECT_TRUE(is_object_name(std::string(253, 'a')));
  EXPECT_FALSE(is_object_name(std::string(254, 'a')));
}

}  // namespace
}  // namespace pinhook::kube
