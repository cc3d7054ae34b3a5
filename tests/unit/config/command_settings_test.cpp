#include <pinhook/config/command_settings.hpp>

#include "support/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::config {
namespace {

using ::testing::HasSubstr;
using testing::temporary_directory;

class SettingsForFiles : public ::testing::Test {
 protected:
  settings read(const environment& all, const std::string& text = "") {
    const auto out = settings_for_files(text.empty() ? "" : files_.write("pinhook.yaml", text), all);
    EXPECT_TRUE(out) << out.error().message;
    return out.value_or(settings{});
  }
  // Makes a home with Docker's file in it.
  std::string home(const std::string& name) {
    std::filesystem::create_directories(files_.path() / name / ".docker");
    files_.write(name + "/.docker/config.json", "{}");
    return (files_.path() / name).string();
  }
  temporary_directory files_;
};

TEST_F(SettingsForFiles, AreForAPersonWhereTheConfigurationIsSilent) {
  const auto s = read({{"HOME", home("me")}});
  EXPECT_EQ(s.docker_config, home("me") + "/.docker/config.json");
  EXPECT_TRUE(s.credential_helpers);
  EXPECT_EQ(s.pull_secrets.mode, switch_state::off);
  EXPECT_EQ(s.resolver.host_concurrency, 512U);
  EXPECT_EQ(s.log.level, log::level::error);
  EXPECT_TRUE(s.for_command);
  EXPECT_FALSE(settings{}.for_command) << "the webhook's";
}

TEST_F(SettingsForFiles, LetTheConfigurationDecide) {
  const auto s = read({{"HOME", home("me")}, {"PINHOOK_RESOLVER_HOST_CONCURRENCY", "4"}},
                      "docker_config: /etc/pull.json\ncredential_helpers: false\nlog: {level: debug}\n"
                      "pull_secrets: {mode: on}\nresolver: {host_concurrency: 8, lookup_limit: 7s}\n");
  EXPECT_EQ(s.docker_config, "/etc/pull.json");
  EXPECT_FALSE(s.credential_helpers);
  EXPECT_EQ(s.log.level, log::level::debug);
  EXPECT_EQ(s.resolver.host_concurrency, 4U);
  EXPECT_EQ(s.resolver.lookup_limit, std::chrono::seconds(7));
  EXPECT_EQ(s.pull_secrets.mode, switch_state::off) << "pull secrets are for Pods";
}

TEST_F(SettingsForFiles, FindDockersFileAsDockerDoes) {
  EXPECT_EQ(read({}).docker_config, "");
  EXPECT_EQ(read({{"HOME", ""}, {"DOCKER_CONFIG", ""}}).docker_config, "");
  EXPECT_EQ(read({{"HOME", (files_.path() / "absent").string()}}).docker_config, "");
  files_.write("config.json", "{}");
  const environment both{{"HOME", home("me")}, {"DOCKER_CONFIG", files_.path().string()}};
  EXPECT_EQ(read(both).docker_config, (files_.path() / "config.json").string());
  // A directory that is named is the only place, also before `docker login` wrote a file there.
  const environment empty{{"HOME", home("me")}, {"DOCKER_CONFIG", (files_.path() / "me").string()}};
  EXPECT_EQ(read(empty).docker_config, "");
}

TEST_F(SettingsForFiles, NameTheConfigurationThatIsNoGood) {
  EXPECT_FALSE(settings_for_files((files_.path() / "none").string(), {}));
  const auto bad = settings_for_files(files_.write("bad.yaml", "nonsense: 1\n"), {});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("bad.yaml: line 1"));
  EXPECT_EQ(settings_for_files("", {{"PINHOOK_CONFIG", "/does/not/exist"}}).error().code, error_code::invalid_input);
}

}  // namespace
}  // namespace pinhook::config
