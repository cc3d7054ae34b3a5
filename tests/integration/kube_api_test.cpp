// The client of the Kubernetes API with real TLS, files and processes against the tests' API server.
#include "support/certificates.hpp"
#include "support/fake_api_server.hpp"
#include "support/run.hpp"
#include "support/token_server.hpp"

#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/api_client.hpp>
#include <pinhook/kube/api_objects.hpp>
#include <pinhook/kube/exec_credential.hpp>
#include <pinhook/kube/find_cluster.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

namespace pinhook::kube {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::fake_api_server;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

const std::string pull_path = fake_api_server::secret_path("shop", "pull");
constexpr const char* v1 = "client.authentication.k8s.io/v1";

http::curl_client_options unguarded() {
  http::curl_client_options out;
  out.guards_addresses = false;
  return out;
}

struct KubeApi : ::testing::Test {
  testing::temporary_directory files;
  fake_api_server server;
  asio::io_context io{1};
  http::curl_client http{io, unguarded()};
  std::unique_ptr<api_client> api;

  KubeApi() {
    server.set_pull_secret("shop", "pull", "{}");
    server.set_service_account("shop", "default", {"pull", "other"}, {{"a", "b"}});
    server.allow_all();
  }

  [[nodiscard]] std::string folder() const { return files.path() / "account"; }
  void use(const result<cluster>& found) {
    ASSERT_TRUE(found) << found.error().message;
    login_options login;
    login.hold_failure = 0s;
    api = std::make_unique<api_client>(
        std::make_shared<api_connection>(http, *found, machine_processes(), io.get_executor(), machine_clock(), login));
  }
  // In a Pod.
  void use_pod() {
    server.write_in_cluster(folder());
    use(find_cluster("", server.in_cluster_variables(), folder()));
  }
  // By a kubeconfig, with the lines of a user.
  void use_config(const std::string& user = "") { use(find_cluster(server.write_kubeconfig(files.path(), user), {})); }
  // By a kubeconfig, with the lines of a cluster beside its server's.
  void use_cluster(const std::string& lines, const std::string& url = "") {
    const auto file = files.write("config",
                                  "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
                                  "users: [{name: u, user: {token: the-token}}]\n"
                                  "clusters:\n- name: c\n  cluster:\n    server: " +
                                      (url.empty() ? server.url() : url) + "\n" + lines);
    use(find_cluster(file, {}));
  }
  // A credential plugin: a shell script.
  std::string plugin(const std::string& script) {
    const auto file = files.write("bin/login", "#!/bin/sh\n" + script);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }
  static std::string exec_user(const std::string& more = "") {
    return std::string("    exec:\n      apiVersion: ") + v1 + "\n      command: bin/login\n" + more;
  }
  static std::string credential(const std::string& status) {
    return std::string(R"({"apiVersion":")") + v1 + R"(","kind":"ExecCredential","status":)" + status + "}";
  }

  static deadline in(std::chrono::nanoseconds span) { return deadline::after(std::chrono::steady_clock::now(), span); }
  result<secret_object> get(std::chrono::nanoseconds patience = 30s) {
    return testing::run_on(io, api->get_secret("shop", "pull", in(patience)));
  }
  error failure(std::chrono::nanoseconds patience = 30s) {
    const auto got = get(patience);
    EXPECT_FALSE(got);
    return got ? error{} : got.error();
  }
};

std::string config_of(const result<secret_object>& got) {
  if (!got) return got.error().message;
  const auto found = got->data.find(".dockerconfigjson");
  return found == got->data.end() ? "no config" : found->second.reveal();
}

TEST_F(KubeApi, ReadsWithThePodsToken) {
  use_pod();
  EXPECT_EQ(config_of(get()), "{}");
  const auto account = testing::run_on(io, api->get_service_account("shop", "default", in(30s)));
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->uid, "uid-of-shop-default");
  EXPECT_THAT(account->image_pull_secrets, ElementsAre("pull", "other"));
  EXPECT_THAT(account->annotations, ElementsAre(Pair("a", "b")));
  const auto token = testing::run_on(io, api->request_token("shop", "default", "sts.example", in(30s)));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->token.reveal(), "token-1-of-shop-default");
  EXPECT_GT(token->expires_at, std::chrono::system_clock::now());
  EXPECT_EQ(server.tokens_given(), 1U);
  EXPECT_EQ(http.opened_connections(), 1U);
  EXPECT_EQ(server.requests().at(0).authorization, "Bearer the-token");
  EXPECT_EQ(server.requests().at(0).accept, "application/json");
  EXPECT_THAT(server.requests().at(2).body, HasSubstr("\"sts.example\""));
}

