#include <pinhook/kube/credential_plugins.hpp>

#include "support/fake_clock.hpp"
#include "support/fake_kube_api.hpp"
#include "support/gather.hpp"
#include "support/run.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace pinhook::kube {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

registry::reference ref(std::string_view text) { return registry::reference::parse(text).value(); }

// Programs by their names, each answered by a function of its request. Records all runs.
class fake_programs final : public process_runner {
 public:
  using program = std::function<result<process_output>(const process_request&)>;

  void set(const std::string& name, program p) { programs_.insert_or_assign(name, std::move(p)); }
  // From now on a run (of the named program, if any) ends only at `release`.
  void hold(const std::string& name = "") {
    is_holding_ = true;
    held_name_ = name;
  }
  void release() {
    is_holding_ = false;
    for (auto* one : waiting_) one->cancel();
    waiting_.clear();
  }
  [[nodiscard]] const std::vector<process_request>& runs() const { return runs_; }
  [[nodiscard]] std::string names() const {
    std::string out;
    for (const auto& run : runs_) out += (out.empty() ? "" : " ") + fs::path(run.argv.at(0)).filename().string();
    return out;
  }

  awaitable<result<process_output>> run(process_request request, deadline d) override {
    until = d;
    const std::string name = fs::path(request.argv.at(0)).filename().string();
    runs_.push_back(request);
    if (is_holding_ && (held_name_.empty() || held_name_ == name)) {
      asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
      waiting_.push_back(&timer);
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    const auto found = programs_.find(name);
    if (found == programs_.end()) co_return fail(error_code::not_found, "there is no program");
    co_return found->second(request);
  }

  deadline until = deadline::never();

 private:
  std::map<std::string, program> programs_;
  std::vector<process_request> runs_;
  std::vector<asio::steady_timer*> waiting_;
  bool is_holding_ = false;
  std::string held_name_;
};

std::string answer_text(const std::string& fields) {
  return R"({"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)" + fields + "}";
}

fake_programs::program says(std::string fields) {
  return [fields = std::move(fields)](const process_request&) -> result<process_output> {
    return process_output{0, secret(answer_text(fields)), {}};
  };
}

// One login for the registry, for the time in the configuration.
fake_programs::program gives(const std::string& user, const std::string& key = "Registry",
                             const std::string& pattern = "*.io") {
  return says(R"("cacheKeyType":")" + key + R"(","auth":{")" + pattern + R"(":{"username":")" + user +
              R"(","password":"p"}})");
}

fake_programs::program fails(error e) {
  return [e = std::move(e)](const process_request&) -> result<process_output> { return fail(e); };
}

std::string provider(const std::string& name, const std::string& image, const std::string& more = "") {
  return "  - name: " + name + "\n    apiVersion: credentialprovider.kubelet.k8s.io/v1\n    matchImages: ['" + image +
         "']\n    defaultCacheDuration: 10m\n" + more;
}

std::string token_attributes_of(const std::string& cache, bool is_required, const std::string& more = "") {
  return "    tokenAttributes:\n      serviceAccountTokenAudience: aud\n      cacheType: " + cache +
         "\n      requireServiceAccount: " + (is_required ? "true\n" : "false\n") + more;
}

