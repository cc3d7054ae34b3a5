// `pinhook report --write-reports` on a real API server, with the CRDs of OpenReports and the rights of
// manifests/rights.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::HasSubstr;

// The schema of wgpolicyk8s.io/v1alpha2 (kubernetes-sigs/wg-policy-prototypes, policy-report/crd/v1alpha2) in short:
// its members and their types. A server-side apply refuses every other member.
constexpr const char* policy_reports = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: policyreports.wgpolicyk8s.io
  annotations: {api-approved.kubernetes.io: unapproved}
spec:
  group: wgpolicyk8s.io
  names: {kind: PolicyReport, listKind: PolicyReportList, plural: policyreports, singular: policyreport}
  scope: Namespaced
  versions:
    - name: v1alpha2
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            apiVersion: {type: string}
            kind: {type: string}
            metadata: {type: object}
            scope: {type: object, x-kubernetes-preserve-unknown-fields: true}
            summary:
              type: object
              properties: {error: {type: integer}, fail: {type: integer}, pass: {type: integer}, skip: {type: integer}, warn: {type: integer}}
            results:
              type: array
              items:
                type: object
                required: [policy]
                properties:
                  category: {type: string}
                  message: {type: string}
                  policy: {type: string}
                  properties: {type: object, additionalProperties: {type: string}}
                  resources:
                    type: array
                    items:
                      type: object
                      properties: {apiVersion: {type: string}, fieldPath: {type: string}, kind: {type: string}, name: {type: string}, namespace: {type: string}, resourceVersion: {type: string}, uid: {type: string}}
                  result: {type: string, enum: [pass, fail, warn, error, skip]}
                  rule: {type: string}
                  scored: {type: boolean}
                  severity: {type: string, enum: [critical, high, low, medium, info]}
                  source: {type: string}
                  timestamp:
                    type: object
                    required: [nanos, seconds]
                    properties: {nanos: {type: integer, format: int32}, seconds: {type: integer, format: int64}}
)";

class PolicyReports : public Cluster {
 protected:
  void SetUp() override {
    for (const char* one : {"report.yaml", "write-reports.yaml"})
      kubectl_ok({"apply", "--validate=strict", "-f", testing::source_dir() + "/manifests/rights/" + one});
    kubeconfig_ = shared().plane.kubeconfig_of("pinhook", "pinhook-report").string();
    ASSERT_TRUE(may("list", "pods"));
  }
  void TearDown() override {
    kubectl({"delete", "crd", "--ignore-not-found", "policyreports.wgpolicyk8s.io", "reports.openreports.io",
             "clusterreports.openreports.io"});
  }

  // API servers learn of roles a moment after they were written.
  static bool may(const std::string& verb, const std::string& resource) {
    return eventually([&] {
      return kubectl({"auth", "can-i", verb, resource, "-A", "--as=system:serviceaccount:pinhook:pinhook-report"})
          .output.starts_with("yes");
    });
  }

  static void establish(const std::string& definition) {
    kubectl_ok({"wait", "--for=condition=Established", "--timeout=30s", "crd/" + definition});
    // Discovery learns of a kind a moment later.
    ASSERT_TRUE(eventually([&] { return kubectl({"get", definition, "-A"}).exit_code == 0; }));
    ASSERT_TRUE(may("patch", definition));
  }

  command_result report(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command{testing::program_path(), "report",         "--kubeconfig", kubeconfig_,
                                     "--no-registry",         "--write-reports"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command_options options{.command = std::move(command)};
    options.environment = {{"PINHOOK_CLOUDS", "[]"}};
    return run_command(options);
  }

  // Written, unchanged by a second run, and removed with the last finding.
  void lives_with_its_findings(const std::string& object) {
    const auto ns = make_namespace_of_workload();
    const auto done = report({"-n", ns});
    EXPECT_EQ(done.exit_code, 1) << done;
    EXPECT_EQ(read(ns, object, "/results/0/rule"), "no-tag") << done;
    EXPECT_EQ(read(ns, object, "/results/0/resources/0/apiVersion"), "apps/v1");
    EXPECT_EQ(read(ns, object, "/summary/fail"), "1");
    const auto version = read(ns, object, "/metadata/resourceVersion");
    EXPECT_EQ(report({"-n", ns}).exit_code, 1);
    EXPECT_EQ(read(ns, object, "/metadata/resourceVersion"), version);
    kubectl_ok({"delete", "deployment", "web", "-n", ns});
    ASSERT_TRUE(eventually([&] { return read_all(ns, "pods", "/metadata/name").empty(); }));
    const auto last = report({"-n", ns});
    EXPECT_EQ(last.exit_code, 0) << last;
    EXPECT_THAT(last.errors, HasSubstr("1 removed"));
    EXPECT_NE(kubectl({"get", object, "-n", ns}).exit_code, 0);
  }
  std::string make_namespace_of_workload() {
    auto ns = make_namespace("");
    kubectl_ok({"create", "deployment", "web", "-n", ns, "--image", "example.com/web"});
    return ns;
  }

  std::string kubeconfig_;
};

TEST_F(PolicyReports, AreThoseOfOpenReports) {
  const auto definitions = shared().plane.program("openreports-definitions/");
  if (!std::filesystem::exists(definitions)) GTEST_SKIP() << "the CRDs of OpenReports need Go";
  kubectl_ok({"apply", "--server-side", "-f", definitions.string()});
  establish("reports.openreports.io");
  lives_with_its_findings("reports.openreports.io/pinhook");
}

TEST_F(PolicyReports, AreThoseOfTheWorkingGroupWhereOnlyTheyAre) {
  kubectl_ok({"apply", "-f", "-"}, policy_reports);
  establish("policyreports.wgpolicyk8s.io");
  lives_with_its_findings("policyreports.wgpolicyk8s.io/pinhook");
}

TEST_F(PolicyReports, AreNotWrittenWithoutADefinition) {
  const auto ns = make_namespace_of_workload();
  const auto done = report({"-n", ns});
  EXPECT_EQ(done.exit_code, 3) << done;
  EXPECT_THAT(done.errors, HasSubstr("the cluster has neither"));
  EXPECT_THAT(done.output, HasSubstr("example.com/web"));
}

}  // namespace
}  // namespace pinhook::e2e
