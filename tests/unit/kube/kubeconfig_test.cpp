#include <pinhook/kube/kubeconfig.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pinhook::kube {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// "PEM" and "KEY".
constexpr const char* pem_data = "UEVN";
constexpr const char* key_data = "S0VZ";

result<cluster> chosen(const std::string& text, const std::string& file = "/etc/kube/config") {
  auto parsed = parse_kubeconfig(text, file);
  if (!parsed) return fail(parsed.error());
  return choose_cluster({*parsed});
}

// A kubeconfig with these lines for its cluster and its user, each indented by four.
std::string config_with(const std::string& cluster_lines, const std::string& user_lines) {
  return "apiVersion: v1\n"
         "kind: Config\n"
         "current-context: dev\n"
         "contexts:\n"
         "- name: dev\n"
         "  context: {cluster: c, user: u}\n"
         "clusters:\n"
         "- name: c\n"
         "  cluster:\n" +
         cluster_lines +
         "users:\n"
         "- name: u\n"
         "  user:\n" +
         user_lines;
}
std::string user_with(const std::string& user_lines) {
  return config_with("    server: https://k8s.example:6443\n", user_lines);
}
std::string cluster_with(const std::string& cluster_lines) { return config_with(cluster_lines, "    token: t\n"); }

cluster good(const std::string& text) {
  auto got = chosen(text);
  if (got) return *got;
  ADD_FAILURE() << got.error().message << "\n" << text;
  return {};
}

std::string authorization(const cluster& c) {
  const auto* fixed = std::get_if<secret>(&c.login);
  return fixed == nullptr ? "" : fixed->reveal();
}

TEST(Kubeconfig, ReadsAClusterAndAToken) {
  const cluster c = good(
      "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
      "contexts:\n- {name: other, context: {cluster: x}}\n- {name: dev, context: {cluster: c, user: u, namespace: "
      "shop}}\n"
      "clusters:\n- name: c\n  cluster: {server: 'https://k8s.example:6443/', certificate-authority-data: UEVN, "
      "tls-server-name: api.example}\n"
      "users:\n- {name: u, user: {token: abc}}\npreferences: {}\n");
  EXPECT_EQ(c.server, "https://k8s.example:6443");
  EXPECT_EQ(c.ns, "shop");
  EXPECT_EQ(c.tls.server_name, "api.example");
  EXPECT_TRUE(c.tls.verify);
  EXPECT_FALSE(c.tls.system_authorities);
  ASSERT_EQ(c.tls.authorities.size(), 1U);
  EXPECT_EQ(c.tls.authorities[0].text.reveal(), "PEM");
  EXPECT_EQ(authorization(c), "Bearer abc");
  EXPECT_EQ(c.origin, "kubeconfig /etc/kube/config, context \"dev\"");
}

