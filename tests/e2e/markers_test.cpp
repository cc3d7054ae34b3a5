// Comments of other programs after a pin, as those programs read them: kyaml's fieldmeta, with which Flux's
// image-automation-controller and kpt find theirs, and kustomize.
#include "e2e/file_tools.hpp"

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Markers : public FileTools {
 protected:
  void SetUp() override {
    reader_ = programs_folder() / "marker_reader";
    if (!std::filesystem::exists(reader_))
      GTEST_SKIP() << "there is no marker_reader: tests/e2e/tools builds it where there is Go";
  }

  // The text pinned, and unpinned again to the original.
  std::string pinned_text(const std::string& name, const std::string& text) {
    const auto file = folder_.write(name, text);
    const auto pinned = run({testing::program_path(), "pin", file.string()});
    EXPECT_EQ(pinned.exit_code, 0) << pinned;
    folder_.write(name, pinned.output);
    const auto back = run({testing::program_path(), "unpin", file.string()});
    EXPECT_EQ(back.output, text) << back;
    folder_.write(name, pinned.output);
    return pinned.output;
  }

  command_result flux(const std::string& text) {
    return run({reader_.string(), "$imagepolicy", "ns:web=" + tagged("acme/web:2.0"), "ns:web:tag=2.0",
                "ns:web:name=" + tagged("acme/web"), "ns:web:digest=sha256:new"},
               text);
  }

  std::filesystem::path reader_;
};

TEST_F(Markers, FluxFindsItsMarkersInObjects) {
  const auto text =
      pinned_text("pod.yaml", fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n"
                                          "  containers:\n"
                                          "  - name: a\n    image: {0} # {{\"$imagepolicy\": \"ns:web\"}}\n"
                                          "  - name: b\n    image: \"{0}\" #{{\"$imagepolicy\":\"ns:web\"}}\n"
                                          "  - name: c\n    image: {0} # ours\n",
                                          tagged("acme/web:1.0")));
  EXPECT_EQ(count(text, "acme/web:1.0@" + digest("acme/web:1.0")), 2U) << text;
  EXPECT_THAT(text, HasSubstr(pinned("acme/web:1.0") + " # " + tagged("acme/web:1.0") + " # ours\n"));
  const auto moved = flux(text);
  ASSERT_EQ(moved.exit_code, 0) << moved;
  EXPECT_EQ(count(moved.errors, "ns:web: "), 2U) << moved;
  EXPECT_EQ(count(moved.output, tagged("acme/web:2.0")), 2U) << moved;
}

// The fault itself: the output of an earlier version.
TEST_F(Markers, FluxFindsNoneBehindAnotherComment) {
  const auto seen = flux("a: b # b:1 # {\"$imagepolicy\": \"ns:web\"}\nc: # {\"$imagepolicy\": \"ns:web\"} # b\n");
  EXPECT_EQ(seen.errors, "") << seen;
  const auto above = flux("a:\n# {\"$imagepolicy\": \"ns:web\"}\n- b # b:1\n");
  EXPECT_EQ(above.errors, "") << above;
}

TEST_F(Markers, FluxTakesTheOldDigestAwayWithTheTag) {
  const auto values = pinned_text("values.yaml", fmt::format("web:\n  image:\n    repository: {}\n"
                                                             "    tag: \"1.0\" # {{\"$imagepolicy\": \"ns:web:tag\"}}\n"
                                                             "    digest: \"\"\n",
                                                             tagged("acme/web")));
  EXPECT_THAT(values, HasSubstr("tag: \"1.0@" + digest("acme/web:1.0") + "\" # {\"$imagepolicy\": \"ns:web:tag\"}\n"));
  const auto moved = flux(values);
  EXPECT_THAT(moved.errors, HasSubstr("ns:web:tag: 1.0@"));
  EXPECT_THAT(moved.output, Not(HasSubstr("sha256:"))) << moved;
}

TEST_F(Markers, KustomizeBuildsWhatFluxKeeps) {
  const auto kustomize = programs_folder() / "kustomize";
  if (!std::filesystem::exists(kustomize)) GTEST_SKIP() << "there is no kustomize: tests/e2e/tools builds it";
  folder_.write("pod.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: web}]}\n");
  const auto text =
      pinned_text("kustomization.yaml", fmt::format("resources: [pod.yaml]\nimages:\n- name: web\n"
                                                    "  newName: {} # {{\"$imagepolicy\": \"ns:web:name\"}}\n"
                                                    "  newTag: \"1.0\" # {{\"$imagepolicy\": \"ns:web:tag\"}}\n",
                                                    tagged("acme/web")));
  const auto built = run({kustomize.string(), "build", folder_.path().string()});
  EXPECT_THAT(built.output, HasSubstr("image: " + tagged("acme/web:1.0") + "@" + digest("acme/web:1.0")));
  const auto moved = flux(text);
  EXPECT_THAT(moved.errors, HasSubstr("ns:web:tag: 1.0@"));
  EXPECT_THAT(moved.errors, HasSubstr("ns:web:name: "));
  folder_.write("kustomization.yaml", moved.output);
  const auto again = run({kustomize.string(), "build", folder_.path().string()});
  EXPECT_THAT(again.output, HasSubstr("image: " + tagged("acme/web:2.0") + "\n"));
}

TEST_F(Markers, KptFindsItsSetters) {
  const auto text = pinned_text("pod.yaml", fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n"
                                                        "  containers:\n"
                                                        "  - name: a\n    image: {0} # kpt-set: ${{image}}:${{tag}}\n"
                                                        "  - name: b\n    image: {0} # {{\"$kpt-set\":\"whole\"}}\n",
                                                        tagged("acme/web:1.0")));
  const auto set = run({reader_.string(), "kpt-set:", "image=" + tagged("acme/web"), "tag=2.0"}, text);
  EXPECT_THAT(set.output, HasSubstr("image: " + tagged("acme/web:2.0") + " # kpt-set: ${image}:${tag}"));
  const auto whole = run({reader_.string(), "$kpt-set", "whole=" + tagged("acme/web:3.0")}, text);
  EXPECT_THAT(whole.output, HasSubstr("image: " + tagged("acme/web:3.0") + " # {\"$kpt-set\":\"whole\"}"));
}

}  // namespace
}  // namespace pinhook::e2e
