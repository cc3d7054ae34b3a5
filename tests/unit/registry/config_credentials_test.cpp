#include <pinhook/registry/config_credentials.hpp>

#include "support/fake_process_runner.hpp"
#include "support/hanging_file.hpp"
#include "support/run.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::registry {
namespace {

namespace fs = std::filesystem;

reference ref(std::string_view text) { return reference::parse(text).value(); }

std::string with_password(const std::string& password) {
  return R"({"auths":{"r.io":{"username":"u","password":")" + password + "\"}}}";
}

// "user:password", "none", or the error's message.
std::string asked(config_credentials& from, std::string_view image) {
  const auto got = testing::run(from.credentials_for(ref(image), deadline::never()));
  if (!got) return got.error().message;
  return got->empty() ? "none" : got->front().username + ":" + got->front().secret.reveal();
}

struct ConfigCredentials : ::testing::Test {
  testing::fake_process_runner processes;
  fs::path folder;
  fs::path file;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    file = folder / "config.json";
  }
  void TearDown() override { fs::remove_all(folder); }

  // As Kubernetes and careful people do: written beside and renamed, so that the inode changes.
  void write(const std::string& text) const {
    std::ofstream(folder / "new", std::ios::binary) << text;
    fs::rename(folder / "new", file);
  }
  std::shared_ptr<config_credentials> open() {
    auto out = config_credentials::open(file.string(), &processes, machine_clock());
    EXPECT_TRUE(out) << out.error().message;
    return out.value_or(nullptr);
  }
  config_credentials of(std::string_view text) {
    return config_credentials(docker_config::parse(text).value(), &processes, machine_clock());
  }
};

TEST_F(ConfigCredentials, GivesInlineEntriesWithoutAProcess) {
  auto c = of(with_password("p"));
  EXPECT_EQ(asked(c, "r.io/a"), "u:p");
  EXPECT_EQ(asked(c, "other.io/a"), "none");
  EXPECT_EQ(processes.calls().size(), 0U);
}

TEST_F(ConfigCredentials, AsksTheHelper) {
  processes.answer({.exit_code = 0, .output = secret(R"({"Username":"AWS","Secret":"s"})"), .errors = {}});
  auto c = of(R"({"credHelpers":{"public.ecr.aws":"ecr-login"}})");
  EXPECT_EQ(asked(c, "public.ecr.aws/a/b:1"), "AWS:s");
  EXPECT_EQ(asked(c, "public.ecr.aws/c"), "AWS:s");
  ASSERT_EQ(processes.calls().size(), 1U);
  EXPECT_EQ(processes.calls()[0].argv, (std::vector<std::string>{"docker-credential-ecr-login", "get"}));
  EXPECT_EQ(processes.calls()[0].input, "public.ecr.aws");
}

TEST_F(ConfigCredentials, AsksTheHelperAgainForWhatWasRefused) {
  processes.answer({.exit_code = 0, .output = secret(R"({"Username":"AWS","Secret":"old"})"), .errors = {}});
  processes.answer({.exit_code = 0, .output = secret(R"({"Username":"AWS","Secret":"new"})"), .errors = {}});
  auto c = of(R"({"credHelpers":{"r.io":"ecr-login"},"auths":{"inline.io":{"auth":"dTpw"}}})");
  EXPECT_FALSE(c.forget(ref("r.io/a"))) << "nothing is held yet";
  EXPECT_EQ(asked(c, "r.io/a"), "AWS:old");
  EXPECT_TRUE(c.forget(ref("r.io/a")));
  EXPECT_EQ(asked(c, "r.io/a"), "AWS:new");
  EXPECT_FALSE(c.forget(ref("inline.io/a")));
  EXPECT_FALSE(c.forget(ref("nginx")));
}

TEST_F(ConfigCredentials, IsAnonymousWhenTheHelperHasNone) {
  processes.answer({.exit_code = 1, .output = secret("credentials not found in native keychain\n"), .errors = {}});
  auto c = of(R"({"credsStore":"pass","auths":{"r.io":{"auth":"dTpw"}}})");
  EXPECT_EQ(asked(c, "r.io/a"), "none");
  EXPECT_EQ(asked(c, "nginx"), "none");
  EXPECT_EQ(processes.calls().at(1).input, "https://index.docker.io/v1/");
}