TEST(Kubeconfig, ReadsJson) {
  const cluster c = good(
      R"({"kind":"Config","apiVersion":"v1","current-context":"dev","contexts":[{"name":"dev","context":{"cluster":"c","user":"u"}}],)"
      R"("clusters":[{"name":"c","cluster":{"server":"https://k8s.example"}}],"users":[{"name":"u","user":{"token":"abc"}}]})");
  EXPECT_EQ(c.server, "https://k8s.example");
  EXPECT_EQ(c.ns, "default");
  EXPECT_EQ(authorization(c), "Bearer abc");
}

TEST(Kubeconfig, TrustsTheSystemOnlyWithoutAnAuthority) {
  EXPECT_TRUE(good(user_with("    token: t\n")).tls.system_authorities);
  const cluster c = good(cluster_with("    server: https://k8s.example\n    certificate-authority: pki/ca.crt\n"));
  EXPECT_FALSE(c.tls.system_authorities);
  EXPECT_EQ(c.tls.authorities.at(0).file, "/etc/kube/pki/ca.crt");
  EXPECT_FALSE(good(cluster_with("    server: https://k8s.example\n    insecure-skip-tls-verify: true\n")).tls.verify);
}

TEST(Kubeconfig, ResolvesPathsFromTheFile) {
  const std::string text = user_with("    client-certificate: a.crt\n    client-key: /b/a.key\n    tokenFile: ../t\n");
  const cluster c = good(text);
  EXPECT_EQ(c.tls.certificate.file, "/etc/kube/a.crt");
  EXPECT_EQ(c.tls.key.file, "/b/a.key");
  EXPECT_EQ(std::get<token_file>(c.login).file, "/etc/kube/../t");
  const auto beside = chosen(text, "config");
  ASSERT_TRUE(beside);
  EXPECT_EQ(beside->tls.certificate.file, "a.crt");
}

TEST(Kubeconfig, ReadsEveryWayToShowOneself) {
  EXPECT_EQ(authorization(good(user_with("    username: u\n    password: p\n"))), "Basic dTpw");
  EXPECT_EQ(authorization(good(user_with("    username: u\n"))), "Basic dTo=");
  const cluster both = good(user_with("    token: t\n    tokenFile: /t\n"));
  EXPECT_EQ(std::get<token_file>(both.login).file, "/t");
  EXPECT_EQ(std::get<token_file>(both.login).otherwise.reveal(), "t");
  const cluster certificate = good(
      user_with("    client-certificate-data: " + std::string(pem_data) + "\n    client-key-data: " + key_data + "\n"));
  EXPECT_EQ(certificate.tls.certificate.text.reveal(), "PEM");
  EXPECT_EQ(certificate.tls.key.text.reveal(), "KEY");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(certificate.login));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(good(user_with("    {}\n")).login));
  EXPECT_EQ(authorization(
                good(user_with("    token: t\n    exec: {apiVersion: client.authentication.k8s.io/v1, command: x}\n"))),
            "Bearer t");
}

TEST(Kubeconfig, ReadsPlugins) {
  const cluster c =
      good(config_with("    server: https://k8s.example\n"
                       "    extensions:\n"
                       "    - {name: other, extension: {}}\n"
                       "    - {name: client.authentication.k8s.io/exec, extension: {a: [1, true, null, 'x', \"1\"], b: "
                       "{c: 1.5}, d: yes}}\n",
                       "    exec:\n"
                       "      apiVersion: client.authentication.k8s.io/v1beta1\n"
                       "      command: ./bin/login\n"
                       "      args: [--for, '8']\n"
                       "      env: [{name: A, value: b}, {name: EMPTY, value: ''}]\n"
                       "      installHint: get it\n"
                       "      provideClusterInfo: true\n"
                       "      interactiveMode: IfAvailable\n"));
  const auto& plugin = std::get<exec_plugin>(c.login);
  EXPECT_EQ(plugin.api_version, "client.authentication.k8s.io/v1beta1");
  EXPECT_EQ(plugin.command, "/etc/kube/./bin/login");
  EXPECT_THAT(plugin.args, ElementsAre("--for", "8"));
  EXPECT_THAT(plugin.environment, ElementsAre("A=b", "EMPTY="));
  EXPECT_EQ(plugin.install_hint, "get it");
  EXPECT_TRUE(plugin.wants_cluster);
  EXPECT_EQ(plugin.cluster_config, R"({"a":[1,true,null,"x","1"],"b":{"c":1.5},"d":"yes"})");

  const cluster plain = good(
      user_with("    exec: {apiVersion: client.authentication.k8s.io/v1, command: login, args: null, env: null}\n"));
  EXPECT_EQ(std::get<exec_plugin>(plain.login).command, "login");
  EXPECT_THAT(std::get<exec_plugin>(plain.login).args, IsEmpty());
}

TEST(Kubeconfig, TakesOfSeveralFilesTheFirstThatSays) {
  const auto one = parse_kubeconfig(
      "contexts:\n- {name: dev, context: {cluster: c, user: u}}\nusers:\n- {name: u, user: {tokenFile: t}}\n",
      "/one/config");
  const auto two = parse_kubeconfig(
      "current-context: dev\ncontexts:\n- {name: dev, context: {cluster: wrong}}\n"
      "clusters:\n- {name: c, cluster: {server: 'https://two.example', certificate-authority: ca}}\n"
      "users:\n- {name: u, user: {token: second}}\n",
      "/two/config");
  const auto three = parse_kubeconfig(
      "current-context: other\nclusters:\n- {name: c, cluster: {server: 'https://three.example'}}\n", "/three/config");
  const auto empty = parse_kubeconfig("", "/four/config");
  ASSERT_TRUE(one && two && three && empty);
  const auto c = choose_cluster({*empty, *one, *two, *three});
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->server, "https://two.example");
  EXPECT_EQ(c->tls.authorities.at(0).file, "/two/ca");
  EXPECT_EQ(std::get<token_file>(c->login).file, "/one/t");
  EXPECT_THAT(c->origin, HasSubstr("/two/config"));
}

