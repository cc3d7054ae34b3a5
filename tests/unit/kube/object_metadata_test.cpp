#include <pinhook/kube/object_metadata.hpp>

#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

std::string shown(std::string_view object) {
  const auto m = read_metadata(object);
  return m.ns + "/" + m.name + " " + m.resource_version + (m.is_whole ? "" : " cut");
}

TEST(ObjectMetadata, IsReadFromAnyObject) {
  const struct {
    const char* object;
    const char* metadata;
  } rows[] = {
      {R"({"kind":"Pod","metadata":{"name":"a","namespace":"b","resourceVersion":"7"},"spec":{"name":"x"}})", "b/a 7"},
      {R"({"spec":{"metadata":{"name":"x"}},"metadata":{"labels":{"name":"x"},"name":"a"}})", "/a "},
      {R"({"metadata":{"name":1,"namespace":null,"resourceVersion":["7"]}})", "/ "},
      {R"({"metadata":"a"})", "/ "},
      {R"({})", "/ "},
      {R"({"metadata":{"name":"a","namespace":"b"},"spec":{)", "b/a  cut"},
      {R"(["metadata"])", "/  cut"},
      {"", "/  cut"},
  };
  for (const auto& row : rows) EXPECT_EQ(shown(row.object), row.metadata) << row.object;
}

}  // namespace
}  // namespace pinhook::kube