TEST_F(KubeApi, SeesWhatChanged) {
  use_pod();
  EXPECT_EQ(config_of(get()), "{}");
  server.set_pull_secret("shop", "pull", "changed");
  EXPECT_EQ(config_of(get()), "changed");
  server.remove_secret("shop", "pull");
  const error e = failure();
  EXPECT_EQ(e.code, error_code::not_found);
  EXPECT_THAT(e.message, HasSubstr("secrets \\\"pull\\\" not found"));
}

TEST_F(KubeApi, ReadsAReplacedTokenFile) {
  use_pod();
  ASSERT_TRUE(get());
  fake_api_server::write_token(folder(), "rotated");
  server.accept_tokens({"rotated"});
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(server.requests(pull_path), 3U);
  EXPECT_EQ(server.requests().at(1).status, 401U);
  server.accept_tokens({"another"});
  const error e = failure();
  EXPECT_EQ(e.code, error_code::unauthorized);
  EXPECT_THAT(e.message, HasSubstr("(in-cluster service account)"));
  EXPECT_EQ(server.requests(pull_path), 4U);
}

TEST_F(KubeApi, SaysWhichRuleOfRbacIsMissing) {
  use_pod();
  server.forbid("get", "secrets", "*");
  server.allow("get", "secrets", "elsewhere");
  const error e = failure();
  EXPECT_EQ(e.code, error_code::denied);
  EXPECT_THAT(e.message, AllOf(HasSubstr("verb \"get\" on resource \"secrets\" in namespace shop"),
                               HasSubstr("cannot get resource")));
  server.allow("get", "secrets", "shop");
  EXPECT_TRUE(get());
}

TEST_F(KubeApi, ShowsWhatAKubeconfigSays) {
  use_config();
  EXPECT_EQ(config_of(get()), "{}");
  server.accept_tokens({"me:pass"});
  use_config("    username: me\n    password: pass\n");
  EXPECT_EQ(config_of(get()), "{}");
  server.accept_tokens({"filed"});
  EXPECT_EQ(files.write("my-token", "filed\n"), files.path() / "my-token");
  use_config("    tokenFile: my-token\n");
  EXPECT_EQ(config_of(get()), "{}");
  use_config("    {}\n");
  EXPECT_EQ(failure().code, error_code::unauthorized);
}

TEST_F(KubeApi, ShowsAClientCertificate) {
  const auto me = server.issue_client("somebody");
  EXPECT_EQ(files.write("me.crt", me.certificate), files.path() / "me.crt");
  EXPECT_EQ(files.write("me.key", me.key), files.path() / "me.key");
  use_config("    client-certificate: me.crt\n    client-key: me.key\n");
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(server.requests().back().client_name, "somebody");
  EXPECT_EQ(server.requests().back().authorization, "");

  const auto other = server.issue_client("somebody else");
  use_config("    client-certificate-data: " + testing::base64(other.certificate) +
             "\n    client-key-data: " + testing::base64(other.key) + "\n");
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(server.requests().back().client_name, "somebody else");

  const auto stranger = testing::certificate_authority("another authority").issue();
  use_config("    client-certificate-data: " + testing::base64(stranger.certificate) +
             "\n    client-key-data: " + testing::base64(stranger.key) + "\n");
  EXPECT_EQ(failure().code, error_code::unauthorized);
}

