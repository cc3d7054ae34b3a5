#include <pinhook/pipeline/inputs.hpp>

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pinhook::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: nginx}]}\n";

class Inputs : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string folder() const { return folder_.path().string(); }

  // "web.yaml: 1 image", "bad.yaml: malformed", each with " (named)" when an argument names it.
  std::vector<std::string> seen(const std::vector<std::string>& words) const {
    std::vector<std::string> out;
    const auto inputs = read_inputs(words, places_);
    if (!inputs) return {inputs.error().message};
    for (const input& one : *inputs) {
      std::string line = std::filesystem::path(one.path).filename().string() + ": ";
      line += one.content ? std::to_string(one.content->slots().size()) + " image"
                          : std::string(to_string(one.content.error().code));
      out.push_back(line + (one.is_named ? " (named)" : ""));
    }
    return out;
  }

  testing::temporary_directory folder_;
  files::image_places places_;
};

TEST_F(Inputs, ReadsFoundAndNamedFiles) {
  const auto web = write("web.yaml", pod);
  write("none.yaml", "a: 1\n");
  write("notes.txt", pod);
  EXPECT_THAT(seen({folder()}), ElementsAre("none.yaml: 0 image", "web.yaml: 1 image"));
  EXPECT_THAT(seen({web, folder()}), ElementsAre("web.yaml: 1 image (named)", "none.yaml: 0 image"));
  EXPECT_THAT(seen({folder() + "/notes.txt"}), ElementsAre("notes.txt: 1 image (named)"));
}

// A directory gives no image of them, but they must not pass for read.
TEST_F(Inputs, NamesFilesOfOtherLanguagesWithImages) {
  const auto named = write("a.j2", pod);
  write("b.tf", "image = \"nginx:1.25\"\n");
  write("c.tf", "image = var.image\n");
  write("web.yaml", pod);
  EXPECT_THAT(seen({folder()}), ElementsAre("b.tf: unsupported", "web.yaml: 1 image"));
  // Named, or found by a glob of its name, it is read as any file.
  EXPECT_THAT(seen({named}), ElementsAre("a.j2: 1 image (named)"));
  EXPECT_THAT(seen({folder(), folder() + "/*.j2"}),
              ElementsAre("b.tf: unsupported", "web.yaml: 1 image", "a.j2: 1 image"));
}

TEST_F(Inputs, ReadsFilesWhateverTheCaseOfTheirEndings) {
  for (const std::string name : {"a.YAML", "b.Yml", "c.JSON"}) write(name, pod);
  EXPECT_THAT(seen({folder()}), ElementsAre("a.YAML: 1 image", "b.Yml: 1 image", "c.JSON: 1 image"));
}

// Shells of Windows write it; a gate must not take it for a file without images.
TEST_F(Inputs, RefusesWideTextWithImages) {
  const auto wide = [](const std::string& text, bool is_big) {
    std::string out;
    for (const char c : text) out.append(is_big ? std::string{'\0', c} : std::string{c, '\0'});
    return out;
  };
  write("big.yaml", "\xfe\xff" + wide(pod, true));
  write("little.yaml", "\xff\xfe" + wide(pod, false));
  write("unmarked.yaml", wide(pod, false));
  write("settings.json", "\xff\xfe" + wide("{\"a\": 1}", false));
  EXPECT_THAT(seen({folder()}),
              ElementsAre("big.yaml: malformed", "little.yaml: malformed", "unmarked.yaml: malformed"));
  const auto inputs = read_inputs({folder() + "/little.yaml"}, places_);
  ASSERT_TRUE(inputs);
  EXPECT_THAT(inputs->front().content.error().message, HasSubstr("UTF-16, which is not read; save it as UTF-8"));
}

