// The component admission-policy: pinhook's service account changes nothing but caBundle of its webhook configuration,
// although its role lets it patch every field. The table of all fields: strict_decoder/policy_test.go.
#include "e2e/cluster.hpp"
#include "e2e/serving_secret.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class AdmissionPolicy : public Cluster {
 protected:
  void SetUp() override {
    shared().install(certificate_source::self_managed, {"admission-policy"});
    kubeconfig_ = shared().plane.kubeconfig_of("pinhook", "pinhook");
    // API servers learn of a policy a moment after it was written.
    ASSERT_TRUE(eventually([&] { return patch(timeout_, {"--dry-run=server"}).exit_code != 0; }));
  }

  void TearDown() override {
    kubectl_ok({"delete", "validatingadmissionpolicies,validatingadmissionpolicybindings", "pinhook"});
    kubectl_ok({"delete", "secret", "pinhook-serving-certificate", "-n", "pinhook", "--ignore-not-found"});
    write_bundles(shared().plane, "");
    shared().install(certificate_source::files);
  }

  // By the service account.
  command_result patch(const std::string& operations, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command{shared().plane.program("kubectl"),
                                     "--kubeconfig",
                                     kubeconfig_,
                                     "patch",
                                     "mutatingwebhookconfiguration",
                                     "pinhook",
                                     "--type=json",
                                     "-p",
                                     operations};
    command.insert(command.end(), more.begin(), more.end());
    return run_command({.command = command, .environment = {{"HOME", shared().plane.files().path()}}});
  }

  const std::string timeout_ = R"([{"op":"replace","path":"/webhooks/0/timeoutSeconds","value":9}])";
  std::string kubeconfig_;
};

TEST_F(AdmissionPolicy, RefusesEveryOtherChange) {
  constexpr const char* rows[] = {
      R"({"op":"replace","path":"/webhooks/0/rules/0/resources","value":["*"]})",
      R"({"op":"add","path":"/webhooks/2/rules/-","value":{"apiGroups":["*"],"apiVersions":["*"],"operations":["*"],"resources":["*/*"]}})",
      R"({"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"})",
      R"({"op":"replace","path":"/webhooks/1/namespaceSelector","value":{}})",
      R"({"op":"remove","path":"/webhooks/1/objectSelector"})",
      R"({"op":"replace","path":"/webhooks/0/clientConfig/url","value":"https://127.0.0.1:1/"})",
      R"({"op":"remove","path":"/webhooks/0/matchConditions"})",
      R"({"op":"replace","path":"/webhooks/0/reinvocationPolicy","value":"Never"})",
      R"({"op":"replace","path":"/webhooks/0/name","value":"other.pinhook.dev"})",
      R"({"op":"remove","path":"/webhooks/2"})",
      R"({"op":"add","path":"/metadata/labels/team","value":"a"})",
      R"({"op":"add","path":"/metadata/annotations","value":{"a":"b"}})",
      R"({"op":"add","path":"/metadata/finalizers","value":["pinhook.dev/stay"]})",
  };
  for (const char* row : rows) {
    const auto r = patch(fmt::format("[{}]", row));
    EXPECT_NE(r.exit_code, 0) << row;
    EXPECT_THAT(r.errors, AllOf(HasSubstr("ValidatingAdmissionPolicy 'pinhook'"),
                                HasSubstr("of its webhook configuration pinhook may change caBundle alone")))
        << row;
  }
  // Others are not affected.
  kubectl_ok({"patch", "mutatingwebhookconfiguration", "pinhook", "--type=json", "-p", timeout_});
  EXPECT_EQ(read("", "mutatingwebhookconfiguration/pinhook", "/webhooks/0/timeoutSeconds"), "9");
}

TEST_F(AdmissionPolicy, LetsPinhookWriteTheCABundle) {
  kubectl_ok({"delete", "secret", "pinhook-serving-certificate", "-n", "pinhook", "--ignore-not-found"});
  write_bundles(shared().plane, "");
  start_pinhook();
  const auto bundles = read_bundles(shared().plane);
  EXPECT_EQ(bundles.size(), 3U);
  for (const auto& one : bundles) EXPECT_THAT(one, HasSubstr("BEGIN CERTIFICATE"));
  // By another way of writing than pinhook's own.
  EXPECT_EQ(patch(R"([{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}])").exit_code, 0);
}

// A field that a version of Kubernetes does not have would be one.
TEST_F(AdmissionPolicy, HasNoWarningsOfItsTypes) {
  EXPECT_TRUE(
      eventually([&] { return read("", "validatingadmissionpolicy/pinhook", "/status/observedGeneration") == "1"; }));
  EXPECT_EQ(read("", "validatingadmissionpolicy/pinhook", "/status/typeChecking/expressionWarnings"), "");
}

}  // namespace
}  // namespace pinhook::e2e
