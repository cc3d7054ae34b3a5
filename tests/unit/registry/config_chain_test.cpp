#include <pinhook/registry/config_chain.hpp>

#include "support/run.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pinhook::registry {
namespace {

namespace fs = std::filesystem;
using variables = std::map<std::string, std::string, std::less<>>;

reference ref(std::string_view text) { return reference::parse(text).value(); }

// "NAME path" or "NAME (text)", with a '?' when the file may be missing; one a line.
std::string shown(const std::vector<config_place>& places) {
  std::string out;
  for (const auto& p : places)
    out += p.name + " " + (p.path.empty() ? "(" + p.text.reveal() + ")" : p.path) + (p.must_exist ? "\n" : "?\n");
  return out;
}

TEST(ConfigChain, SaysWhichSourcesApplyInWhichOrder) {
  struct row {
    std::string configured;
    variables all;
    std::string places;
  };
  for (const auto& r : std::vector<row>{
           {"", {}, ""},
           {"", {{"DOCKER_AUTH_CONFIG", ""}, {"DOCKER_CONFIG", ""}, {"REGISTRY_AUTH_FILE", ""}}, ""},
           {"", {{"HOME", "/home/x"}}, ""},
           {"/c.json", {}, "docker_config /c.json\n"},
           {"", {{"DOCKER_CONFIG", "/docker"}}, "DOCKER_CONFIG /docker/config.json\n"},
           {"/c.json", {{"DOCKER_CONFIG", "/docker"}}, "docker_config /c.json\n"},
           {"", {{"DOCKER_AUTH_CONFIG", "{}"}}, "DOCKER_AUTH_CONFIG ({})\n"},
           {"", {{"REGISTRY_AUTH_FILE", "/a.json"}}, "REGISTRY_AUTH_FILE /a.json\n"},
           {"", {{"XDG_RUNTIME_DIR", "/run/1"}}, "XDG_RUNTIME_DIR /run/1/containers/auth.json?\n"},
           {"", {{"XDG_RUNTIME_DIR", "/run/1"}, {"REGISTRY_AUTH_FILE", "/a.json"}}, "REGISTRY_AUTH_FILE /a.json\n"},
           {"/c.json",
            {{"XDG_RUNTIME_DIR", "/run/1"}, {"DOCKER_AUTH_CONFIG", "{}"}},
            "DOCKER_AUTH_CONFIG ({})\ndocker_config /c.json\nXDG_RUNTIME_DIR /run/1/containers/auth.json?\n"},
           {"/c.json", {{"REGISTRY_AUTH_FILE", "/c.json"}}, "docker_config /c.json\n"},
       })
    EXPECT_EQ(shown(config_places(r.configured, r.all)), r.places);
}

TEST(ConfigChain, TheVariableHoldsAuthsAlone) {
  struct row {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<row>{
           {R"({"auths":{"r.io":{"auth":"dTpw"}},"credsStore":"hunter2"})",
            R"(DOCKER_AUTH_CONFIG: "credsStore" is not read from a variable, only "auths")"},
           {R"({"credHelpers":{}})", R"(DOCKER_AUTH_CONFIG: "credHelpers" is not read from a variable, only "auths")"},
           {R"({"auths":{"r.io":{"auth":"dTpw","identitytoken":"hunter2"}}})",
            R"(DOCKER_AUTH_CONFIG: auths: "r.io": "identitytoken" is not read from a variable, only "auth")"},
           {R"({"auths":{"r.io":{"username":"u","password":"hunter2"}}})",
            R"(DOCKER_AUTH_CONFIG: auths: "r.io": "username" is not read from a variable, only "auth")"},
           {"hunter2", "DOCKER_AUTH_CONFIG: not valid JSON at byte 0"},
           {"{} {}", "DOCKER_AUTH_CONFIG: not valid JSON at byte 3"},
           {"[]", "DOCKER_AUTH_CONFIG: must be a JSON object"},
           {R"({"auths":["hunter2"]})", "DOCKER_AUTH_CONFIG: auths: must be an object"},
           {R"({"auths":{"r.io":"hunter2"}})", R"(DOCKER_AUTH_CONFIG: auths: "r.io": must be an object)"},
           {R"({"auths":{"r.io":{"auth":"hunter2*"}}})", R"(DOCKER_AUTH_CONFIG: auths: "r.io": "auth" is not base64)"},
           {"{}" + std::string(max_docker_config_size, ' '), "the limit is 1048576"},
       }) {
    SCOPED_TRACE(text.substr(0, 100));
    const auto read = parse_auth_variable(text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, error_code::invalid_input);
    EXPECT_NE(read.error().message.find(message), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().message.find("hunter2"), std::string::npos) << read.error().message;
  }
  EXPECT_TRUE(parse_auth_variable("{}"));
  EXPECT_TRUE(parse_auth_variable(R"({"auths":null})"));
  EXPECT_TRUE(parse_auth_variable(R"({"auths":{"r.io":{}}})"));
}

struct OpenConfig : ::testing::Test {
  fs::path folder;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  static std::string user_for(config_credentials& from, std::string_view image) {
    const auto got = testing::run(from.credentials_for(ref(image), deadline::never()));
    return !got ? got.error().message : got->empty() ? "none" : got->front().username;
  }
};

TEST_F(OpenConfig, TakesTheTextOfTheVariable) {
  const config_place place{"DOCKER_AUTH_CONFIG", {}, secret(R"({"auths":{"r.io":{"auth":"dTpw"}}})"), true};
  const auto opened = open_config(place, nullptr, machine_clock());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(user_for(**opened, "r.io/a"), "u");
  const auto matches = (*opened)->matches(ref("r.io/a"));
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].source, "DOCKER_AUTH_CONFIG");
  EXPECT_EQ(matches[0].pattern, "r.io");
  EXPECT_EQ((*opened)->reload_if_changed(), false);

  const auto broken = open_config({"DOCKER_AUTH_CONFIG", {}, secret("{"), true}, nullptr, machine_clock());
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with("DOCKER_AUTH_CONFIG: not valid JSON")) << broken.error().message;
}