struct CredentialPlugins : ::testing::Test {
  asio::io_context io{1};
  testing::fake_clock time;
  fake_programs programs;
  testing::fake_kube_api kubernetes;
  fs::path folder;
  std::shared_ptr<credential_plugins> plugins;
  const registry::tenant shop{"shop", "api", {}};

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pinhook-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    fs::create_directory(folder / "bin");
    for (const char* program : {"a", "b", "c"}) {
      std::ofstream(folder / "bin" / program) << "#!/bin/sh\n";
      fs::permissions(folder / "bin" / program, fs::perms::owner_all);
    }
    kubernetes.set_service_account("shop", "api", {"uid", {}, {{"role", "r"}}});
    kubernetes.set_service_account("shop", "default", {"uid-2", {}, {}});
  }
  void TearDown() override {
    plugins.reset();
    fs::remove_all(folder);
  }

  void write(const std::string& providers) const {
    std::ofstream(folder / "new")
        << "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n"
        << providers;
    fs::rename(folder / "new", folder / "plugins.yaml");
  }
  result<std::shared_ptr<credential_plugins>> try_open(credential_plugins_options options = {}, bool has_api = true) {
    return credential_plugins::open((folder / "plugins.yaml").string(), (folder / "bin").string(), programs,
                                    has_api ? &kubernetes : nullptr, io.get_executor(), time, options);
  }
  void open(const std::string& providers, credential_plugins_options options = {}, bool has_api = true) {
    write(providers);
    auto opened = try_open(options, has_api);
    ASSERT_TRUE(opened) << opened.error().message;
    plugins = *opened;
  }
  // The users of all credentials in their order, "none", or the error's message.
  std::string users(std::string_view image, const registry::tenant& tenant = {}) {
    const auto source = plugins->for_tenant(tenant);
    const auto got = testing::run_on(io, source->credentials_for(ref(image), deadline::after(time.now(), 10s)));
    if (!got) return got.error().message;
    std::string out;
    for (const auto& one : *got) out += (out.empty() ? "" : " ") + one.username;
    return out.empty() ? "none" : out;
  }
  void run_all() {
    io.restart();
    io.poll();
  }
};

TEST_F(CredentialPlugins, AskThePluginThatMatches) {
  open(provider("a", "*.io", "    args: [get]\n    env: [{name: X, value: y}]\n") + provider("b", "*.example"));
  programs.set("a", gives("u"));
  EXPECT_EQ(users("r.io/acme/api:1"), "u");
  ASSERT_EQ(programs.runs().size(), 1U);
  const auto& run = programs.runs()[0];
  EXPECT_EQ(run.argv, (std::vector<std::string>{(folder / "bin" / "a").string(), "get"}));
  EXPECT_EQ(run.environment, std::vector<std::string>{"X=y"});
  EXPECT_EQ(run.input.reveal(),
            R"({"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
            R"("image":"r.io/acme/api"})"
            "\n");
  EXPECT_EQ(programs.until, deadline::after(time.now(), 1min));
  EXPECT_EQ(users("quay.test/x"), "none");
  EXPECT_EQ(programs.runs().size(), 1U);
}

TEST_F(CredentialPlugins, AskAllThatMatchInTheOrderOfTheFile) {
  open(provider("a", "*.io") + provider("b", "r.io") + provider("c", "q.io"));
  programs.set("a", gives("ua", "Image", "*.io"));
  programs.set("b", gives("ub", "Image", "r.io"));
  EXPECT_EQ(users("r.io/x"), "ub ua") << "the keyring's order is that of the patterns";
  EXPECT_EQ(programs.names(), "a b");
}

TEST_F(CredentialPlugins, SayWhatMatchesWithoutRunning) {
  open(provider("a", "*.io") + provider("b", "r.io", token_attributes_of("Token", true)));
  const auto anonymous = plugins->for_tenant({});
  const auto somebody = plugins->for_tenant(shop);
  ASSERT_EQ(anonymous->matches(ref("r.io/x")).size(), 1U);
  EXPECT_EQ(anonymous->matches(ref("r.io/x"))[0].source, "credential plugin a");
  EXPECT_EQ(anonymous->matches(ref("r.io/x"))[0].pattern, "*.io");
  ASSERT_EQ(somebody->matches(ref("r.io/x")).size(), 2U);
  EXPECT_EQ(somebody->matches(ref("r.io/x"))[1].source, "credential plugin b");
  EXPECT_TRUE(somebody->matches(ref("q.example/x")).empty());
  EXPECT_TRUE(programs.runs().empty());
}

