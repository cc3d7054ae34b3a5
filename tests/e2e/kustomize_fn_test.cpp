// pinhook as a KRM function of kustomize, and kustomizations that were pinned as kustomize builds them.
#include "e2e/file_tools.hpp"
#include "support/golden.hpp"
#include "support/kustomize_cases.hpp"

#include <fstream>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KustomizeFn : public FileTools {
 protected:
  void SetUp() override {
    program_ = programs_folder() / "kustomize";
    if (!std::filesystem::exists(program_))
      GTEST_SKIP() << "there is no kustomize: tests/e2e/tools builds it where there is Go";
    folder_.write("deployment.yaml", fmt::format("apiVersion: apps/v1\n"
                                                 "kind: Deployment\n"
                                                 "metadata: {{name: web}}\n"
                                                 "spec:\n"
                                                 "  template:\n"
                                                 "    spec:\n"
                                                 "      containers:\n"
                                                 "        - name: web # the main one\n"
                                                 "          image: {}\n"
                                                 "        - name: cache\n"
                                                 "          image: {}\n",
                                                 tagged("acme/web:1.0"), tagged("acme/redis")));
  }

  command_result build(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{program_.string(), "build", folder_.path().string()};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  // A script, since kustomize passes no arguments to a program.
  void write_transformer(const std::string& more = {}) {
    const auto script = folder_.write("pinhook-fn", fmt::format("#!/bin/sh\nexec {} fn\n", testing::program_path()));
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    folder_.write("pin.yaml",
                  "apiVersion: pinhook.dev/v1\n"
                  "kind: PinImages\n"
                  "metadata:\n"
                  "  name: pin\n"
                  "  annotations:\n"
                  "    config.kubernetes.io/function: |\n"
                  "      exec: {path: ./pinhook-fn}\n" +
                      more);
    folder_.write("kustomization.yaml", "resources: [deployment.yaml]\ntransformers: [pin.yaml]\n");
  }

  std::filesystem::path program_;
};

TEST_F(KustomizeFn, PinsWhatIsBuilt) {
  write_transformer();
  const auto done = build({"--enable-alpha-plugins", "--enable-exec"});
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_THAT(done.output, HasSubstr("image: " + pinned("acme/web:1.0")));
  EXPECT_THAT(done.output, HasSubstr("image: " + pinned("acme/redis:latest")));
}

TEST_F(KustomizeFn, FailsWhenALookUpDoes) {
  write_transformer();
  folder_.write("deployment.yaml", fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n"
                                               "spec: {{containers: [{{name: a, image: \"{}\"}}]}}\n",
                                               tagged("acme/missing:1")));
  const auto done = build({"--enable-alpha-plugins", "--enable-exec"});
  EXPECT_NE(done.exit_code, 0);
  EXPECT_THAT(done.output, Not(HasSubstr("acme/missing")));
  EXPECT_THAT(done.errors, HasSubstr("acme/missing:1"));
}

// kustomize builds the images that `pin` writes into a kustomization.
TEST_F(KustomizeFn, BuildsFromAPinnedKustomization) {
  for (const std::string format : {"digest", "tag-and-digest"}) {
    const auto file = folder_.write("kustomization.yaml", fmt::format("resources: [deployment.yaml]\n"
                                                                      "images:\n"
                                                                      "  - name: {}\n"
                                                                      "    newTag: \"2.0\" # the new one\n",
                                                                      tagged("acme/web")));
    const auto done = run({testing::program_path(), "pin", "-i", "--format", format, file.string()});
    ASSERT_EQ(done.exit_code, 0) << done;
    const auto built = build();
    ASSERT_EQ(built.exit_code, 0) << built;
    EXPECT_THAT(built.output, HasSubstr(registry_.host() + "/acme/web"));
    EXPECT_THAT(built.output, HasSubstr("@" + digest("acme/web:2.0"))) << format;
    // The entry that was missing was added.
    EXPECT_THAT(built.output, HasSubstr("@" + digest("acme/redis:latest"))) << format;
    EXPECT_EQ(count(built.output, "@sha256:"), 2U) << built.output;
  }
}

class KustomizeEntries : public KustomizeFn {
 protected:
  static constexpr std::string_view digest_text =
      "sha256:0000000000000000000000000000000000000000000000000000000000000001";

