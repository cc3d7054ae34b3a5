// A chart of real shape (hooks, a CRD, a subchart, notes) pinned on its way to the cluster: by a pipe, by Helm 3's
// post-renderer, and by Helm 4's plugin. No cluster is needed.
#include "e2e/file_tools.hpp"

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HelmPostRenderer : public FileTools {
 protected:
  // The words of `helm template` with `helm` ("helm", "helm4"); empty when it is not there.
  std::vector<std::string> render(std::string_view helm, std::vector<std::string> more = {}) const {
    const auto program = programs_folder() / helm;
    if (!std::filesystem::exists(program)) return {};
    std::vector<std::string> words{program.string(),
                                   "template",
                                   "web",
                                   chart(),
                                   "--include-crds",
                                   "--set",
                                   "registry=" + registry_.host() + ",cache.registry=" + registry_.host()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  void expect_workloads_pinned(const std::string& text) const {
    EXPECT_THAT(text, HasSubstr("image: \"" + pinned("acme/shop:3.1.0") + "\" # " + tagged("acme/shop:3.1.0")));
    EXPECT_THAT(text, HasSubstr("image: " + pinned("acme/redis:7.4.1") + " # " + tagged("acme/redis:7.4.1")));
    // Of a ConfigMap and of a CRD's schema nothing.
    EXPECT_THAT(text, HasSubstr("\n  image: nginx:1.25\n"));
    EXPECT_THAT(text, HasSubstr("- image: busybox:1.36\n"));
    EXPECT_THAT(text, HasSubstr("default: ghcr.io/acme/fleet:1.0"));
  }
};

TEST_F(HelmPostRenderer, APipePinsHooksAndTestsToo) {
  const auto words = render("helm");
  if (words.empty()) GTEST_SKIP() << "there is no helm: tests/e2e/tools builds it where there is Go";
  const auto plain = run(words);
  ASSERT_EQ(plain.exit_code, 0) << plain;
  const auto done = run({testing::program_path(), "pin", "-"}, plain.output);
  ASSERT_EQ(done.exit_code, 0) << done;
  expect_workloads_pinned(done.output);
  EXPECT_THAT(done.output, HasSubstr("image: " + pinned("acme/shop-migrate:3.1.0") + " # "));
  EXPECT_THAT(done.output, HasSubstr("image: '" + pinned("library/busybox:1.36") + "' # "));
  EXPECT_EQ(count(done.output, "@sha256:"), 4U);
  const auto back = run({testing::program_path(), "unpin", "-"}, done.output);
  EXPECT_EQ(back.exit_code, 0) << back;
  EXPECT_EQ(back.output, plain.output);
}

// Helm 3 gives its post-renderer no hooks: they keep their tags.
TEST_F(HelmPostRenderer, Helm3GivesItAllButHooks) {
  const auto words = render("helm", {"--post-renderer", testing::program_path(), "--post-renderer-args", "pin"});
  if (words.empty()) GTEST_SKIP() << "there is no helm: tests/e2e/tools builds it where there is Go";
  const auto done = run(words);
  ASSERT_EQ(done.exit_code, 0) << done;
  expect_workloads_pinned(done.output);
  EXPECT_EQ(count(done.output, "@sha256:"), 2U);
  EXPECT_THAT(done.output, HasSubstr("image: " + tagged("acme/shop-migrate:3.1.0") + "\n"));
}

TEST_F(HelmPostRenderer, Helm3SaysWhatFailed) {
  const auto words = render("helm", {"--post-renderer", testing::program_path(), "--post-renderer-args", "pin", "--set",
                                     "image.repository=acme/missing"});
  if (words.empty()) GTEST_SKIP() << "there is no helm: tests/e2e/tools builds it where there is Go";
  const auto done = run(words);
  EXPECT_NE(done.exit_code, 0);
  EXPECT_THAT(done.output, Not(HasSubstr("@sha256:")));
  EXPECT_THAT(done.errors, HasSubstr("acme/missing:3.1.0"));
}

TEST_F(HelmPostRenderer, Helm4GivesThePluginHooksToo) {
  const auto words = render("helm4", {"--post-renderer", "pinhook"});
  if (words.empty()) GTEST_SKIP() << "there is no helm4: tests/e2e/tools builds it where there is Go";
  const auto done = run(words);
  ASSERT_EQ(done.exit_code, 0) << done;
  expect_workloads_pinned(done.output);
  EXPECT_THAT(done.output, HasSubstr(pinned("acme/shop-migrate:3.1.0")));
  EXPECT_THAT(done.output, HasSubstr(pinned("library/busybox:1.36")));
  EXPECT_EQ(count(done.output, "@sha256:"), 4U);
}

TEST_F(HelmPostRenderer, Helm4HandsArgumentsOn) {
  const auto words = render("helm4", {"--post-renderer", "pinhook", "--post-renderer-args", "--format=tag-and-digest"});
  if (words.empty()) GTEST_SKIP() << "there is no helm4: tests/e2e/tools builds it where there is Go";
  const auto done = run(words);
  ASSERT_EQ(done.exit_code, 0) << done;
  EXPECT_THAT(done.output, HasSubstr(tagged("acme/shop:3.1.0") + "@" + digest("acme/shop:3.1.0")));
}

TEST_F(HelmPostRenderer, Helm4FailsWithThePlugin) {
  const auto words = render("helm4", {"--post-renderer", "pinhook", "--set", "image.repository=acme/missing"});
  if (words.empty()) GTEST_SKIP() << "there is no helm4: tests/e2e/tools builds it where there is Go";
  const auto done = run(words);
  EXPECT_NE(done.exit_code, 0);
  EXPECT_THAT(done.output, Not(HasSubstr("@sha256:")));
}

}  // namespace
}  // namespace pinhook::e2e