TEST_F(CredentialPlugins, IdentityIsThatOfThePluginsAndOfWhomTheyAskFor) {
  open(provider("a", "*.io") + provider("b", "r.io", token_attributes_of("ServiceAccount", false)));
  const auto identity = [&](const registry::tenant& tenant, std::string_view image) {
    return plugins->for_tenant(tenant)->identity_for(ref(image));
  };
  EXPECT_EQ(identity({}, "q.example/x"), "anonymous");
  EXPECT_EQ(identity({}, "q.io/a"), identity(shop, "q.io/b:1")) << "everyone's";
  EXPECT_NE(identity({}, "q.io/a"), "anonymous");
  EXPECT_NE(identity({}, "r.io/a"), identity({}, "q.io/a")) << "another plugin as well";
  EXPECT_NE(identity(shop, "r.io/a"), identity({}, "r.io/a"));
  EXPECT_NE(identity(shop, "r.io/a"), identity({"shop", "other", {}}, "r.io/a"));
  EXPECT_NE(identity(shop, "r.io/a"), identity({"bank", "api", {}}, "r.io/a"));
  EXPECT_EQ(identity({"shop", "", {}}, "r.io/a"), identity({"shop", "default", {}}, "r.io/a"));
  const std::string before = identity({}, "q.io/a");
  write(provider("a", "*.io", "    args: [as-somebody-else]\n"));
  EXPECT_EQ(plugins->reload_if_changed(), true);
  EXPECT_NE(identity({}, "q.io/a"), before);
}

TEST_F(CredentialPlugins, HoldAnswersAsThePluginSays) {
  struct row {
    std::string key;
    std::size_t same_image, same_registry, other_registry;  // runs after the first
  };
  for (const auto& r : std::vector<row>{{"Image", 0, 1, 1}, {"Registry", 0, 0, 1}, {"Global", 0, 0, 0}}) {
    SCOPED_TRACE(r.key);
    open(provider("a", "*.io"));
    programs.set("a", gives("u", r.key));
    EXPECT_EQ(users("r.io/x:1"), "u");
    const auto runs_for = [&](std::string_view image) {
      const auto before = programs.runs().size();
      EXPECT_EQ(users(image), "u");
      return programs.runs().size() - before;
    };
    EXPECT_EQ(runs_for("r.io/x:2"), r.same_image);
    EXPECT_EQ(runs_for("r.io/y"), r.same_registry);
    EXPECT_EQ(runs_for("q.io/x"), r.other_registry);
  }
}

TEST_F(CredentialPlugins, HoldAnswersForAsLongAsThePluginSays) {
  open(provider("a", "*.io"));
  programs.set("a", says(R"("cacheKeyType":"Image","cacheDuration":"0s","auth":{"r.io":{"username":"u"}})"));
  EXPECT_EQ(users("r.io/x"), "u");
  EXPECT_EQ(users("r.io/x"), "u");
  EXPECT_EQ(programs.runs().size(), 2U) << "0 is not held";
  programs.set("a", says(R"("cacheKeyType":"Image","cacheDuration":"1m","auth":{"r.io":{"username":"u"}})"));
  EXPECT_EQ(users("r.io/x"), "u");
  time.advance(47s);
  EXPECT_EQ(users("r.io/x"), "u");
  EXPECT_EQ(programs.runs().size(), 3U);
  time.advance(13s);
  EXPECT_EQ(users("r.io/x"), "u");
  EXPECT_EQ(programs.runs().size(), 4U);
}

TEST_F(CredentialPlugins, RenewAnswersAheadOfTheirEnd) {
  open(provider("a", "*.io"));
  programs.set("a", gives("old"));
  EXPECT_EQ(users("r.io/x"), "old");
  programs.set("a", gives("new"));
  time.advance(8min);
  EXPECT_EQ(users("r.io/y"), "old");
  run_all();
  EXPECT_EQ(users("r.io/x"), "new");
  EXPECT_EQ(programs.runs().size(), 2U);
  programs.set("a", fails({error_code::timed_out, "slow", std::nullopt}));
  time.advance(9min);
  EXPECT_EQ(users("r.io/x"), "new") << "a renewal that fails keeps the held answer";
  run_all();
  EXPECT_EQ(users("r.io/x"), "new");
}

