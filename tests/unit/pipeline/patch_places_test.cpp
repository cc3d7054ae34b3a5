#include <pinhook/pipeline/patch_places.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>

namespace pinhook::pipeline {
namespace {

TEST(PatchPlaces, AreThoseOfTheObjectThatIsChanged) {
  struct row {
    std::string_view patch, pointer;
    std::size_t times;
  };
  for (const row& one : {
           row{"- {op: add, path: /spec/template/spec/containers/0/image, value: nginx}", "/0/value", 2},
           {"- {op: remove, path: /x}\n- {op: add, path: /spec/containers/-, value: {image: nginx}}", "/1/value/image",
            2},
           {"- {op: add, path: /spec/template, value: {spec: {containers: [{image: nginx}]}}}",
            "/0/value/spec/containers/0/image", 2},
           {"- {op: add, path: /spec/containers-x/-/containers/-/image, value: nginx}", "/0/value", 1},
           {"- {op: add, path: /spec/image, value: nginx}", "/0/value", 0},
           {"- {op: add, path: /spec/containers/0/image, value: nginx}", "/1/value", 0},
           {"- {op: add, path: /spec/containers/0/image, value: nginx}", "/x/value", 0},
           {"- {op: add, path: /spec/containers/0/image, value: nginx}", "", 0},
           {"spec: {containers: [{image: nginx}]}", "/spec/containers/0/image", 2},
           {"a: b\n---\nspec: {containers: [{image: nginx}]}", "/1/spec/containers/0/image", 2},
           {"[", "/0/value", 0},
           {"", "", 0},
       })
    EXPECT_EQ(patch_places(one.patch).times_applied(one.pointer), one.times) << one.patch << one.pointer;
}

}  // namespace
}  // namespace pinhook::pipeline
