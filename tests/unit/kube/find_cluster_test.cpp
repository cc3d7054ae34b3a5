#include <pinhook/kube/find_cluster.hpp>

#include "support/certificates.hpp"
#include "support/hanging_file.hpp"

#include <pinhook/kube/cluster.hpp>
#include <pinhook/kube/in_cluster.hpp>
#include <pinhook/kube/kubeconfig.hpp>
#include <pinhook/kube/login.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pinhook::kube {
namespace {

using ::testing::HasSubstr;
using testing::temporary_directory;

struct FindCluster : ::testing::Test {
  temporary_directory files;
  const std::string folder = files.path() / "account";
  environment pod{{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};

  void mount() const {
    const auto token = files.write("account/token", "abc\n");
    const auto ca = files.write("account/ca.crt", "PEM");
    const auto ns = files.write("account/namespace", "pinhook");
    ASSERT_TRUE(std::filesystem::exists(token) && std::filesystem::exists(ca) && std::filesystem::exists(ns));
  }
  std::string config(const std::string& name, const std::string& server, const std::string& more = "") const {
    return files.write(name,
                       "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                       "clusters:\n- name: c\n  cluster:\n    server: " +
                           server + "\n" + more);
  }
  result<cluster> find(const environment& given, const std::string& setting = "") const {
    return find_cluster(setting, given, folder);
  }
  std::string server(const environment& given, const std::string& setting = "") const {
    const auto got = find(given, setting);
    return got ? got->server : std::string(to_string(got.error().code)) + ": " + got.error().message;
  }
};

TEST_F(FindCluster, InAPod) {
  mount();
  const auto got = find(pod);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->server, "https://10.96.0.1:443");
  EXPECT_EQ(got->ns, "pinhook");
  EXPECT_EQ(got->origin, "in-cluster service account");
  EXPECT_EQ(std::get<token_file>(got->login).file, folder + "/token");
  ASSERT_EQ(got->tls.authorities.size(), 1U);
  EXPECT_EQ(got->tls.authorities[0].file, folder + "/ca.crt");
  EXPECT_FALSE(got->tls.system_authorities);
  EXPECT_TRUE(got->tls.verify);
}

TEST_F(FindCluster, PutsIpv6AddressesInBrackets) {
  mount();
  pod["KUBERNETES_SERVICE_HOST"] = "fd00:10:96::1";
  EXPECT_EQ(server(pod), "https://[fd00:10:96::1]:443");
}

TEST_F(FindCluster, RefusesVariablesThatAreNoAddress) {
  mount();
  const std::pair<const char*, const char*> table[] = {{"10.96.0.1/x", "443"}, {"a@b", "443"}, {"10.96.0.1", "https"},
                                                       {"10.96.0.1", "0"},     {"a", "65536"}, {"a", "1 "}};
  for (const auto& [host, port] : table) {
    const auto got = in_cluster({{"KUBERNETES_SERVICE_HOST", host}, {"KUBERNETES_SERVICE_PORT", port}}, folder);
    ASSERT_FALSE(got) << host << " " << port;
    EXPECT_EQ(got.error().code, error_code::invalid_input);
  }
}

TEST_F(FindCluster, IsInNoPodWithoutItsVariablesOrItsToken) {
  EXPECT_THAT(server(pod), HasSubstr("not_found: "));
  EXPECT_THAT(server(pod), HasSubstr("is automountServiceAccountToken false?"));
  mount();
  EXPECT_THAT(server({}), HasSubstr("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"));
  pod["KUBERNETES_SERVICE_PORT"] = "";
  EXPECT_THAT(server(pod), HasSubstr("not_found: "));
}

TEST_F(FindCluster, TrustsNobodyElseWhenTheAuthorityIsMissing) {
  mount();
  std::filesystem::remove(folder + "/ca.crt");
  EXPECT_THAT(server(pod), HasSubstr("invalid_input: cannot read " + folder + "/ca.crt"));
}

TEST_F(FindCluster, HasLimitsForItsFiles) {
  mount();
  const auto token = files.write("account/token", std::string(max_token_size + 1, 'x'));
  EXPECT_THAT(server(pod), HasSubstr(token.string() + " has more than"));
  mount();
  const auto ca = files.write("account/ca.crt", std::string(1024 * 1024 + 1, 'x'));
  EXPECT_THAT(server(pod), HasSubstr(ca.string() + " has more than"));
  const auto large = config("large", "https://k", "#" + std::string(max_kubeconfig_size, 'x') + "\n");
  EXPECT_THAT(server({}, large), HasSubstr("has more than"));
}

TEST_F(FindCluster, PrefersTheSettingThenThePodThenTheVariable) {
  const auto set = config("set", "https://set.example");
  const auto listed = config("listed", "https://listed.example");
  environment all = pod;
  all["KUBECONFIG"] = listed;
  EXPECT_EQ(server(all), "https://listed.example");
  mount();
  EXPECT_EQ(server(all), "https://10.96.0.1:443");
  EXPECT_EQ(server(all, set), "https://set.example");
}

TEST_F(FindCluster, FailsWhenTheSettingDoes) {
  mount();
  EXPECT_THAT(server(pod, files.path() / "none"), HasSubstr("invalid_input: kubeconfig: cannot read"));
  EXPECT_THAT(server(pod, files.write("bad", "a: b: c")), HasSubstr("invalid_input: "));
}

TEST_F(FindCluster, ReadsAListOfFiles) {
  const auto one = files.write("one", "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n");
  const auto two = config("two", "https://two.example");
  const std::string list = ":" + (files.path() / "none").string() + ":" + one.string() + "::" + two + ":";
  EXPECT_EQ(server({{"KUBECONFIG", list}}), "https://two.example");
  EXPECT_THAT(server({{"KUBECONFIG", files.path() / "none"}}), HasSubstr("not_found: no file of KUBECONFIG"));
  EXPECT_THAT(server({{"KUBECONFIG", files.write("bad", "[]").string() + ":" + two}}),
              HasSubstr("invalid_input: KUBECONFIG: "));
}

TEST_F(FindCluster, FindsMissingFilesAtTheStart) {
  const auto file = config("c", "https://k", "    certificate-authority: none.crt\n");
  EXPECT_THAT(server({}, file),
              HasSubstr("invalid_input: kubeconfig " + file + ", context \"x\": certificate-authority: cannot read " +
                        (files.path() / "none.crt").string()));
}

TEST_F(FindCluster, OfAPersonIsTheOneThatKubectlFinds) {
  mount();
  const auto named = config("named", "https://named");
  const auto listed = config("listed", "https://listed");
  ASSERT_FALSE(config("home/.kube/config", "https://home").empty());
  const std::string home = files.path() / "home";
  environment all = pod;
  all["HOME"] = home;
  environment variable_too = all;
  variable_too["KUBECONFIG"] = listed;
  struct row {
    cluster_choice choice;
    environment variables;
    std::string server;
  };
  const row rows[] = {
      {{named, ""}, variable_too, "https://named"},
      {{"", ""}, variable_too, "https://listed"},
      {{"", ""}, all, "https://home"},
      {{"", ""}, pod, "https://10.96.0.1:443"},
      {{named, "x"}, all, "https://named"},
  };
  for (const row& one : rows) {
    const auto got = find_cluster_of_person(one.choice, one.variables, folder);
    ASSERT_TRUE(got) << one.server << ": " << got.error().message;
    EXPECT_EQ(got->server, one.server);
  }
  EXPECT_THAT(find_cluster_of_person({"", ""}, {}, "/nonexistent").error().message, HasSubstr("--kubeconfig"));
  EXPECT_EQ(find_cluster_of_person({"", "x"}, pod, folder).error().code, error_code::not_found);
  const auto other = find_cluster_of_person({named, "other"}, all, folder);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, error_code::invalid_input);
  EXPECT_THAT(other.error().message, HasSubstr("other"));
}

TEST_F(FindCluster, TakesAnotherContextThanTheCurrentOne) {
  const auto file =
      files.write("two",
                  "current-context: a\n"
                  "contexts: [{name: a, context: {cluster: a}}, {name: b, context: {cluster: b, namespace: shop}}]\n"
                  "clusters: [{name: a, cluster: {server: https://a}}, {name: b, cluster: {server: https://b}}]\n");
  EXPECT_EQ(find_cluster_of_person({file, ""}, {}, folder)->server, "https://a");
  const auto b = find_cluster_of_person({file, "b"}, {}, folder);
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_EQ(b->server, "https://b");
  EXPECT_EQ(b->ns, "shop");
}

TEST(FindClusterInTime, AFileThatHangsIsAnErrorInTime) {
  const testing::hanging_file hangs;
  const auto got = find_cluster(hangs.path(), {}, "/nonexistent", std::chrono::milliseconds(1));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::timed_out);
  EXPECT_NE(got.error().message.find("cannot read kubeconfig "), std::string::npos) << got.error().message;
}

}  // namespace
}  // namespace pinhook::kube
