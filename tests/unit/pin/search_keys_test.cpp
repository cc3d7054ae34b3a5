#include <pinhook/pin/search_keys.hpp>

#include <pinhook/pin/object.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::pin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> found_in(std::string_view text) {
  json::cursor at(text);
  found_slots found;
  search_image_keys(at, found);
  EXPECT_FALSE(at.has_failed()) << text;
  std::vector<std::string> out;
  for (const slot& one : found.slots) {
    EXPECT_TRUE(one.is_guess);
    EXPECT_EQ(found.templates.at(one.pod).pointer, one.pointer);
    out.push_back(one.pointer + " " + one.image);
  }
  return out;
}

struct row {
  std::string_view spec;
  std::vector<std::string> found;
};

TEST(SearchImageKeys, FindsImagesByTheNamesOfKeys) {
  const row rows[] = {
      {R"({"image": "quay.io/acme/engine:1.0"})", {"/spec/image quay.io/acme/engine:1.0"}},
      {R"({"im\u0061ge": "a:1", "n": 1, "x": null})", {"/spec/image a:1"}},
      {R"({"imageName": "ghcr.io/cloudnative-pg/postgresql:16.4"})",
       {"/spec/imageName ghcr.io/cloudnative-pg/postgresql:16.4"}},
      {R"({"a/b": [{"initImage": "a:1"}, 7, {"c~": {"proxy_image": "b:1"}}]})",
       {"/spec/a~1b/0/initImage a:1", "/spec/a~1b/2/c~0/proxy_image b:1"}},
      {R"({"images": ["a:1", "word", {"image": "b:1"}], "toolImages": ["c:1"], "names": ["d:1"]})",
       {"/spec/images/0 a:1", "/spec/images/2/image b:1", "/spec/toolImages/0 c:1"}},
      {R"({"env": [{"value": "a:1", "name": "RELATED_IMAGE_A"}, {"name": "B_IMAGE", "value": "b:1"},
                   {"name": "IMAGE_TAG", "value": "c:1"}, {"name": "D_IMAGE", "valueFrom": {"image": "d:1"}}]})",
       {"/spec/env/0/value a:1", "/spec/env/1/value b:1", "/spec/env/3/valueFrom/image d:1"}},
      // A slash is enough under "image"; elsewhere the text must be whole.
      {R"({"image": "acme/engine", "initImage": "acme/init"})", {"/spec/image acme/engine"}},
  };
  for (const row& one : rows)
    EXPECT_EQ(found_in(R"({"kind": "X", "spec": )" + std::string(one.spec) + "}"), one.found) << one.spec;
}

TEST(SearchImageKeys, LeavesWhatIsNoImage) {
  for (const std::string_view spec :
       {R"({"image": "ubuntu-22.04"})", R"({"logoImage": "a:1"})", R"({"osImage": "a:1"})",
        R"({"image": "https://example.com/a:1"})", R"({"image": "img/logo.png"})", R"-({"image": "$(params.image)"})-",
        R"({"image": "Wrong Name:1"})", R"({"image": 7})", R"({"image": {"repository": "acme/a", "tag": 1.5}})",
        R"({"image": "quay.io/acme/a", "tag": 2})",
        R"({"image": {"repository": "acme/a", "tag": "1", "digest": null}})", R"({"image": ""})",
        R"({"volumes": [{"rbd": {"image": "a:1"}}]})", R"({"output": {"image": "a:1"}})",
        R"({"schema": {"image": "a:1"}})", R"({"template": {"apiVersion": "v1", "image": "a:1", "kind": "Pod"}})",
        R"("a:1")", R"(["a:1"])", "null"})
    EXPECT_THAT(found_in(R"({"spec": )" + std::string(spec) + "}"), IsEmpty()) << spec;
  EXPECT_THAT(found_in(R"({"image": "a:1", "status": {"image": "a:1"}, "metadata": {"image": "a:1"}})"), IsEmpty());
  // What is beside an object inside of the object stays.
  EXPECT_THAT(found_in(R"({"spec": {"image": "a:1", "x": {"apiVersion": "v1", "kind": "Y", "image": "b:1"}}})"),
              ElementsAre("/spec/image a:1"));
}

// The values of an image in parts are parts of their own in `templates`, so that a change of another member is no
// change of the image.
TEST(SearchImageKeys, TellsTheValuesOfAnImageInParts) {
  constexpr std::string_view text =
      R"({"spec": {"image": {"pullPolicy": "Always", "tag": "1", "repository": "acme/a", "digest": ""}}})";
  json::cursor at(text);
  found_slots found;
  search_image_keys(at, found);
  ASSERT_EQ(found.slots.size(), 1U);
  EXPECT_EQ(found.slots[0].value, slot_value::digest);
  std::vector<std::string> values;
  for (const pod_template& one : found.templates) values.push_back(one.pointer + " " + std::string(one.text));
  EXPECT_THAT(values,
              ElementsAre(R"(/spec/image/digest "")", R"(/spec/image/repository "acme/a")", R"(/spec/image/tag "1")"));
}

