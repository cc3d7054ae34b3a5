#include <pinhook/pipeline/image_cuts.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> fields(const std::string& text) {
  std::vector<std::string> out;
  for (const image_cut& one : image_cuts(text))
    out.push_back(one.kind + " " + one.name + " " + one.field + (one.is_whole ? " whole" : ""));
  return out;
}

TEST(ImageCuts, AreSourcesAndTargetsWithADelimiter) {
  const std::string one =
      "source: {kind: ConfigMap, name: v, fieldPath: data.TAG}\n"
      "targets:\n"
      "- select: {kind: Deployment, name: web}\n"
      "  fieldPaths: [a.0.image, b.image]\n"
      "  options: {delimiter: ':', index: 1}\n"
      "- select: {kind: Job}\n"
      "  fieldPaths: [c.image]\n";
  const auto found = ElementsAre("Deployment web a.0.image", "Deployment web b.image", "Job  c.image whole");
  EXPECT_THAT(fields(one), found);
  std::string item = "- " + one;
  for (std::size_t at = item.find('\n'); at + 1 < item.size(); at = item.find('\n', at + 1)) item.insert(at + 1, "  ");
  EXPECT_THAT(fields(item), found) << "a file with a list";
  EXPECT_THAT(fields("resources: [x]\nreplacements:\n" + item), found);
  EXPECT_THAT(fields("source: {kind: Pod, name: p, fieldPath: spec.containers.0.image, options: {delimiter: ':'}}\n"),
              ElementsAre("Pod p spec.containers.0.image"));
  for (const char* text : {"", "{{ delimiter", "replacements: delimiter", "targets: [{options: {delimiter: ':'}}]"})
    EXPECT_THAT(fields(text), IsEmpty()) << text;
  EXPECT_THAT(replacement_files("replacements: [{path: r.yaml}, {source: {}}]"), ElementsAre("r.yaml"));
}

TEST(ImageCuts, AreOfTheImageThatTheFieldNames) {
  files::slot web;
  web.kind = "Deployment";
  web.object = "Deployment shop/web";
  web.name = "my.app";
  web.pointer = "/spec/template/spec/containers/1/image";
  const std::string before = "spec.template.spec.";
  for (const char* field : {"containers.1.image", "containers.*.image", "containers.[name=my.app].image"})
    EXPECT_TRUE(is_cut(web, {"Deployment", "web", before + field})) << field;
  EXPECT_TRUE(is_cut(web, {"", "", before + "containers.1.image"}));
  EXPECT_FALSE(is_cut(web, {"", "", before + "containers.1.image", true})) << "a whole image takes its place";
  EXPECT_TRUE(is_cut(web, {"Deployment", "prod-web", before + "containers.1.image"})) << "with its namePrefix";
  for (const char* field : {"containers.0.image", "containers.[name=other].image", "initContainers.1.image",
                            "containers.1.name", "containers", ""})
    EXPECT_FALSE(is_cut(web, {"Deployment", "web", before + field})) << field;
  EXPECT_FALSE(is_cut(web, {"StatefulSet", "web", before + "containers.1.image"}));
  EXPECT_FALSE(is_cut(web, {"Deployment", "api", before + "containers.1.image"}));
  files::slot patch;
  patch.pointer = "/0/value";
  EXPECT_TRUE(is_cut(patch, {"Deployment", "web", "spec.image"})) << "it does not say which object it changes";
  EXPECT_FALSE(is_cut(patch, {"Deployment", "web", "metadata.name"}));
  patch.kind = "Kustomization";
  EXPECT_TRUE(is_cut(patch, {"Deployment", "web", "spec.image"}));
  web.pointer = "/spec/image";
  EXPECT_TRUE(is_cut(web, {"Deployment", "web", "spec.image"}));
  EXPECT_FALSE(is_cut(web, {"Deployment", "web", "status.image"}));
}

}  // namespace
}  // namespace pinhook::pipeline