TEST_F(KubeApi, ShowsWhatAPluginGives) {
  const auto script = plugin(
      "echo run >>\"${0%/*}/../runs\"\n"
      "printf '%s' \"$KUBERNETES_EXEC_INFO\" >\"${0%/*}/../info\"\n"
      "echo '" +
      credential(R"({"token":"'"$1-$KIND"'"})") + "'\n");
  ASSERT_FALSE(script.empty());
  server.accept_tokens({"for-test"});
  use_config(exec_user("      args: [for]\n      env: [{name: KIND, value: test}]\n      provideClusterInfo: true\n"));
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(config_of(get()), "{}");
  const auto text = [&](const char* name) {
    std::ifstream in(files.path() / name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(text("runs"), "run\n");
  EXPECT_THAT(text("info"), AllOf(HasSubstr("\"server\":\"" + server.url()), HasSubstr("\"interactive\":false"),
                                  HasSubstr(testing::base64(server.ca()))));
  // Refused: the plugin is run once more, gives the same, and the server is not asked again.
  server.accept_tokens({"none"});
  server.forget_requests();
  EXPECT_EQ(failure().code, error_code::unauthorized);
  EXPECT_EQ(text("runs"), "run\nrun\n");
  EXPECT_EQ(server.requests(pull_path), 1U);
}

TEST_F(KubeApi, ShowsAPluginsCertificate) {
  const auto me = server.issue_client("plugged");
  std::string status = R"({"clientCertificateData":")" + me.certificate + R"(","clientKeyData":")" + me.key + "\"}";
  for (std::size_t at = 0; (at = status.find('\n', at)) != std::string::npos;) status.replace(at, 1, "\\n");
  EXPECT_EQ(files.write("answer", credential(status)), files.path() / "answer");
  ASSERT_FALSE(plugin("cat \"${0%/*}/../answer\"\n").empty());
  use_config(exec_user());
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(server.requests().back().client_name, "plugged");
}

TEST_F(KubeApi, RunsAPluginAgainAfterItsEnd) {
  ASSERT_FALSE(plugin("echo run >>\"${0%/*}/../runs\"\n"
                      "n=$(wc -l <\"${0%/*}/../runs\" | tr -d ' ')\n"
                      "echo '" +
                      credential(R"({"token":"token-'"$n"'","expirationTimestamp":"2020-01-01T00:00:00Z"})") + "'\n")
                   .empty());
  server.accept_tokens({"token-1", "token-2"});
  use_config(exec_user());
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(config_of(get()), "{}");
  EXPECT_EQ(server.requests().at(0).authorization, "Bearer token-1");
  EXPECT_EQ(server.requests().at(1).authorization, "Bearer token-2");
}

TEST_F(KubeApi, SaysHowAPluginFailed) {
  use_config(exec_user("      installHint: apt install login\n"));
  EXPECT_THAT(failure().message, AllOf(HasSubstr("credential plugin"), HasSubstr("apt install login")));
  ASSERT_FALSE(plugin("echo 'log in first' >&2\nexit 3\n").empty());
  EXPECT_THAT(failure().message, AllOf(HasSubstr("exit code 3"), HasSubstr("log in first")));
  ASSERT_FALSE(plugin("echo hunter2\n").empty());
  EXPECT_THAT(failure().message, AllOf(HasSubstr("not valid JSON"), Not(HasSubstr("hunter2"))));
  ASSERT_FALSE(plugin("head -c " + std::to_string(max_exec_output + 1) + " /dev/zero\n").empty());
  EXPECT_EQ(failure().code, error_code::malformed);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(KubeApi, TrustsTheClustersAuthorityAlone) {
  const testing::certificate_authority other("another authority");
  use_cluster("    certificate-authority: " + files.write("other.crt", other.certificate()).string() + "\n");
  const error wrong = failure();
  EXPECT_EQ(wrong.code, error_code::unavailable);
  EXPECT_THAT(wrong.message, StartsWith("Kubernetes API: get secrets shop/pull: "));
  // Without an authority the system's are asked, which do not know this server either.
  use_cluster("");
  EXPECT_EQ(failure().code, error_code::unavailable);
  EXPECT_TRUE(server.requests().empty());
  use_cluster("    insecure-skip-tls-verify: true\n");
  EXPECT_EQ(config_of(get()), "{}");
  use_cluster("    certificate-authority: " + server.ca_file() + "\n");
  EXPECT_EQ(config_of(get()), "{}");
}

TEST(KubeApiName, IsTheOneThatTheKubeconfigSays) {
  testing::api_server_options o;
  o.certificate.names = {"api.cluster.local"};
  fake_api_server server(o);
  server.set_pull_secret("shop", "pull", "{}");
  server.allow_all();
  asio::io_context io{1};
  http::curl_client http(io, unguarded());
  const auto ask = [&](const std::string& name) {
    cluster where;
    where.server = server.url();
    where.tls.authorities.push_back({server.ca_file(), {}});
    where.tls.system_authorities = false;
    where.tls.server_name = name;
    where.login = secret("Bearer the-token");
    api_client api(
        std::make_shared<api_connection>(http, where, machine_processes(), io.get_executor(), machine_clock()));
    const deadline d = deadline::after(std::chrono::steady_clock::now(), 30s);
    return config_of(testing::run_on(io, api.get_secret("shop", "pull", d)));
  };
  EXPECT_EQ(ask("api.cluster.local"), "{}");
  EXPECT_THAT(ask(""), HasSubstr("Kubernetes API: get secrets shop/pull: "));
  EXPECT_THAT(ask("other.cluster.local"), HasSubstr("Kubernetes API: get secrets shop/pull: "));
}

TEST_F(KubeApi, EndsAtTheDeadline) {
  use_pod();
  server.hang(pull_path);
  EXPECT_EQ(failure(200ms).code, error_code::timed_out);
  EXPECT_EQ(http.transfers(), 0U);
  server.release();
  EXPECT_TRUE(get());
}

TEST_F(KubeApi, EndsWhenNobodyWaits) {
  use_pod();
  server.hang(pull_path);
  asio::cancellation_signal stop;
  std::optional<result<secret_object>> outcome;
  auto ask = [&]() -> asio::awaitable<void> { outcome.emplace(co_await api->get_secret("shop", "pull", in(60s))); };
  bool is_over = false;
  asio::co_spawn(io, ask(),
                 asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr&) { is_over = true; }));
  while (server.requests(pull_path) == 0 && !is_over) io.run_one_for(20ms);
  stop.emit(asio::cancellation_type::terminal);
  while (!is_over) io.run_one();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error().code, error_code::canceled);
}