TEST(SearchImageKeys, RefusesDuplicatesOfParts) {
  for (const std::string_view image :
       {R"({"repository": "a/b", "repository": "a/c", "tag": "1"})", R"({"repository": "a/b", "tag": "1", "tag": "2"})",
        R"({"repository": "a/b", "tag": "1", "digest": "", "digest": ""})"}) {
    const std::string text = R"({"spec": {"image": )" + std::string(image) + "}}";
    json::cursor at(text);
    found_slots found;
    search_image_keys(at, found);
    EXPECT_TRUE(at.has_failed()) << image;
  }
}

// A mapping of many members: found as in a small one, by an index, so that the time does not grow with the square of
// their number.
TEST(SearchImageKeys, FindsPartsAmongManyMembers) {
  std::string text = R"({"spec": {"image": "acme/a", "zImage": "acme/z", "zImageTag": "2")";
  for (std::size_t i = 0; i < 4'000; ++i) text += R"(,"n)" + std::to_string(i) + R"(Image": "x")";
  json::cursor at(text);
  std::string all = text + R"(,"other": {"repository": "acme/b", "tag": "1"}}})";
  at = json::cursor(all);
  found_slots found;
  search_image_keys(at, found);
  ASSERT_FALSE(at.has_failed());
  std::vector<std::string> images;
  for (const slot& one : found.slots) images.push_back(one.image);
  EXPECT_THAT(images, ElementsAre("acme/a", "acme/z:2", "acme/b:1"));
  all = text + R"(,"zImageTag": "3"}})";
  at = json::cursor(all);
  search_image_keys(at, found);
  EXPECT_TRUE(at.has_failed());
}

TEST(SearchImageKeys, KeepsTheLimits) {
  const auto nested = [](std::size_t depth) {
    std::string out = R"({"spec": )";
    for (std::size_t i = 0; i < depth; ++i) out += "[";
    return out + std::string(depth, ']') + "}";
  };
  const auto fails = [](const std::string& text, std::size_t limit) {
    json::cursor at(text);
    found_slots found;
    found.limit = limit;
    search_image_keys(at, found);
    return at.has_failed();
  };
  EXPECT_FALSE(fails(nested(max_search_depth - 2), max_slots));
  EXPECT_TRUE(fails(nested(max_search_depth), max_slots));
  EXPECT_FALSE(fails(R"({"spec": {"images": ["a:1", "a:2"]}})", 2));
  EXPECT_TRUE(fails(R"({"spec": {"images": ["a:1", "a:2", "a:3"]}})", 2));
  EXPECT_TRUE(fails(R"({"spec": {"env": [{"name": "A_IMAGE", "value": "a:1"}]}})", 0));
}

TEST(SearchImageKeys, SurvivesEveryTruncation) {
  const std::string text =
      R"({"spec": {"image": "a:1", "images": ["b:1"], "env": [{"name": "A_IMAGE", "value": "a:1"}],
                   "x": {"repository": "a/b", "tag": "1", "sha": ""}}})";
  for (std::size_t n = 0; n < text.size(); ++n) {
    const std::string part = text.substr(0, n);
    json::cursor at(part);
    found_slots found;
    search_image_keys(at, found);
    EXPECT_TRUE(at.has_failed()) << n;
  }
}

TEST(SearchImageKeys, IsForKindsWithoutKnownPlaces) {
  struct kind_row {
    std::string_view group, kind;
    bool may;
  };
  for (const kind_row& one : {kind_row{"postgresql.cnpg.io", "Cluster", true},
                              {"", "ConfigMap", false},
                              {"apps", "Deployment", false},
                              {"batch", "Job", false},
                              {"kyverno.io", "ClusterPolicy", false},
                              {"image.toolkit.fluxcd.io", "ImagePolicy", false},
                              {"apps.kruise.io", "NodeImage", false},
                              {"apps.kruise.io", "Other", true}})
    EXPECT_EQ(may_search_keys(one.group, one.kind), one.may) << one.group << " " << one.kind;
}

// An image that the shape of a pod spec finds, too, is one slot and no guess.
TEST(ReadObject, SearchesKeysOnlyWhenAsked) {
  constexpr std::string_view text =
      R"({"spec": {"image": "a:1", "pod": {"containers": [{"name": "web", "image": "acme/b:1"}]}}})";
  const auto images = [&](std::span<const place> places, bool takes_keys) {
    std::vector<std::string> out;
    const auto read = read_object(text, places, {.takes_keys = takes_keys});
    EXPECT_TRUE(read);
    for (const slot& one : read->found.slots) out.push_back(one.image + (one.is_guess ? " guess" : ""));
    return out;
  };
  EXPECT_THAT(images({}, false), ElementsAre("acme/b:1"));
  EXPECT_THAT(images({}, true), ElementsAre("acme/b:1", "a:1 guess"));
  const pod_paths paths({{"example.com", "Engine", {"spec.pod.containers[*].image"}}});
  EXPECT_THAT(images(paths.of("example.com", "Engine"), true), ElementsAre("acme/b:1")) << "its places are known";
}

}  // namespace
}  // namespace pinhook::pin