TEST_F(OpenConfig, AFileThatSomebodyNamedMustBeThere) {
  const std::string file = (folder / "auth.json").string();
  const auto missing = open_config({"REGISTRY_AUTH_FILE", file, {}, true}, nullptr, machine_clock());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, error_code::not_found);
  EXPECT_EQ(missing.error().message, "REGISTRY_AUTH_FILE: cannot read " + file + ": No such file or directory");
  std::ofstream(file) << R"({"auths":{"r.io/acme":{"auth":"dTpw"}}})";
  const auto opened = open_config({"REGISTRY_AUTH_FILE", file, {}, true}, nullptr, machine_clock());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(user_for(**opened, "r.io/acme/api"), "u");
  EXPECT_EQ((*opened)->matches(ref("r.io/acme/api")).at(0).source, file);
}

TEST_F(OpenConfig, AnOptionalFileIsReadOnceItIsThere) {
  const std::string file = (folder / "auth.json").string();
  const auto opened = open_config({"XDG_RUNTIME_DIR", file, {}, false}, nullptr, machine_clock());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(user_for(**opened, "r.io/a"), "none");
  EXPECT_EQ((*opened)->identity_for(ref("r.io/a")), "anonymous");
  EXPECT_EQ((*opened)->reload_if_changed(), false);
  std::ofstream(file) << R"({"auths":{"r.io":{"auth":"dTpw"}}})";
  EXPECT_EQ((*opened)->reload_if_changed(), true);
  EXPECT_EQ(user_for(**opened, "r.io/a"), "u");
}

TEST_F(OpenConfig, AnOptionalFileThatIsBrokenIsAnError) {
  const std::string file = (folder / "auth.json").string();
  std::ofstream(file) << "{";
  const auto opened = open_config({"XDG_RUNTIME_DIR", file, {}, false}, nullptr, machine_clock());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, error_code::invalid_input);
  EXPECT_TRUE(opened.error().message.starts_with("XDG_RUNTIME_DIR: " + file + ": not valid JSON"));
}

}  // namespace
}  // namespace pinhook::registry