TEST_F(KubeApi, HasALimitForObjects) {
  use_pod();
  // The largest that an API server keeps: 1 MiB of data, and as much again in annotations and the like.
  server.set_pull_secret("shop", "pull", std::string(1024 * 1024, 'x'));
  EXPECT_EQ(config_of(get()).size(), 1024U * 1024U);
  server.set_pull_secret("shop", "pull", std::string(max_object_size, 'x'));
  const error e = failure();
  EXPECT_EQ(e.code, error_code::malformed);
  EXPECT_THAT(e.message, HasSubstr("larger than"));
}

TEST_F(KubeApi, RefusesAnswersThatAreNone) {
  use_pod();
  const std::pair<unsigned, const char*> table[] = {
      {200, "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"data\":{\"a\":\"hunter2!\"}}"},
      {200, "{\"kind\":\"Secret\",\"hunter2"},
      {200, "<html>hunter2</html>"},
      {200, ""},
      {404, "<html>hunter2</html>"}};
  for (const auto& [status, body] : table) {
    server.fail(pull_path, status, body);
    const error e = failure();
    EXPECT_EQ(e.code, error_code::malformed) << body;
    EXPECT_THAT(e.message, Not(HasSubstr("hunter2")));
  }
  server.fail(pull_path, 302, "", {{"Location", server.url() + "/elsewhere"}});
  EXPECT_EQ(failure().code, error_code::malformed);
  EXPECT_EQ(server.requests("/elsewhere"), 0U);
  server.heal();
  EXPECT_TRUE(get());
}

TEST_F(KubeApi, AsksOnceMoreAfterABadMoment) {
  use_pod();
  for (const unsigned status : {429U, 500U, 503U}) {
    server.forget_requests();
    server.fail_times(1, pull_path, status);
    EXPECT_TRUE(get()) << status;
    EXPECT_EQ(server.requests(pull_path), 2U);
  }
}

}  // namespace
}  // namespace pinhook::kube
