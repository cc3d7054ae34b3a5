// Real Kueue beside pinhook: it starts Jobs by changing their template, and holds their quota until it could. Only
// where tests/e2e/tools was asked for it (`make e2e-more`).
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"

#include <fmt/core.h>

namespace pinhook::e2e {
namespace {

class Kueue : public Cluster {
 protected:
  void SetUp() override {
    const auto& plane = shared().plane;
    if (!std::filesystem::exists(plane.program("kueue"))) GTEST_SKIP() << "there is no Kueue: make e2e-more";
    install();
    start();
    start_pinhook();
  }

  // Its CRDs, as far as its own start-up asks for them: of the five with a conversion it wants to write the caBundle.
  static void install() {
    kubectl_ok({"apply", "--server-side", "-f", shared().plane.program("kueue-definitions/")});
    for (const char* kind : {"localqueues", "clusterqueues", "workloads", "cohorts", "multikueueclusters"})
      kubectl_ok({"patch", "crd", fmt::format("{}.kueue.x-k8s.io", kind), "--type", "merge", "-p",
                  R"({"spec":{"conversion":{"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],)"
                  R"("clientConfig":{"service":{"namespace":"kueue-system","name":"kueue-webhook-service"}}}}}})"});
    kubectl({"create", "namespace", "kueue-system"});
    kubectl({"create", "secret", "generic", "kueue-webhook-server-cert", "-n", "kueue-system"});
  }

  void start() {
    const auto& files = shared().plane.files();
    testing::leaf_options o;
    o.names = {"127.0.0.1"};
    const auto leaf = shared().authority.issue(o);
    files.write("kueue/tls.crt", leaf.certificate);
    files.write("kueue/tls.key", leaf.key);
    const auto health = free_port();
    const auto config = files.write(
        "kueue.yaml",
        fmt::format("apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n"
                    "health: {{healthProbeBindAddress: \"127.0.0.1:{}\"}}\nmetrics: {{bindAddress: \"0\"}}\n"
                    "webhook: {{host: 127.0.0.1, port: {}, certDir: {}}}\nleaderElection: {{leaderElect: false}}\n"
                    "internalCertManagement: {{enable: true}}\nfeatureGates: {{VisibilityOnDemand: false}}\n"
                    "integrations: {{frameworks: [batch/job]}}\n",
                    health, free_port(), (files.path() / "kueue").string()));
    process_ = std::make_unique<testing::child_process>(
        testing::child_options{.command = {shared().plane.program("kueue"), "--config", config},
                               .environment = {{"KUBECONFIG", shared().plane.kubeconfig()}},
                               .inherited = {},
                               .ends_with_starter = true},
        "built by tests/e2e/tools");
    EXPECT_TRUE(eventually([&] { return process_->output().find("Starting workers") != std::string::npos; },
                           std::chrono::seconds(120)))
        << process_->output();
  }

  void TearDown() override {
    if (process_ && HasFailure()) {
      const auto log = process_->output();
      ADD_FAILURE() << "the log of Kueue:\n" << log.substr(log.size() < 6000 ? 0 : log.size() - 6000);
    }
  }

  // Room for one CPU at a time, on nodes with pool=a.
  static void make_queue(const std::string& ns) {
    kubectl_ok({"apply", "-f", "-"}, fmt::format(R"(apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {{name: pool-a}}
spec: {{nodeLabels: {{pool: a}}}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {{name: {0}}}
spec:
  namespaceSelector: {{}}
  resourceGroups:
  - coveredResources: [cpu]
    flavors: [{{name: pool-a, resources: [{{name: cpu, nominalQuota: 1}}]}}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {{name: lq, namespace: {0}}}
spec: {{clusterQueue: {0}}}
)",
                                                 ns));
  }
  static std::string job(const std::string& image) {
    return named("batch/v1", "Job",
                 fmt::format(R"("spec":{{"suspend":true,"template":{{"spec":{{"restartPolicy":"Never","containers":[)"
                             R"({{"name":"web","image":"{}","resources":{{"requests":{{"cpu":"1"}}}}}}]}}}}}})",
                             image),
                 R"(,"labels":{"kueue.x-k8s.io/queue-name":"lq"})");
  }

  static void expect_started(const std::string& ns, const std::string& image) {
    EXPECT_TRUE(eventually([&] { return read(ns, "job/web", "/spec/suspend") == "false"; }, std::chrono::seconds(60)))
        << kubectl({"get", "job,workload", "-n", ns, "-o", "yaml"});
    const auto started = object(ns, "job/web");
    EXPECT_EQ(text_at(started, "/spec/template/spec/nodeSelector/pool"), "a");
    EXPECT_EQ(text_at(started, in_template), image);
  }

  std::unique_ptr<testing::child_process> process_;
};

TEST_F(Kueue, StartsAJobThatWasQueuedBeforeTheNamespaceOptedIn) {
  const auto digest = push("kueue/web", "1", "queued");
  for (const char* mode : {"enforce", "best-effort"}) {
    const auto ns = make_namespace("");
    kubectl_ok({"create", "-n", ns, "-f", "-"}, job(image("kueue/web:1")));
    opt_in(ns, mode);
    make_queue(ns);
    expect_started(ns, image("kueue/web:1"));
    EXPECT_TRUE(eventually([&] { return read_all(ns, "pods", in_pod) == std::vector{image("kueue/web@" + digest)}; }));
  }
}

TEST_F(Kueue, StartsEvictsAndStartsAPinnedJob) {
  const auto digest = push("kueue/pinned", "1", "pinned");
  const auto pinned = image("kueue/pinned@" + digest);
  const auto ns = make_namespace("enforce");
  make_queue(ns);
  kubectl_ok({"create", "-n", ns, "-f", "-"}, job(image("kueue/pinned:1")));
  expect_started(ns, pinned);
  const auto workloads = read_all(ns, "workloads", "/metadata/name");
  ASSERT_EQ(workloads.size(), 1U);
  const auto set_active = [&](const char* is_active) {
    kubectl_ok({"patch", "workload", workloads[0], "-n", ns, "--type", "merge", "-p",
                fmt::format(R"({{"spec":{{"active":{}}}}})", is_active)});
  };
  set_active("false");
  EXPECT_TRUE(eventually([&] { return read(ns, "job/web", "/spec/suspend") == "true"; }));
  EXPECT_TRUE(eventually([&] { return read(ns, "job/web", "/spec/template/spec/nodeSelector") == ""; }));
  set_active("true");
  expect_started(ns, pinned);
}

}  // namespace
}  // namespace pinhook::e2e