  std::string filled(std::string_view text) const {
    std::string out(text);
    const auto put = [&](std::string_view mark, std::string_view value) {
      for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark)) out.replace(at, mark.size(), value);
    };
    put("%R", registry_.host());
    put("%D", digest_text);
    return out;
  }

  // The image of the first container, as kustomize builds it in a folder below.
  std::string built_image(const std::string& below = {}) const {
    const auto built = run({program_.string(), "build", (folder_.path() / below).string()});
    EXPECT_EQ(built.exit_code, 0) << built;
    const auto at = built.output.find("image: ");
    if (at == std::string::npos) return built.output;
    std::string out = built.output.substr(at + 7, built.output.find('\n', at) - at - 7);
    std::erase(out, '\'');
    std::erase(out, '"');
    return out;
  }

  void write_pod(const std::string& image) {
    folder_.write("pod.yaml", fmt::format("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\n"
                                          "spec: {{containers: [{{name: web, image: \"{}\"}}]}}\n",
                                          image));
  }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    return folder_.write(name, filled(text));
  }

  // "digest" of "host/web:v1", which nothing but the registry knows.
  std::string digest_of(const std::string& image) const {
    auto rest = image.substr(registry_.host().size() + 1);
    if (!rest.contains(':')) rest += ":latest";
    return digest(rest);
  }

  // The built image is the one from before, or its digest.
  void expect_same_or_left(const std::string& before, const std::string& after, const std::string& about) const {
    EXPECT_TRUE(after == before || after.ends_with("@" + digest_of(before))) << before << " became " << after << "\n"
                                                                             << about;
  }

  // The built image has the digest of the one from before.
  void expect_same(const std::string& before, const std::string& about) const {
    const auto after = built_image();
    if (before.contains('@')) {
      EXPECT_EQ(after, before) << about;
      return;
    }
    EXPECT_TRUE(after.ends_with("@" + digest_of(before))) << before << " became " << after << "\n" << about;
  }
};

// The model (files/kustomize_image.hpp) and the entries of `pin`, compared with kustomize itself.
TEST_F(KustomizeEntries, BuildTheDigestOfWhatTheyBuilt) {
  using testing::entry_verdict;
  for (const auto& one : testing::kustomize_cases) {
    for (const std::string format : {"digest", "tag-and-digest"}) {
      write_pod(filled(one.image));
      const auto text = fmt::format("resources: [pod.yaml]\nimages:\n  - {{{}}}\n", filled(one.entry));
      const auto file = folder_.write("kustomization.yaml", text);
      const auto before = built_image();
      EXPECT_EQ(before, filled(one.built)) << one.image << " " << one.entry;
      const auto done = run({testing::program_path(), "pin", "-i", "--format", format, file.string()});
      ASSERT_EQ(done.exit_code, 0) << text << done;
      const bool is_left = one.verdict == entry_verdict::refused || one.verdict == entry_verdict::not_followed;
      if (is_left) {
        EXPECT_EQ(built_image(), before) << text << done;
        EXPECT_THAT(done.errors, HasSubstr("write")) << text;
      } else {
        expect_same(before, text + done.errors);
      }
      // No second entry for an image that one matches.
      const auto entries = count(testing::read_file(file), "name: ");
      const bool adds = one.verdict == entry_verdict::no_match && !before.contains('@');
      EXPECT_EQ(entries, adds ? 2U : 1U) << testing::read_file(file);
      // Again: nothing is left to do.
      const auto once = testing::read_file(file);
      const auto again = run({testing::program_path(), "pin", "-i", "--format", format, file.string()});
      EXPECT_EQ(again.exit_code, 0) << again;
      EXPECT_EQ(testing::read_file(file), once) << text;
      // And back: the tags that were meant.
      const auto back = run({testing::program_path(), "unpin", "-i", file.string()});
      EXPECT_EQ(back.exit_code, 0) << back;
      if (one.verdict == entry_verdict::pinned) {
        EXPECT_EQ(testing::read_file(file), text) << once;
      }
    }
  }
}

// Pinned together with its resources and bases: a name with a tag still matches, a suffix is still added to the same
// name.
TEST_F(KustomizeEntries, GoOnToMatchWhatIsPinnedBesideThem) {
  for (const std::string entry :
       {"name: '%R/web:v1', newTag: v2", "name: '%R/web', newTag: v2", "name: '%R/web', tagSuffix: -arm",
        "name: '%R/web', newTag: v1}\n  - {name: '%R/web:v1', newTag: v2",
        "name: '%R/web', newTag: v3}\n  - {name: '%R/web:v3', newName: '%R/api'"}) {
    write_pod(tagged("web:v1"));
    folder_.write("kustomization.yaml", filled("resources: [pod.yaml]\nimages:\n  - {" + entry + "}\n"));
    const auto before = built_image();
    const auto done = run({testing::program_path(), "pin", "-i", folder_.path().string()});
    ASSERT_EQ(done.exit_code, 0) << done;
    expect_same_or_left(before, built_image(), entry + done.errors);
  }
}

