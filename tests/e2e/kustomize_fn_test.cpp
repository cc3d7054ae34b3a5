// pinhook as a KRM function of kustomize, and kustomizations that were pinned as kustomize builds them.
#include "e2e/file_tools.hpp"

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

  // A script, since kustomize hands no arguments to what it executes.
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

// What `pin` writes into a kustomization is what kustomize builds.
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

}  // namespace
}  // namespace pinhook::e2e
