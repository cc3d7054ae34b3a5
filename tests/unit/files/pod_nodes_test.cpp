#include <pinhook/files/pod_nodes.hpp>

#include <pinhook/pin/object.hpp>
#include <pinhook/yaml/source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::optional<pod_images> read(const yaml::source& from, std::string_view kind) {
  static const pin::pod_paths paths;
  const auto& doc = from.documents.front();
  return read_pod_nodes(doc, doc.root,
                        paths.of(kind == "Deployment" ? "apps"
                                 : kind == "CronJob"  ? "batch"
                                                      : "",
                                 kind));
}

// Also compares with what the engine says about the JSON.
std::vector<std::string> pointers(const std::string& text, std::string_view kind = "Pod") {
  static const pin::pod_paths paths;
  const auto from = yaml::read_source(text);
  EXPECT_TRUE(from) << text;
  const auto found = read(*from, kind);
  if (!found) return {"none"};
  const auto& doc = from->documents.front();
  const auto engine = pin::read_object(*yaml::to_json(doc, doc.root), paths.of(kind == "Deployment" ? "apps"
                                                                               : kind == "CronJob"  ? "batch"
                                                                                                    : "",
                                                                               kind));
  EXPECT_TRUE(engine) << text;
  std::vector<std::string> out;
  EXPECT_EQ(found->images.size(), engine->found.slots.size()) << text;
  EXPECT_EQ(found->pin_label, engine->metadata.pin_label.value_or("")) << text;
  for (std::size_t i = 0; i < found->images.size() && i < engine->found.slots.size(); ++i) {
    const pod_image& one = found->images[i];
    const pin::slot& slot = engine->found.slots[i];
    EXPECT_EQ(one.pointer, slot.pointer);
    EXPECT_EQ(one.image, slot.image);
    EXPECT_EQ(one.container, slot.container);
    EXPECT_EQ(one.pull_policy, slot.pull_policy);
    EXPECT_EQ(one.type, slot.type);
    EXPECT_EQ(one.node, doc.at_pointer(doc.root, slot.pointer));
    out.push_back(one.pointer);
  }
  return out;
}

TEST(PodNodes, AreThoseOfTheEngine) {
  EXPECT_THAT(pointers("spec: {containers: [{name: web, image: nginx, imagePullPolicy: Always}]}"),
              ElementsAre("/spec/containers/0/image"));
  EXPECT_THAT(pointers("spec:\n  template:\n    spec:\n      containers:\n        - image: a\n        - image: b\n",
                       "Deployment"),
              ElementsAre("/spec/template/spec/containers/0/image", "/spec/template/spec/containers/1/image"));
  EXPECT_THAT(pointers("spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: a}]}}}}}", "CronJob"),
              ElementsAre("/spec/jobTemplate/spec/template/spec/containers/0/image"));
  // In the order of the text; a volume's image is a mapping.
  EXPECT_THAT(
      pointers("spec:\n  volumes: [{name: v, image: {reference: r, pullPolicy: Never}}, {name: w}, {image: x}]\n"
               "  initContainers: [{image: i}]\n  containers: [{image: c}]\n  ephemeralContainers: [{image: e}]\n"),
      ElementsAre("/spec/volumes/0/image/reference", "/spec/initContainers/0/image", "/spec/containers/0/image",
                  "/spec/ephemeralContainers/0/image"));
}

TEST(PodNodes, PassOverWhatIsNoImage) {
  for (const char* text :
       {"spec:", "spec: text", "spec: []", "a: b", "spec: {containers: {image: a}}", "spec: {containers: [image, [a]]}",
        "spec: {containers: [{image: 1.25}, {image: true}, {image: }, {image: ''}, {image: {a: b}}]}",
        "metadata: text"})
    EXPECT_THAT(pointers(text), IsEmpty()) << text;
  EXPECT_THAT(pointers("spec: {containers: [{image: '1.25', name: 7}, {image: !!str 1}]}"),
              ElementsAre("/spec/containers/0/image", "/spec/containers/1/image"));
}

TEST(PodNodes, KnowTheLabel) {
  for (const char* labels : {"{pinhook.dev/pin: skip}", "{pinhook.dev/pin: 1}", "{other: skip}", "text", "[]"})
    EXPECT_THAT(pointers(std::string("metadata: {labels: ") + labels + "}\nspec: {containers: [{image: a}]}\n"),
                ElementsAre("/spec/containers/0/image"))
        << labels;
}

TEST(PodNodes, LeaveWhatTheEngineHasToJudge) {
  for (const char* text :
       {"spec: {containers: [{image: a}]}\nspec: {}", "metadata: {}\nmetadata: {}",
        "spec: {containers: [{image: a, image: b}]}", "spec: {containers: [{image: a, name: b, name: c}]}",
        "spec: {containers: [], containers: []}", "spec: {serviceAccountName: a, serviceAccountName: b}",
        "metadata: {labels: {}, labels: {}}", "metadata: {labels: {pinhook.dev/pin: skip, pinhook.dev/pin: skip}}",
        "metadata: {annotations: {pinhook.dev/pins: a, pinhook.dev/pins: b}}",
        "metadata: {ownerReferences: [], ownerReferences: []}",
        "spec: {volumes: [{image: {reference: a, reference: b}}]}", "spec: {volumes: [{name: a, name: b}]}",
        "<<: {spec: {containers: [{image: a}]}}", "spec: {<<: {containers: [{image: a}]}}",
        "spec: {containers: [{<<: {image: a}}]}"})
    EXPECT_THAT(pointers(text), ElementsAre("none")) << text;
  // A kind whose places are not known, and one with several.
  EXPECT_THAT(pointers("spec: {containers: [{image: a}]}", "Unknown"), ElementsAre("none"));
  std::string many = "spec:\n  containers:\n";
  for (std::size_t i = 0; i <= pin::max_slots; ++i) many += "    - image: a\n";
  EXPECT_THAT(pointers(many), ElementsAre("none"));
}

}  // namespace
}  // namespace pinhook::files