TEST_F(CredentialPlugins, RunOnceForAllWhoAskAtTheSameTime) {
  open(provider("a", "*.io"));
  programs.set("a", gives("u"));
  programs.hold();
  const auto source = plugins->for_tenant({});
  std::vector<awaitable<result<std::vector<registry::credential>>>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(source->credentials_for(ref(std::string_view("r.io/x:" + std::to_string(i))),
                                          deadline::after(time.now(), 10s)));
  asio::post(io, [&] { programs.release(); });
  const auto got = testing::gather(io, std::move(all));
  for (const auto& one : got) {
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->at(0).username, "u");
  }
  EXPECT_EQ(programs.runs().size(), 1U);
}

TEST_F(CredentialPlugins, GoOnWhenNobodyWaitsAnyMore) {
  open(provider("a", "*.io"));
  programs.set("a", gives("u"));
  programs.hold();
  const auto source = plugins->for_tenant({});
  const auto got = testing::run_on(io, source->credentials_for(ref("r.io/x"), deadline::at(time.now())));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_EQ(got.error().message, "credential plugin a: no answer in time");
  programs.release();
  run_all();
  EXPECT_EQ(users("r.io/x"), "u");
  EXPECT_EQ(programs.runs().size(), 1U);
}

TEST_F(CredentialPlugins, AreLimitedInNumber) {
  open(provider("a", "*.io"), {.max_running = 2});
  programs.set("a", gives("u", "Image"));
  programs.hold();
  const auto source = plugins->for_tenant({});
  for (const char* image : {"r.io/1", "r.io/2"})
    EXPECT_FALSE(testing::run_on(io, source->credentials_for(ref(image), deadline::at(time.now()))));
  EXPECT_EQ(users("r.io/3"), "credential plugin a: 2 credential plugins run already; it was not started");
  programs.release();
  run_all();
  time.advance(5s);
  EXPECT_EQ(users("r.io/3"), "u");
}

TEST_F(CredentialPlugins, SayWhichPluginFailedAtWhichStep) {
  struct row {
    fake_programs::program program;
    error_code code;
    std::string message;
  };
  const auto exits = [](int code, const std::string& errors) {
    return [=](const process_request&) -> result<process_output> { return process_output{code, {}, secret(errors)}; };
  };
  const auto writes = [](const std::string& text) {
    return [=](const process_request&) -> result<process_output> { return process_output{0, secret(text), {}}; };
  };
  const std::string at = "credential plugin a: for r.io/x: ";
  for (const auto& r : std::vector<row>{
           {fails({error_code::not_found, "no program", {}}), error_code::unavailable, at + "no program"},
           {fails({error_code::denied, "not executable", {}}), error_code::unavailable, at + "not executable"},
           {fails({error_code::internal, "no descriptor", {}}), error_code::unavailable, at + "no descriptor"},
           {fails({error_code::timed_out, "killed", {}}), error_code::timed_out, at + "killed"},
           {fails({error_code::malformed, "wrote too much", {}}), error_code::malformed, at + "wrote too much"},
           {exits(2, "no role\n"), error_code::unavailable, at + R"(exit code 2, it says "no role")"},
           {writes("hunter2"), error_code::malformed, at + "invalid answer: not valid JSON at byte 0"},
           {writes("{}"), error_code::malformed, at + R"(invalid answer: "apiVersion" is missing)"},
           {writes(R"({"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"Pod"})"), error_code::malformed,
            at + R"(invalid answer: "kind" is "Pod")"},
           {says(R"("cacheKeyType":"Never")"), error_code::malformed,
            at + R"(invalid answer: "cacheKeyType" is "Never")"},
       }) {
    SCOPED_TRACE(r.message);
    open(provider("a", "*.io"));
    programs.set("a", r.program);
    const auto source = plugins->for_tenant({});
    const auto got = testing::run_on(io, source->credentials_for(ref("r.io/x"), deadline::after(time.now(), 10s)));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, r.code);
    EXPECT_TRUE(got.error().message.starts_with(r.message)) << got.error().message;
    EXPECT_EQ(got.error().message.find("hunter2"), std::string::npos);
  }
}

