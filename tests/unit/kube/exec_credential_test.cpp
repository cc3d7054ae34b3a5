#include <pinhook/kube/exec_credential.hpp>

#include <pinhook/base/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pinhook::kube {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

exec_plugin plugin() {
  exec_plugin out;
  out.api_version = "client.authentication.k8s.io/v1";
  out.command = "/bin/login";
  out.args = {"get", "token"};
  out.environment = {"A=b"};
  return out;
}

cluster somewhere() {
  cluster out;
  out.server = "https://k8s.example:6443";
  return out;
}

process_output prints(const std::string& text, int exit_code = 0) {
  process_output out;
  out.exit_code = exit_code;
  out.output = secret(text);
  out.errors = secret("the cause of it\n");
  return out;
}

std::string with_status(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}";
}

TEST(ExecCredential, TellsThePluginWhatItIsFor) {
  const auto got = exec_request(plugin(), somewhere(), "");
  EXPECT_THAT(got.argv, ElementsAre("/bin/login", "get", "token"));
  EXPECT_THAT(got.environment,
              ElementsAre("A=b", R"(KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1",)"
                                 R"("kind":"ExecCredential","spec":{"interactive":false}})"));
  EXPECT_EQ(got.output_limit, max_exec_output);
}

TEST(ExecCredential, TellsThePluginOfTheClusterWhenItWantsThat) {
  exec_plugin p = plugin();
  p.wants_cluster = true;
  p.cluster_config = R"({"audience":"x"})";
  cluster where = somewhere();
  where.tls.server_name = "api.\"example";
  where.tls.verify = false;
  const auto got = exec_request(p, where, "PEM");
  const std::string info = got.environment.back().substr(std::string("KUBERNETES_EXEC_INFO=").size());
  const auto document = json::parse(info);
  ASSERT_TRUE(document) << info;
  const auto* described = json::find(*json::find(*document, "spec"), "cluster");
  ASSERT_NE(described, nullptr);
  EXPECT_EQ(json::find_string(*described, "server"), "https://k8s.example:6443");
  EXPECT_EQ(json::find_string(*described, "tls-server-name"), "api.\"example");
  EXPECT_EQ(json::find_bool(*described, "insecure-skip-tls-verify"), true);
  EXPECT_EQ(json::find_string(*described, "certificate-authority-data"), "UEVN");
  EXPECT_EQ(json::find_string(*json::find(*described, "config"), "audience"), "x");
}

TEST(ExecCredential, ReadsTokensAndCertificates) {
  const auto token = read_exec_answer(plugin(), prints(with_status(R"({"token":"abc"})") + "\n"));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->token.reveal(), "abc");
  EXPECT_FALSE(token->expires_at);
  const auto all =
      read_exec_answer(plugin(), prints(with_status(R"({"token":"abc","clientCertificateData":"C","clientKeyData":"K",)"
                                                    R"("expirationTimestamp":"2026-01-01T00:10:00Z"})")));
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->certificate.reveal(), "C");
  EXPECT_EQ(all->key.reveal(), "K");
  EXPECT_EQ(all->expires_at, wall_time(std::chrono::seconds(1767226200)));
  EXPECT_TRUE(read_exec_answer(plugin(), prints(with_status(R"({"token":"abc","expirationTimestamp":null})"))));
}

TEST(ExecCredential, RefusesInvalidAnswersAndDoesNotShowThem) {
  const std::pair<std::string, const char*> table[] = {
      {"hunter2", "not valid JSON"},
      {"", "not valid JSON"},
      {"[]", "not an ExecCredential"},
      {R"({"kind":"ExecCredential"})", "apiVersion"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"hunter2"}})",
       "the answer has apiVersion \"client.authentication.k8s.io/v1beta1\""},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})", "no \"status\""},
      {with_status("{}"), "neither token nor certificate"},
      {with_status(R"({"token":17})"), "neither token nor certificate"},
      {with_status(R"({"token":"hunter2\r\nX: y"})"), "the token has an invalid character"},
      {with_status(R"({"clientCertificateData":"hunter2"})"), "must come together"},
      {with_status(R"({"clientKeyData":"hunter2","token":"hunter2"})"), "must come together"},
      {with_status(R"({"token":"hunter2","expirationTimestamp":"soon"})"), "RFC 3339"},
      {with_status(R"({"token":"hunter2","expirationTimestamp":17})"), "RFC 3339"},
      {with_status(R"({"token":")" + std::string(max_exec_output, 'x') + "\"}"), "the limit is"},
  };
  for (const auto& [text, says] : table) {
    const auto got = read_exec_answer(plugin(), prints(text));
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, error_code::malformed);
    EXPECT_THAT(got.error().message, AllOf(HasSubstr(says), HasSubstr("\"/bin/login\""), Not(HasSubstr("hunter2"))));
  }
}

TEST(ExecCredential, SaysWhatAFailedPluginWroteToStandardError) {
  const auto got = read_exec_answer(plugin(), prints(with_status(R"({"token":"hunter2"})"), 3));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, error_code::unavailable);
  EXPECT_THAT(got.error().message,
              AllOf(HasSubstr("exit code 3"), HasSubstr("the cause of it"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace pinhook::kube