TEST_F(Inputs, LeavesOutExcludedFilesEvenWhenTheyAreNamed) {
  const auto web = write("web.yaml", pod);
  const auto vendored = write("vendor/a/b.yaml", pod);
  write("vendored.yaml", pod);
  const auto broken = write("x/broken.tmpl.yaml", "image: [\n");
  places_.excluded = {"vendor/", "*.tmpl.yaml", "# no pattern"};
  EXPECT_THAT(seen({folder(), vendored, broken}), ElementsAre("vendored.yaml: 1 image", "web.yaml: 1 image",
                                                              "b.yaml: unsupported", "broken.tmpl.yaml: unsupported"));
  const auto inputs = read_inputs({web, vendored}, places_);
  ASSERT_TRUE(inputs);
  EXPECT_FALSE(inputs->at(0).is_excluded);
  EXPECT_TRUE(inputs->at(1).is_excluded);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder());
  places_.excluded = {"/vendor"};
  EXPECT_THAT(seen({"./vendor/a/b.yaml", vendored, "web.yaml"}),
              ElementsAre("b.yaml: unsupported", "web.yaml: 1 image (named)"));
  std::filesystem::current_path(before);
}

TEST_F(Inputs, CountsExcludedFiles) {
  EXPECT_EQ(excluded_note(0), "");
  EXPECT_EQ(excluded_note(1), "1 file is left out by files.exclude");
  EXPECT_EQ(excluded_note(12), "12 files are left out by files.exclude");
}

TEST_F(Inputs, SaysWhichArgumentsHoldAFile) {
  const auto web = write("d/web.yaml", pod);
  const auto inputs = read_inputs({folder() + "/d", web, folder()}, places_);
  ASSERT_TRUE(inputs);
  ASSERT_EQ(inputs->size(), 1U);
  EXPECT_THAT(inputs->front().arguments, ElementsAre(0U, 1U, 2U));
}

TEST_F(Inputs, KeepsInvalidFiles) {
  const auto bad = write("bad.yaml", "image: [\n");
  EXPECT_THAT(seen({folder()}), ElementsAre("bad.yaml: malformed"));
  EXPECT_THAT(seen({bad}), ElementsAre("bad.yaml: malformed (named)"));
}

TEST_F(Inputs, PassesOverFoundFilesThatAreNoYamlAndCanHoldNoImage) {
  const auto odd = write("odd.yaml", "a: [\n");
  EXPECT_THAT(seen({folder()}), IsEmpty());
  EXPECT_THAT(seen({odd}), ElementsAre("odd.yaml: malformed (named)"));
}

TEST_F(Inputs, PassesOverFoundJsonWithComments) {
  const auto settings = write("settings.json", "{\n  // [ours\n  \"image\": \"mcr.example.com/base:1\",\n}\n");
  EXPECT_THAT(seen({folder()}), IsEmpty());
  EXPECT_THAT(seen({settings}), ElementsAre("settings.json: malformed (named)"));
  write("pod.json", R"({"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"see":"https://example.com"}},)"
                    R"("spec":{"containers":[{"name":"a","image":"nginx"}]}})");
  EXPECT_THAT(seen({folder()}), ElementsAre("pod.json: 1 image"));
  write("devcontainer.json", "{\n  // [ours\n  \"image\": \"mcr.example.com/base:1\",\n}\n");
  EXPECT_THAT(seen({folder()}), ElementsAre("devcontainer.json: 1 image", "pod.json: 1 image"));
}

TEST_F(Inputs, TellsTemplatesFromBrokenFiles) {
  write("deployment.yaml", "image: {{ .Values.image }}\n");
  EXPECT_THAT(seen({folder()}), ElementsAre("deployment.yaml: unsupported"));
}

TEST_F(Inputs, NamesAFileThatIsNotThere) {
  EXPECT_THAT(seen({folder() + "/none.yaml"}), ElementsAre(HasSubstr("none.yaml")));
}

TEST_F(Inputs, FilesThatAChartOfAKustomizationNamesAreValues) {
  const std::string values = "image: {repository: acme/web, tag: v1}\n";
  write("app/kustomization.yaml",
        "helmCharts:\n- {name: web, valuesFile: web.yaml, additionalValuesFiles: [env/prod.yaml]}\n");
  const auto named = write("app/web.yaml", values);
  write("app/env/prod.yaml", values);
  write("app/other.yaml", values);
  EXPECT_THAT(seen({folder()}), ElementsAre("prod.yaml: 1 image", "kustomization.yaml: 0 image", "other.yaml: 0 image",
                                            "web.yaml: 1 image"));
  EXPECT_THAT(seen({named}), ElementsAre("web.yaml: 1 image (named)"));
}

}  // namespace
}  // namespace pinhook::pipeline