TEST_F(CredentialPlugins, OneThatFailsIsPassedOver) {
  open(provider("a", "*.io") + provider("b", "*.io") + provider("c", "*.io"));
  programs.set("a", fails({error_code::timed_out, "killed", std::nullopt}));
  programs.set("b", says(R"("cacheKeyType":"Image","auth":{})"));
  programs.set("c", gives("u"));
  EXPECT_EQ(users("r.io/x"), "u");
  programs.set("c", fails({error_code::denied, "not executable", std::nullopt}));
  EXPECT_EQ(users("q.io/x"),
            "credential plugin a: for q.io/x: killed; credential plugin c: for q.io/x: not executable");
  programs.set("a", says(R"("cacheKeyType":"Image")"));
  programs.set("c", says(R"("cacheKeyType":"Image")"));
  EXPECT_EQ(users("p.io/x"), "none");
}

TEST_F(CredentialPlugins, OneThatHangsLeavesTimeForTheNext) {
  open(provider("a", "*.io") + provider("b", "*.io"));
  programs.set("a", gives("a"));
  programs.set("b", gives("b"));
  programs.hold("a");
  const auto source = plugins->for_tenant({});
  const auto got = testing::run_on(io, source->credentials_for(ref("r.io/x"), deadline::after(time.now(), 20ms)));
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), 1U);
  EXPECT_EQ(got->at(0).username, "b");
  programs.release();
  run_all();
  EXPECT_EQ(users("r.io/x"), "a b");
}

TEST_F(CredentialPlugins, AFailureIsTheAnswerForAWhile) {
  open(provider("a", "*.io"));
  programs.set("a", fails({error_code::timed_out, "killed", std::nullopt}));
  EXPECT_EQ(users("r.io/x"), "credential plugin a: for r.io/x: killed");
  programs.set("a", gives("u"));
  EXPECT_EQ(users("r.io/x"), "credential plugin a: for r.io/x: killed");
  EXPECT_EQ(programs.runs().size(), 1U);
  time.advance(5s);
  EXPECT_EQ(users("r.io/x"), "u");
}

TEST_F(CredentialPlugins, AreAskedAgainForWhatWasRefused) {
  open(provider("a", "*.io") + provider("b", "*.io", token_attributes_of("Token", true)));
  programs.set("a", gives("old"));
  programs.set("b", gives("b"));
  const auto source = plugins->for_tenant(shop);
  EXPECT_FALSE(source->forget(ref("r.io/x"))) << "nothing is held yet";
  EXPECT_EQ(users("r.io/x", shop), "old b");
  programs.set("a", gives("new"));
  EXPECT_TRUE(source->forget(ref("r.io/y")));
  EXPECT_EQ(users("r.io/x", shop), "new b");
  EXPECT_EQ(programs.names(), "a b a b");
  EXPECT_FALSE(source->forget(ref("q.example/x")));
}

TEST_F(CredentialPlugins, TokenPluginsAreToldOfTheServiceAccount) {
  open(provider("a", "*.io",
                token_attributes_of("ServiceAccount", true, "      requiredServiceAccountAnnotationKeys: [role]\n")));
  programs.set("a", gives("u"));
  EXPECT_EQ(users("r.io/x", shop), "u");
  EXPECT_EQ(programs.runs().at(0).input.reveal(),
            R"({"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
            R"("image":"r.io/x","serviceAccountToken":"token 1 of shop/api for aud",)"
            R"("serviceAccountAnnotations":{"role":"r"}})"
            "\n");
  EXPECT_EQ(users("r.io/x"), "none") << "there is no tenant";
  EXPECT_EQ(users("r.io/x", {"shop", "", {}}), "none") << "the annotation is missing there";
  EXPECT_EQ(programs.runs().size(), 1U);
}

