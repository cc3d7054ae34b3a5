// Credential plugins as real programs: shell scripts that the test writes.
#include <pinhook/kube/credential_plugins.hpp>

#include "support/fake_kube_api.hpp"
#include "support/run.hpp"

#include <pinhook/base/process.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace pinhook::kube {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

struct RealPlugins : ::testing::Test {
  asio::io_context io{1};
  testing::fake_kube_api kubernetes;
  fs::path folder;
  std::shared_ptr<credential_plugins> plugins;

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    fs::create_directory(folder / "bin");
  }
  void TearDown() override {
    plugins.reset();
    fs::remove_all(folder);
  }

  // Renamed into its place: a file that is open for writing cannot be run.
  void program(const std::string& name, const std::string& script) const {
    std::ofstream(folder / "new") << "#!/bin/sh\n" << script;
    fs::permissions(folder / "new", fs::perms::owner_all);
    fs::rename(folder / "new", folder / "bin" / name);
  }
  // A script that stores its input beside it and answers with one login.
  [[nodiscard]] std::string answering(const std::string& user, const std::string& password) const {
    return "cat > " + (folder / "asked").string() + "\necho run >> " + (folder / "runs").string() +
           "\nprintf '%s' '{\"kind\":\"CredentialProviderResponse\","
           "\"apiVersion\":\"credentialprovider.kubelet.k8s.io/v1\",\"cacheKeyType\":\"Registry\","
           "\"auth\":{\"r.example\":{\"username\":\"'\"" +
           user + "\"'\",\"password\":\"'\"" + password + "\"'\"}}}'\n";
  }
  [[nodiscard]] std::string content(const std::string& file) const {
    std::ostringstream out;
    out << std::ifstream(folder / file).rdbuf();
    return out.str();
  }

  void open(const std::string& providers, credential_plugins_options options = {}) {
    std::ofstream(folder / "plugins.yaml") << "apiVersion: kubelet.config.k8s.io/v1\n"
                                              "kind: CredentialProviderConfig\nproviders:\n"
                                           << providers;
    auto opened =
        credential_plugins::open((folder / "plugins.yaml").string(), (folder / "bin").string(), machine_processes(),
                                 &kubernetes, io.get_executor(), machine_clock(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    plugins = *opened;
  }
  static std::string provider(const std::string& name, const std::string& more = "") {
    return "  - name: " + name +
           "\n    apiVersion: credentialprovider.kubelet.k8s.io/v1\n    matchImages: [r.example]\n"
           "    defaultCacheDuration: 1h\n" +
           more;
  }
  result<std::vector<registry::credential>> ask(const registry::tenant& tenant = {}) {
    const auto source = plugins->for_tenant(tenant);
    // Far enough that no slow machine reaches it.
    const auto late = deadline::after(machine_clock().now(), 5min);
    return testing::run_on(io, source->credentials_for(ref("r.example/acme/api:1"), late));
  }
};

TEST_F(RealPlugins, ReadTheRequestAndAnswer) {
  program("ecr", answering("$1", "$SECRET"));
  open(provider("ecr", "    args: [user]\n    env: [{name: SECRET, value: hunter2}]\n"));
  for (int i = 0; i < 2; ++i) {
    const auto got = ask();
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(got->size(), 1U);
    EXPECT_EQ(got->at(0).username, "user");
    EXPECT_EQ(got->at(0).secret.reveal(), "hunter2");
    EXPECT_EQ(got->at(0).source, "credential plugin ecr");
  }
  EXPECT_EQ(content("asked"),
            R"({"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
            R"("image":"r.example/acme/api"})"
            "\n");
  EXPECT_EQ(content("runs"), "run\n") << "the second answer was held";
  EXPECT_TRUE(plugins->for_tenant({})->forget(ref("r.example/acme/api")));
  EXPECT_TRUE(ask());
  EXPECT_EQ(content("runs"), "run\nrun\n");
}

TEST_F(RealPlugins, AreGivenATokenOfTheServiceAccount) {
  kubernetes.set_service_account("shop", "api", {"uid", {}, {{"role", "puller"}}});
  program("ecr", answering("u", "p"));
  open(provider("ecr", R"(    tokenAttributes:
      serviceAccountTokenAudience: registry.example
      cacheType: ServiceAccount
      requireServiceAccount: true
      requiredServiceAccountAnnotationKeys: [role]
)"));
  const auto got = ask({"shop", "api", {}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->size(), 1U);
  EXPECT_NE(content("asked").find(R"("serviceAccountToken":"token 1 of shop/api for registry.example",)"
                                  R"("serviceAccountAnnotations":{"role":"puller"}})"),
            std::string::npos)
      << content("asked");
}

TEST_F(RealPlugins, SayWhatWentWrong) {
  struct row {
    std::string script, message;
    std::chrono::nanoseconds run_for = 1min;
  };
  const std::string at = "credential plugin bad: for r.example/acme/api: ";
  for (const auto& r : std::vector<row>{
           {"echo 'no role' >&2; exit 3", at + R"(exit code 3, it says "no role")"},
           {"echo garbage", at + "invalid answer: not valid JSON at byte 0"},
           {"head -c 300000 /dev/zero",
            at + "\"" + (folder / "bin" / "bad").string() + "\" wrote more than 262144 bytes"},
           {"exec sleep 600", at + "\"" + (folder / "bin" / "bad").string() + "\" did not end in time", 50ms},
           {"kill -9 $$", at + "exit code 137"},
       }) {
    SCOPED_TRACE(r.script);
    program("bad", r.script + "\n");
    open(provider("bad"), {.run_for = r.run_for});
    const auto got = ask();
    ASSERT_FALSE(got);
    EXPECT_TRUE(got.error().message.starts_with(r.message)) << got.error().message;
  }
}

TEST_F(RealPlugins, AProgramThatIsGoneIsAnError) {
  program("good", answering("u", "p"));
  program("bad", answering("u", "p"));
  open(provider("bad"));
  fs::remove(folder / "bin" / "bad");
  auto got = ask();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_NE(got.error().message.find("not found; is it installed"), std::string::npos) << got.error().message;

  program("bad", answering("u", "p"));
  open(provider("bad") + provider("good"));
  fs::permissions(folder / "bin" / "bad", fs::perms::owner_read);
  got = ask();
  ASSERT_TRUE(got) << "the next one is asked: " << got.error().message;
  EXPECT_EQ(got->at(0).source, "credential plugin good");
  fs::remove(folder / "bin" / "good");
  EXPECT_TRUE(ask()) << "a held answer needs no program";
}

}  // namespace
}  // namespace pinhook::kube
