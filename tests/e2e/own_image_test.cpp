// The commands of manifests/README.md, "An image of your own": build, push, install by digest; with a registry on
// loopback, Helm and the API server. engine/docker takes docker's place.
#include "e2e/clients.hpp"
#include "support/markdown.hpp"
#include "support/pages.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <regex>
#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OwnImage : public Cluster {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(shared().plane.program("helm")))
      GTEST_SKIP() << "there is no helm: tests/e2e/tools builds it where there is Go";
  }

  void TearDown() override {
    kubectl({"delete", "mutatingwebhookconfiguration", release_, "--ignore-not-found"});
    run(fmt::format("helm uninstall {0} -n {0} --ignore-not-found", release_));
    kubectl({"delete", "namespace", release_, "--ignore-not-found", "--wait=false"});
  }

  // The commands of the section.
  static std::vector<std::string> guide() {
    const std::string text = testing::page_text("manifests/README.md");
    const auto begin = text.find("### An image of your own");
    return testing::commands_of(text.substr(begin, text.find("\n### ", begin + 1) - begin));
  }

  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    EXPECT_THAT(text, HasSubstr(from));
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
    return text;
  }

  command_result run(const std::string& command) const {
    const std::string tests = testing::source_dir() + "/tests/e2e";
    const char* path = std::getenv("PATH");
    return run_command(
        {.command = {"bash", "-c", fmt::format("cd '{}' && {}", testing::source_dir(), command)},
         .environment = {{"PATH", fmt::format("{}/engine:{}:{}", tests, shared().plane.program("").string(), path)},
                         {"KUBECONFIG", shared().plane.kubeconfig()},
                         {"HOME", folder_.path()},
                         {"PINHOOK", testing::program_path()},
                         {"ENGINE_FOLDER", folder_.path()}},
         // dpkg is asked about every library.
         .limit = std::chrono::minutes(5)});
  }
  std::string run_ok(const std::string& command) const {
    const auto r = run(command);
    EXPECT_EQ(r.exit_code, 0) << command << ": " << r;
    return r.output;
  }

  // In the cluster of the tests there is a pinhook already, and no kubelet for which to wait.
  std::string as_second(std::string command) const {
    command = replaced(command, "helm install pinhook ", fmt::format("helm install {} ", release_));
    return replaced(replaced(command, "-n pinhook ", fmt::format("-n {} ", release_)), " --wait", "");
  }

  testing::temporary_directory folder_;
  const std::string release_ = "own-pinhook";
};

TEST_F(OwnImage, IsBuiltPushedAndInstalledByDigestInThreeCommands) {
  const auto commands = guide();
  ASSERT_EQ(commands.size(), 3U);
  const auto here = [&](int i) {
    return replaced(commands.at(static_cast<std::size_t>(i)), "registry.example.com", shared().registry.host());
  };
  const std::string built = run_ok(here(0));
  ASSERT_THAT(built, HasSubstr("to push it: docker push"));
  const std::string pushed = run_ok(here(1));
  std::smatch digest;
  ASSERT_TRUE(std::regex_search(pushed, digest, std::regex("digest: (sha256:[0-9a-f]{64})"))) << pushed;
  run_ok(as_second(replaced(here(2), "sha256:…", digest[1].str())));

  const std::string image = shared().registry.host() + "/tools/pinhook@" + digest[1].str();
  EXPECT_EQ(read(release_, "deployment/" + release_, in_template), image);
  EXPECT_TRUE(eventually([&] { return read_all(release_, "pods", "/spec/containers/0/image").size() == 2; }));
  EXPECT_THAT(read_all(release_, "pods", "/spec/containers/0/image"), ElementsAre(image, image));
  // There is nothing behind the second one's webhooks; those of the first are asked about the same objects.
  start_pinhook();
  kubectl({"delete", "mutatingwebhookconfiguration", release_});
  EXPECT_THAT(run_ok(fmt::format("helm test {0} -n {0}", release_)), HasSubstr("Succeeded"));
  // What a node would pull by it runs.
  EXPECT_THAT(run_ok("docker run --rm " + image + " version"), HasSubstr("pinhook 0."));
}

// The README's commands are the guide's.
TEST_F(OwnImage, IsInTheReadmeAsInTheGuide) {
  std::vector<std::vector<std::string>> readme;
  for (const auto& command : testing::commands_of(testing::page_text("README.md")))
    readme.push_back(testing::words_of(command));
  for (const auto& command : guide()) EXPECT_THAT(readme, Contains(testing::words_of(command)));
}

TEST_F(OwnImage, WithoutADigestNothingIsInstalled) {
  const auto by_tag = run(as_second(replaced(guide().at(2), "@sha256:…", ":0.1.0")));
  EXPECT_NE(by_tag.exit_code, 0);
  EXPECT_THAT(by_tag.errors, HasSubstr("has no digest"));
  EXPECT_NE(kubectl({"get", "deployment", release_, "-n", release_}).exit_code, 0);
}

}  // namespace
}  // namespace pinhook::e2e