TEST_F(CredentialPlugins, TokenPluginsAnswerEachServiceAccountForItself) {
  open(provider("a", "*.io", token_attributes_of("ServiceAccount", true)));
  programs.set("a", gives("u", "Global"));
  EXPECT_EQ(users("r.io/x", shop), "u");
  EXPECT_EQ(users("r.io/y", shop), "u");
  EXPECT_EQ(programs.runs().size(), 1U);
  EXPECT_EQ(users("r.io/x", {"shop", "", {}}), "u");
  EXPECT_EQ(programs.runs().size(), 2U);
  // Created again under the same name: another service account.
  kubernetes.set_service_account("shop", "api", {"other uid", {}, {}});
  time.advance(1min);
  EXPECT_EQ(users("r.io/x", shop), "u");
  EXPECT_EQ(programs.runs().size(), 3U);
}

TEST_F(CredentialPlugins, AnswersToOneTokenAreNotGivenToAnother) {
  const std::string line = "create serviceaccounts/token shop/api aud";
  const auto runs_with_a_new_token = [&](const std::string& cache) {
    open(provider("a", "*.io", token_attributes_of(cache, true)));
    programs.set("a", says(R"("cacheKeyType":"Global","cacheDuration":"24h","auth":{"*.io":{"username":"u"}})"));
    const auto before = programs.runs().size();
    for (const char* token : {"one", "two"}) {
      kubernetes.set_token(line, {secret(token), time.wall() + 1h});
      EXPECT_EQ(users("r.io/x", shop), "u");
      time.advance(2h);
    }
    return programs.runs().size() - before;
  };
  EXPECT_EQ(runs_with_a_new_token("ServiceAccount"), 1U);
  EXPECT_EQ(runs_with_a_new_token("Token"), 2U);
}

TEST_F(CredentialPlugins, TokenPluginsMayRunWithoutAServiceAccount) {
  open(provider("a", "*.io", token_attributes_of("Token", false)), {}, false);
  programs.set("a", gives("u"));
  EXPECT_EQ(users("r.io/x"), "u");
  EXPECT_EQ(programs.runs().at(0).input.reveal().find("serviceAccount"), std::string::npos);
  EXPECT_EQ(users("r.io/x", shop),
            "credential plugin a: service account shop/api: the plugin needs a token for it, and "
            "there is no Kubernetes API to issue one");
}

TEST_F(CredentialPlugins, SayWhichPartOfTheServiceAccountFailed) {
  open(provider("a", "*.io", token_attributes_of("Token", true)));
  programs.set("a", gives("u"));
  kubernetes.fail("get serviceaccounts shop/api", {error_code::denied, "RBAC", std::nullopt});
  EXPECT_EQ(users("r.io/x", shop), "credential plugin a: service account shop/api: RBAC");
  kubernetes.heal();
  time.advance(5s);
  kubernetes.fail("create serviceaccounts/token shop/api aud", {error_code::denied, "RBAC", std::nullopt});
  EXPECT_EQ(users("r.io/x", shop), R"(credential plugin a: service account shop/api: a token for "aud": RBAC)");
  EXPECT_TRUE(programs.runs().empty());
  kubernetes.heal();
  time.advance(5s);
  EXPECT_EQ(users("r.io/x", shop), "u");
}