TEST_F(ConfigCredentials, AHelperThatFailsIsAnError) {
  processes.refuse({error_code::timed_out, "too slow", std::nullopt});
  auto c = of(R"({"credsStore":"pass"})");
  EXPECT_EQ(asked(c, "r.io/a"), R"(credentials for "r.io": too slow)");
}

TEST_F(ConfigCredentials, HelpersMayBeOff) {
  config_credentials c(docker_config::parse(R"({"credsStore":"pass"})").value(), nullptr, machine_clock());
  const auto got = testing::run(c.credentials_for(ref("r.io/a"), deadline::never()));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unsupported);
  EXPECT_EQ(got.error().message,
            R"(docker-credential-pass keeps the credentials for "r.io", and credential helpers are off)");
}

TEST_F(ConfigCredentials, IdentityIsKnownBeforeAndEqualAfter) {
  processes.answer({.exit_code = 0, .output = secret(R"({"Username":"u","Secret":"s"})"), .errors = {}});
  auto c = of(R"({"auths":{"r.io":{"auth":"dTpw"}},"credHelpers":{"h.io":"h"}})");
  EXPECT_EQ(c.identity_for(ref("nginx")), "anonymous");
  EXPECT_EQ(c.identity_for(ref("h.io/a")), R"(helper h "h.io")");
  EXPECT_EQ(c.identity_for(ref("r.io/a")), c.identity_for(ref("r.io/b:1")));
  EXPECT_NE(c.identity_for(ref("r.io/a")), c.identity_for(ref("h.io/a")));
  EXPECT_EQ(processes.calls().size(), 0U);
  for (const char* image : {"r.io/a", "h.io/a"}) {
    const auto got = testing::run(c.credentials_for(ref(image), deadline::never()));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->front().identity, c.identity_for(ref(image)));
  }
}

TEST_F(ConfigCredentials, SaysWhatMatches) {
  write(R"({"auths":{"r.io":{"auth":"dTpw"},"r.io/acme":{"auth":"dTpw"},"https://index.docker.io/v1/":{"auth":"dTpw"}},
            "credHelpers":{"public.ecr.aws":"ecr-login"}})");
  const auto mine = open();
  auto store = of(R"({"credsStore":"pass"})");
  config_credentials off(docker_config::parse(R"({"credHelpers":{"h.io":"h"}})").value(), nullptr, machine_clock());
  struct row {
    const config_credentials& from;
    std::string image, source, pattern;
  };
  for (const auto& r : std::vector<row>{
           {*mine, "r.io/x", file.string(), "r.io"},
           {*mine, "r.io/acme/api:1", file.string(), "r.io/acme"},
           {*mine, "nginx", file.string(), "https://index.docker.io/v1/"},
           {*mine, "public.ecr.aws/a/b", "credential helper ecr-login", "public.ecr.aws"},
           {store, "r.io/x", "credential helper pass", ""},
           {off, "h.io/x", "credential helper h (switched off)", "h.io"},
       }) {
    SCOPED_TRACE(r.image);
    const auto got = r.from.matches(ref(std::string_view(r.image)));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].source, r.source);
    EXPECT_EQ(got[0].pattern, r.pattern);
  }
  EXPECT_TRUE(mine->matches(ref("other.io/x")).empty());
  EXPECT_EQ(processes.calls().size(), 0U);
}

TEST_F(ConfigCredentials, AFileThatHangsIsAnErrorInTime) {
  const testing::hanging_file hangs;
  using opener = result<std::shared_ptr<config_credentials>> (*)(std::string, process_runner*, const clock&,
                                                                 helper_cache_options, std::chrono::nanoseconds);
  for (const opener open_one : {opener{&config_credentials::open}, opener{&config_credentials::open_if_there}}) {
    const auto got = open_one(hangs.path(), nullptr, machine_clock(), {}, std::chrono::milliseconds(1));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, error_code::timed_out);
    EXPECT_EQ(got.error().message,
              "cannot read " + hangs.path() + ": no answer within 0.0 s; the volume that it is on may hang");
  }
}

