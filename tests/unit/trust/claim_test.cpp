#include <pinhook/trust/claim.hpp>

#include <gtest/gtest.h>

namespace pinhook::trust {
namespace {

TEST(Claim, FieldsAreFoundByJsonPointer) {
  const auto document =
      json::parse(R"({"a":{"b/c":["x",{"d":"y"}],"n":7,"t":true,"z":null,"o":{}},"":"root"})").value();
  const struct {
    const char* pointer;
    std::optional<std::string> text;
  } rows[] = {
      {"/a/b~1c/0", "x"},
      {"/a/b~1c/1/d", "y"},
      {"/a/n", "7"},
      {"/a/t", "true"},
      {"/a/z", "null"},
      {"/a/o", std::nullopt},
      {"/a/b~1c", std::nullopt},
      {"/a/none", std::nullopt},
      {"/", "root"},
      {"/a/b~1c/9", std::nullopt},
      {"a", std::nullopt},
      {"", std::nullopt},
      {"/a/~2", std::nullopt},
  };
  for (const auto& row : rows) EXPECT_EQ(text_at(document, row.pointer), row.text) << row.pointer;
}

TEST(Claim, OnlyPointersToMembersAreTaken) {
  for (const char* good : {"/a", "/predicate/runDetails/builder/id", "/a~1b", "/"})
    EXPECT_TRUE(is_json_pointer(good)) << good;
  for (const char* bad : {"", "a", "predicate/id", "/a~", "/a~2b", "#/a"}) EXPECT_FALSE(is_json_pointer(bad)) << bad;
}

TEST(Claim, TypesAreReadWithoutBelievingThem) {
  signature of;
  of.payload = R"({"predicateType":"https://slsa.dev/provenance/v1"})";
  EXPECT_EQ(predicate_type_of(of), "https://slsa.dev/provenance/v1");
  of.payload = "not JSON";
  EXPECT_EQ(predicate_type_of(of), "");
  of.as = signature::form::simple_signing;
  EXPECT_EQ(predicate_type_of(of), sign_predicate);
}

}  // namespace
}  // namespace pinhook::trust