TEST_F(CredentialPlugins, OpenSaysWhatIsMissing) {
  EXPECT_EQ(try_open().error().code, error_code::not_found);
  write("[]");
  EXPECT_EQ(try_open().error().code, error_code::invalid_input);
  write(provider("missing", "*.io"));
  EXPECT_EQ(try_open().error().message,
            "credential plugin missing: " + (folder / "bin" / "missing").string() + ": No such file or directory");
  fs::create_directory(folder / "bin" / "missing");
  EXPECT_EQ(try_open().error().message,
            "credential plugin missing: " + (folder / "bin" / "missing").string() + " is not an executable file");
  fs::remove(folder / "bin" / "missing");
  std::ofstream(folder / "bin" / "missing") << "text";
  EXPECT_EQ(try_open().error().code, error_code::denied);
}

TEST_F(CredentialPlugins, ReloadKeepsTheAnswersOfWhatDidNotChange) {
  open(provider("a", "*.io") + provider("b", "*.io"));
  programs.set("a", gives("a"));
  programs.set("b", gives("b"));
  const auto source = plugins->for_tenant({});
  EXPECT_EQ(users("r.io/x"), "a b");
  EXPECT_EQ(plugins->reload_if_changed(), false);
  EXPECT_EQ(source->changes(), 0U);
  write(provider("b", "*.io", "    args: [other]\n") + provider("a", "*.io"));
  EXPECT_EQ(plugins->reload_if_changed(), true);
  EXPECT_EQ(users("r.io/x"), "b a");
  EXPECT_EQ(programs.names(), "a b b");
  EXPECT_EQ(source->changes(), 1U);
  EXPECT_EQ(source->matches(ref("r.io/x")).at(0).source, "credential plugin b") << "older sources see it as well";
}

TEST_F(CredentialPlugins, ABrokenFileKeepsTheOldPluginsAndSaysSoOnce) {
  open(provider("a", "*.io"));
  write(provider("a/b", "*.io"));
  const auto changed = plugins->reload_if_changed();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, error_code::invalid_input);
  EXPECT_TRUE(changed.error().message.starts_with("the credential plugins stay as they were: " + folder.string()))
      << changed.error().message;
  EXPECT_EQ(plugins->reload_if_changed(), false);
  EXPECT_EQ(plugins->for_tenant({})->matches(ref("r.io/x")).size(), 1U);
  fs::remove(folder / "plugins.yaml");
  EXPECT_EQ(plugins->reload_if_changed().error().code, error_code::not_found);
  write(provider("b", "*.io"));
  EXPECT_EQ(plugins->reload_if_changed(), true);
}

TEST_F(CredentialPlugins, AreLookedAtWhileTheFileChanges) {
  open(provider("a", "*.io"));
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t)
    readers.emplace_back([&] {
      const auto image = ref("r.io/x");
      for (int i = 0; i < 500; ++i) {
        const auto source = plugins->for_tenant(shop);
        EXPECT_NE(source->identity_for(image), "anonymous");
        EXPECT_EQ(source->matches(image).size(), 1U);
      }
    });
  for (int i = 1; i <= 20; ++i) {
    write(provider("a", "*.io", "    args: [run" + std::to_string(i) + "]\n"));
    EXPECT_EQ(plugins->reload_if_changed(), true);
  }
  for (auto& reader : readers) reader.join();
}

TEST_F(CredentialPlugins, NothingRunsAfterCancel) {
  open(provider("a", "*.io"));
  programs.set("a", gives("u"));
  plugins->cancel();
  EXPECT_EQ(users("r.io/x"), "credential plugin a: not fetched: pinhook is stopping");
  EXPECT_TRUE(programs.runs().empty());
}

TEST_F(CredentialPlugins, ARunMayOutliveThem) {
  open(provider("a", "*.io"));
  programs.set("a", gives("u"));
  programs.hold();
  EXPECT_EQ(testing::run_on(io, plugins->for_tenant({})->credentials_for(ref("r.io/x"), deadline::at(time.now())))
                .error()
                .code,
            error_code::timed_out);
  plugins.reset();
  programs.release();
  run_all();
  EXPECT_EQ(programs.runs().size(), 1U);
}

}  // namespace
}  // namespace pinhook::kube