struct bad_case {
  std::string text;
  error_code code;
  std::string says;
};

TEST(Kubeconfig, SaysWhatIsWrongAndWhere) {
  const std::string v1 = "apiVersion: client.authentication.k8s.io/v1";
  const std::vector<bad_case> table{
      {"[]", error_code::invalid_input, "/etc/kube/config, line 1: a kubeconfig is a mapping, not a list"},
      {"a: b: c", error_code::invalid_input, "/etc/kube/config, line 1"},
      {"kind: Pod\n", error_code::invalid_input, "kind must be Config"},
      {"apiVersion: v2\n", error_code::invalid_input, "apiVersion must be v1"},
      {"", error_code::invalid_input, "there is no current-context"},
      {"current-context: ''\n", error_code::invalid_input, "there is no current-context"},
      {"current-context: x\n", error_code::invalid_input, "current-context names \"x\", which is not in contexts"},
      {"current-context: x\ncontexts: {}\n", error_code::invalid_input, "line 2: contexts must be a list"},
      {"current-context: x\ncontexts:\n- {}\n", error_code::invalid_input,
       "line 3: an entry of contexts without a name"},
      {"current-context: x\ncontexts:\n- {name: x}\n", error_code::invalid_input,
       "line 3: contexts \"x\" has no \"context\""},
      {"current-context: x\ncontexts:\n- {name: x, context: {user: u}}\n", error_code::invalid_input,
       "line 3: contexts \"x\": cluster is missing"},
      {"current-context: x\ncontexts:\n- {name: x, context: text}\n", error_code::invalid_input, "must be a mapping"},
      {"current-context: x\ncontexts:\n- {name: x, context: {cluster: c}}\n- {name: x, context: {cluster: c}}\n",
       error_code::invalid_input, "line 4: contexts \"x\" is listed twice"},
      {"current-context: x\ncontexts:\n- {name: x, context: {cluster: c, namespace: A/b}}\n", error_code::invalid_input,
       "namespace is not a valid name of a namespace"},
      {"current-context: x\ncontexts:\n- {name: x, context: {cluster: c}}\n", error_code::invalid_input,
       "context \"x\" names \"c\", which is not in clusters"},
      {"current-context: x\ncontexts:\n- {name: x, context: {cluster: c, user: u}}\nclusters:\n- {name: c, cluster: "
       "{server: 'https://k'}}\n",
       error_code::invalid_input, "context \"x\" names \"u\", which is not in users"},
      {cluster_with("    insecure-skip-tls-verify: false\n"), error_code::invalid_input,
       "clusters \"c\": server is missing"},
      {cluster_with("    server: k8s.example:6443\n"), error_code::invalid_input, "line 10: clusters \"c\": server"},
      {cluster_with("    server: ftp://k8s.example\n"), error_code::invalid_input, "server"},
      {cluster_with("    server: https://user:hunter2@k8s.example\n"), error_code::invalid_input,
       "without a user name"},
      {cluster_with("    server: https://k8s.example/?q=hunter2\n"), error_code::invalid_input,
       "must not have a query"},
      {cluster_with("    server: https://k\n    certificate-authority-data: hunter2!\n"), error_code::invalid_input,
       "line 11: clusters \"c\": certificate-authority-data is not base64"},
      {cluster_with("    server: https://k\n    certificate-authority-data: UEVN\n    certificate-authority: /ca\n"),
       error_code::invalid_input, "is set beside certificate-authority"},
      {cluster_with("    server: https://k\n    certificate-authority: /ca\n    insecure-skip-tls-verify: true\n"),
       error_code::invalid_input, "is set beside a certificate authority"},
      {cluster_with("    server: https://k\n    insecure-skip-tls-verify: 'true'\n"), error_code::invalid_input,
       "must be true or false"},
      {cluster_with("    server: [https://k]\n"), error_code::invalid_input, "must be text, not a list"},
      {cluster_with("    server: https://k\n    proxy-url: http://hunter2@proxy\n"), error_code::unsupported,
       "proxy-url"},
      {user_with("    token: 'hunter2 x'\n"), error_code::invalid_input, "token has an invalid character"},
      {user_with("    token: hunter2\n    username: u\n"), error_code::invalid_input, "is set beside a token"},
      {user_with("    tokenFile: /t\n    password: hunter2\n    username: u\n"), error_code::invalid_input,
       "is set beside a token"},
      {user_with("    password: hunter2\n"), error_code::invalid_input, "password is set without a username"},
      {user_with("    username: 'u:hunter2'\n    password: x\n"), error_code::invalid_input, "must not have a colon"},
      {user_with("    client-certificate-data: UEVN\n"), error_code::invalid_input, "client-certificate is set alone"},
      {user_with("    client-key-data: UEVN\n"), error_code::invalid_input, "client-key is set alone"},
      {user_with("    client-key-data: hunter2!\n    client-certificate: /c\n"), error_code::invalid_input,
       "line 14: users \"u\": client-key-data is not base64"},
      {user_with("    auth-provider: {name: gcp}\n"), error_code::unsupported, "auth-provider"},
      {user_with("    as: hunter2\n"), error_code::unsupported, "impersonate"},
      {user_with("    as-groups: [hunter2]\n"), error_code::unsupported, "impersonate"},
      {user_with("    exec: {command: x}\n"), error_code::unsupported, "users \"u\" exec: apiVersion must be"},
      {user_with("    exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}\n"),
       error_code::unsupported, "apiVersion must be"},
      {user_with("    exec: {" + v1 + "}\n"), error_code::invalid_input, "command is missing"},
      {user_with("    exec: {" + v1 + ", command: x, interactiveMode: Always}\n"), error_code::unsupported,
       "there is no terminal"},
      {user_with("    exec: {" + v1 + ", command: x, interactiveMode: Sometimes}\n"), error_code::invalid_input,
       "must be Never, IfAvailable or Always"},
      {user_with("    exec: {" + v1 + ", command: x, args: hunter2}\n"), error_code::invalid_input,
       "args must be a list"},
      {user_with("    exec: {" + v1 + ", command: x, args: [[hunter2]]}\n"), error_code::invalid_input,
       "args must be a list of texts"},
      {user_with("    exec: {" + v1 + ", command: x, env: hunter2}\n"), error_code::invalid_input,
       "env must be a list"},
      {user_with("    exec: {" + v1 + ", command: x, env: [{value: hunter2}]}\n"), error_code::invalid_input,
       "names and values"},
      {user_with("    exec: {" + v1 + ", command: x, env: [{name: 'A=B', value: hunter2}]}\n"),
       error_code::invalid_input, "names and values"},
      {user_with("    exec: {" + v1 + ", command: x, provideClusterInfo: hunter2}\n"), error_code::invalid_input,
       "must be true or false"},
      {user_with("    exec: text\n"), error_code::invalid_input, "must be a mapping"},
  };
  for (const auto& [text, code, says] : table) {
    const auto got = chosen(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, code) << got.error().message << "\n" << text;
    EXPECT_THAT(got.error().message, AllOf(HasSubstr(says), Not(HasSubstr("hunter2")))) << text;
    EXPECT_THAT(got.error().message, HasSubstr("/etc/kube/config")) << text;
  }
}

TEST(Kubeconfig, HasALimit) {
  const std::string text = user_with("    token: t\n");
  const std::string filler(max_kubeconfig_size - text.size() - 2, 'x');
  EXPECT_TRUE(chosen(text + "#" + filler + "\n"));
  const auto got = chosen(text + "#" + filler + "x\n");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::invalid_input);
}

}  // namespace
}  // namespace pinhook::kube