constexpr std::string_view component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";

// A base with an image, a component and an overlay: the `images` of each, and the arguments of the run.
struct layered_case {
  std::string image, base, component, overlay;
  std::vector<std::string> named{"."};
};

class KustomizeLayers : public KustomizeEntries {
 protected:
  void write_layers(const layered_case& one) {
    std::filesystem::remove(folder_.path() / "deployment.yaml");
    const auto list = [](const std::string& entry) {
      return entry.empty() ? std::string() : "images:\n  - {" + entry + "}\n";
    };
    write("base/pod.yaml",
          "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: \"" + one.image +
              "\"}]}\n");
    write("base/kustomization.yaml", "resources: [pod.yaml]\n" + list(one.base));
    // An empty one is refused.
    write("part/kustomization.yaml", std::string(component) + "commonAnnotations: {a: b}\n" + list(one.component));
    write("over/kustomization.yaml", "resources: [../base]\ncomponents: [../part]\n" + list(one.overlay));
  }
  command_result pin(const layered_case& one, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{testing::program_path(), "pin", "-i"};
    words.insert(words.end(), more.begin(), more.end());
    for (const auto& name : one.named) words.push_back((folder_.path() / name).string());
    return run(std::move(words));
  }
};

// Every kind of entry in every layer, and the files of each layer by themselves: the overlay builds the same image as
// before, or its digest.
TEST_F(KustomizeLayers, ComeOutAsWhatTheyWere) {
  const std::vector<std::string> entries{"",
                                         "name: '%R/a-b', newTag: v2",
                                         "name: '%R/a.b', newTag: v2",
                                         "name: '%R/a.b:v1', newTag: v2",
                                         "name: '%R/a.b', newName: '%R/api'",
                                         "name: '%R/a-b', newName: '%R/a.b'",
                                         "name: '%R/a-b:v1', newTag: v3",
                                         "name: '%R/api', newTag: v4"};
  const std::vector<std::vector<std::string>> runs{
      {"."}, {"base/pod.yaml"}, {"base/kustomization.yaml"}, {"over"}, {"part", "base"}};
  std::size_t refused = 0;
  std::size_t run_index = 0;
  for (const std::string image : {"%R/a-b:v1", "%R/a.b:v1"}) {
    for (const auto& first : entries) {
      for (const auto& second : entries) {
        // In two of the three layers.
        const auto& named = runs[run_index++ % runs.size()];
        const layered_case one = run_index % 2 == 0 ? layered_case{image, first, second, "", named}
                                                    : layered_case{image, first, "", second, named};
        write_layers(one);
        const auto before = built_image("over");
        const auto done = pin(one);
        refused += done.errors.contains("as any character") ? 1 : 0;
        expect_same_or_left(before, built_image("over"),
                            fmt::format("base: {}; component: {}; overlay: {}; named {}: {}", one.base, one.component,
                                        one.overlay, named.front(), done.errors));
      }
    }
  }
  EXPECT_GE(refused, 10U);
}

// `lock` knows the image that is built, so that `pin --lock` asks no registry.
TEST_F(KustomizeLayers, AreLockedAsTheyComeOut) {
  const layered_case one{"%R/web:v1", "", "", "name: '%R/web', newName: '%R/api'"};
  write_layers(one);
  const auto lock = (folder_.path() / "pinhook.lock").string();
  const auto locked = run({testing::program_path(), "lock", "--file", lock, (folder_.path() / "base").string()});
  ASSERT_EQ(locked.exit_code, 0) << locked;
  EXPECT_THAT(testing::read_file(lock), HasSubstr(tagged("api:v1") + ": {digest: \"" + digest("api:v1")));
  const auto before = built_image("over");
  const auto done = pin(one, {"--lock", lock, "--offline"});
  ASSERT_EQ(done.exit_code, 0) << done;
  expect_same_or_left(before, built_image("over"), done.errors);
  const auto checked = run({testing::program_path(), "check", "--lock", lock, (folder_.path() / "base").string()});
  EXPECT_THAT(checked.output, HasSubstr("run pinhook pin -i " + (folder_.path() / "over/kustomization.yaml").string()))
      << checked;
  EXPECT_THAT(checked.output, Not(HasSubstr(digest("web:v1")))) << checked;
}

}  // namespace
}  // namespace pinhook::e2e
