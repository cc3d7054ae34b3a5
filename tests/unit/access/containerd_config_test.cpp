#include <pinhook/access/containerd_config.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhook::access {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string v3 = "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\n";
const std::string v2 = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n";

containerd_config read(const std::string& text) {
  auto got = parse_containerd_config(text, "/c.toml");
  EXPECT_TRUE(got) << got.error().message;
  return got ? *got : containerd_config{};
}

TEST(ContainerdConfig, HasTheDirectoriesOfHostsToml) {
  const struct {
    std::string text;
    std::vector<std::string> expected;
  } rows[] = {
      {"", {}},
      {"version = 3\n", {}},
      {v3, {}},
      {v3 + "config_path = \"\"\n", {}},
      {v3 + "config_path = \"/etc/containerd/certs.d\"\n", {"/etc/containerd/certs.d"}},
      {v2 + "config_path = \"/a:/b:\"\n", {"/a", "/b"}},
      {"[plugins.cri.registry]\nconfig_path = \"/a\"\n", {"/a"}},
      {"plugins = 1\n", {}},
      {v3 + "config_path = 7\n", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(read(row.text).certs_dirs, row.expected) << row.text;
}

TEST(ContainerdConfig, WhatContainerd24DropsIsSaid) {
  for (const auto& begin : {v3, v2}) {
    EXPECT_THAT(read(begin + "[plugins.x.registry.mirrors]\n").notes, IsEmpty());
    const std::string table = begin.substr(begin.find('\n') + 1, begin.rfind(']') - begin.find('\n') - 1);
    EXPECT_THAT(read(begin + table + ".mirrors.\"docker.io\"]\nendpoint = [\"https://m.test\"]\n" + table +
                     ".configs.\"m.test\".auth]\nusername = \"u\"\n" + table + ".auths.\"https://m.test\"]\n")
                    .notes,
                ElementsAre(HasSubstr("registry.mirrors is not read, and containerd 2.4 drops it: write a hosts.toml"),
                            HasSubstr("registry.configs is not read"), HasSubstr("registry.auths is not read")));
  }
  EXPECT_THAT(read(v3 + "mirrors = {}\n").notes, ElementsAre(HasSubstr("/c.toml:3: registry.mirrors")));
}

TEST(ContainerdConfig, WhatIsNoTomlIsAnError) {
  const auto got = parse_containerd_config("[", "/c.toml");
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message, HasSubstr("/c.toml:1: "));
  EXPECT_FALSE(parse_containerd_config(std::string(max_containerd_config + 1, '#'), "/c.toml"));
}

}  // namespace
}  // namespace pinhook::access