TEST_F(ConfigCredentials, FileThatCannotBeReadIsAnError) {
  const auto open_error = [&](const fs::path& path) {
    return config_credentials::open(path.string(), nullptr, machine_clock()).error();
  };
  EXPECT_EQ(open_error(file).code, error_code::not_found);
  EXPECT_EQ(open_error(file).message, "cannot read " + file.string() + ": No such file or directory");
  EXPECT_EQ(open_error(file / "x").code, error_code::not_found);
  EXPECT_EQ(open_error(folder).code, error_code::unavailable);
  write("{");
  EXPECT_EQ(open_error(file).code, error_code::invalid_input);
  EXPECT_TRUE(open_error(file).message.starts_with(file.string() + ": not valid JSON"));
  write("{}" + std::string(max_docker_config_size, ' '));
  EXPECT_EQ(open_error(file).code, error_code::invalid_input);
  EXPECT_TRUE(open_error(file).message.ends_with("has more than 1048576 bytes")) << open_error(file).message;
}

TEST_F(ConfigCredentials, ReloadsAFileThatChanged) {
  write(with_password("old"));
  const auto c = open();
  const auto before = c->identity_for(ref("r.io/a"));
  EXPECT_EQ(c->reload_if_changed(), false);
  write(with_password("new"));
  EXPECT_EQ(asked(*c, "r.io/a"), "u:old");
  EXPECT_EQ(c->changes(), 0U);
  EXPECT_EQ(c->reload_if_changed(), true);
  EXPECT_EQ(asked(*c, "r.io/a"), "u:new");
  EXPECT_NE(c->identity_for(ref("r.io/a")), before);
  EXPECT_EQ(c->changes(), 1U);
  EXPECT_EQ(c->reload_if_changed(), false);
  EXPECT_EQ(c->changes(), 1U);
}

TEST_F(ConfigCredentials, ReloadsThroughTheLinksOfAMountedSecret) {
  fs::create_directory(folder / "1");
  fs::create_directory(folder / "2");
  std::ofstream(folder / "1" / "config.json") << with_password("one");
  std::ofstream(folder / "2" / "config.json") << with_password("two");
  fs::create_symlink("1", folder / "data");
  fs::create_symlink("data/config.json", file);
  const auto c = open();
  EXPECT_EQ(asked(*c, "r.io/a"), "u:one");
  fs::create_symlink("2", folder / "data.new");
  fs::rename(folder / "data.new", folder / "data");
  EXPECT_EQ(c->reload_if_changed(), true);
  EXPECT_EQ(asked(*c, "r.io/a"), "u:two");
}

TEST_F(ConfigCredentials, ABrokenFileKeepsTheOldCredentialsAndSaysSoOnce) {
  write(with_password("old"));
  const auto c = open();
  write("{\"auths\":{\"r.io\":{\"auth\":\"hunter2*\"}}}");
  const auto changed = c->reload_if_changed();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, error_code::invalid_input);
  EXPECT_EQ(changed.error().message,
            "the credentials stay as they were: " + file.string() + R"(: auths: "r.io": "auth" is not base64)");
  EXPECT_EQ(asked(*c, "r.io/a"), "u:old");
  EXPECT_EQ(c->reload_if_changed(), false);
  write(with_password("new"));
  EXPECT_EQ(c->reload_if_changed(), true);
  EXPECT_EQ(asked(*c, "r.io/a"), "u:new");
}

TEST_F(ConfigCredentials, AFileThatGoesKeepsTheOldCredentials) {
  write(with_password("old"));
  const auto c = open();
  fs::remove(file);
  const auto changed = c->reload_if_changed();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, error_code::not_found);
  EXPECT_EQ(asked(*c, "r.io/a"), "u:old");
  EXPECT_EQ(c->reload_if_changed(), false);
  write(with_password("old"));
  EXPECT_EQ(c->reload_if_changed(), true);
}

TEST_F(ConfigCredentials, AConfigWithoutAFileNeverChanges) {
  auto c = of("{}");
  EXPECT_EQ(c.reload_if_changed(), false);
}

TEST_F(ConfigCredentials, IdentitiesAreReadWhileTheFileChanges) {
  write(with_password("0"));
  const auto c = open();
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      const auto image = ref("r.io/a");
      for (int i = 0; i < 2000; ++i) EXPECT_FALSE(c->identity_for(image).empty());
    });
  for (int i = 1; i <= 20; ++i) {
    write(with_password(std::to_string(i)));
    EXPECT_EQ(c->reload_if_changed(), true);
  }
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(asked(*c, "r.io/a"), "u:20");
}

}  // namespace
}  // namespace pinhook::registry
