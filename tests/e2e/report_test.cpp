// `pinhook report` on a real API server, with the rights of manifests/rights and no others.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
#include "support/image_pusher.hpp"
#include "support/markdown.hpp"
#include "support/paths.hpp"

#include <fmt/core.h>

#include <map>
#include <string>
#include <vector>

namespace pinhook::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Report : public Cluster {
 protected:
  void SetUp() override {
    kubectl_ok({"apply", "--validate=strict", "-f", testing::source_dir() + "/manifests/rights/report.yaml"});
    kubeconfig_ = shared().plane.kubeconfig_of("pinhook", "pinhook-report").string();
    // API servers learn of roles a moment after they were written.
    ASSERT_TRUE(eventually([] {
      return kubectl({"auth", "can-i", "list", "pods", "-A", "--as=system:serviceaccount:pinhook:pinhook-report"})
          .output.starts_with("yes");
    }));
  }

  void TearDown() override { kubectl({"delete", "node", "report-worker", "--ignore-not-found"}); }

  command_result report(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {testing::program_path(), "report", "--kubeconfig", kubeconfig_});
    command_options options{.command = std::move(arguments)};
    options.environment = {{"PINHOOK_CLOUDS", "[]"}};
    return run_command(options);
  }

  // By the owner.
  static std::map<std::string, std::string> rows_of(const std::string& text) {
    std::map<std::string, std::string> out;
    for (const std::string& line : testing::lines_of(text)) {
      const auto read = json::parse(line.ends_with(',') ? line.substr(0, line.size() - 1) : line);
      if (read && read->IsObject()) out.emplace(*json::find_string(*read, "owner"), line);
    }
    return out;
  }

  // Pushes by the given call of the pusher: the digest.
  template <class F>
  static std::string push_by(F call) {
    asio::io_context io(1);
    testing::image_pusher pusher(io, shared().registry.url());
    return call(pusher);
  }

  // As a runtime would have it.
  static void run_pod(const std::string& ns, const std::string& pod, const std::string& image_id) {
    kubectl_ok({"patch", "pod", pod, "-n", ns, "--subresource=status", "--type=merge", "-p",
                fmt::format(R"({{"status":{{"phase":"Running","containerStatuses":[{{"name":"web","ready":true,)"
                            R"("restartCount":0,"image":"x","imageID":"{}"}}]}}}})",
                            image_id)});
  }

  std::string kubeconfig_;
};

TEST_F(Report, HasARowForTheTopOwnerOfEachKind) {
  const auto ns = make_namespace("");
  const auto digest = push("report/web", "1", "one");
  std::size_t count = 0;
  for (const auto& one : workloads(image("report/web:1"))) {
    // A Deployment adopts a ReplicaSet that matches its selector.
    if (one.resource == "replicaset") continue;
    kubectl_ok({"create", "-n", ns, "-f", "-"}, one.object);
    ++count;
  }
  std::string pod;
  ASSERT_TRUE(eventually([&] {
    for (const auto& name : read_all(ns, "pods", "/metadata/name"))
      if (read(ns, "pod/" + name, "/metadata/ownerReferences/0/kind") == "ReplicaSet") pod = name;
    return !pod.empty();
  }));
  run_pod(ns, pod, image("report/web@" + digest));
  run_pod(ns, "web", "sha256:" + std::string(64, 'a'));
  const auto done = report({"-n", ns, "-o", "json"});
  EXPECT_EQ(done.exit_code, 1) << done;
  const auto rows = rows_of(done.output);
  EXPECT_THAT(rows, SizeIs(count)) << done;
  ASSERT_TRUE(rows.contains("Deployment/web")) << done;
  EXPECT_THAT(rows.at("Deployment/web"),
              AllOf(HasSubstr(fmt::format(R"("running":["{}"])", digest)), HasSubstr(R"("written":"tag")"),
                    HasSubstr(R"("moved":"none")"), HasSubstr(R"("mode":"none")")));
  EXPECT_THAT(rows.at("Pod/web"), HasSubstr(R"("unknown_pods":1)"));
  EXPECT_TRUE(rows.contains("CronJob/web"));
}

// The status that each runtime writes, in Pods of each kind of workload.
TEST_F(Report, KnowsWhatRunsFromEachRuntimeAndForEachKind) {
  const auto index = push_by([](auto& to) { return to.push_index("report/runtime", "1", "runtime"); });
  const auto platform = push_by([](auto& to) { return to.push_image("report/runtime", "", "runtimeamd64"); });
  const std::string config = "sha256:" + std::string(64, 'a');
  // DaemonSets get a Pod for it.
  kubectl_ok({"create", "-f", "-"}, R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"report-worker"}})");
  std::vector<std::pair<std::string, std::string>> kinds;  // the namespace of each, and its row's owner
  std::vector<std::string> arguments{"-o", "json"};
  for (const auto& one : workloads(image("report/runtime:1"))) {
    if (one.resource == "podtemplate") continue;
    const auto ns = make_namespace("");
    kubectl_ok({"create", "-n", ns, "-f", "-"}, one.object);
    if (one.resource == "cronjob") kubectl_ok({"create", "job", "now", "--from=cronjob/web", "-n", ns});
    const auto written = json::parse(one.object);
    kinds.emplace_back(ns, text_at(*written, "/kind") + "/web");
    arguments.insert(arguments.end(), {"-n", ns});
  }
  struct shape {
    const char* runtime;
    std::string image_id;
    /// Empty: it is not known.
    std::string runs;
  };
  const shape shapes[] = {
      {"containerd", image("report/runtime@" + index), index},
      {"containerd and CRI-O, pulled by the platform's digest", image("report/runtime@" + platform), platform},
      {"dockershim and cri-dockerd", "docker-pullable://" + image("report/runtime@" + index), index},
      {"cri-dockerd, an image that was loaded", "docker://" + config, ""},
      {"containerd, an image that was loaded", config, ""},
      {"CRI-O, an image without a digest", std::string(64, 'a'), ""},
  };
  std::map<std::string, std::string> pods;
  for (const auto& [ns, owner] : kinds) {
    ASSERT_TRUE(eventually([&] { return !read_all(ns, "pods", "/metadata/name").empty(); })) << owner;
    pods.emplace(ns, read_all(ns, "pods", "/metadata/name").front());
  }
  for (const shape& one : shapes) {
    for (const auto& [ns, pod] : pods) run_pod(ns, pod, one.image_id);
    const auto done = report(arguments);
    const auto rows = rows_of(done.output);
    for (const auto& [ns, owner] : kinds) {
      SCOPED_TRACE(fmt::format("{}: {}", one.runtime, owner));
      ASSERT_TRUE(rows.contains(owner)) << done;
      EXPECT_THAT(rows.at(owner),
                  AllOf(HasSubstr(fmt::format(R"("running":[{}])", one.runs.empty() ? "" : '"' + one.runs + '"')),
                        HasSubstr(R"("mixed":false)"), HasSubstr(R"("pods":1)"),
                        HasSubstr(one.runs.empty() ? R"("unknown_pods":1)" : R"("unknown_pods":0)"),
                        HasSubstr(one.runs.empty() ? R"("moved":"unknown")" : R"("moved":"none")")));
    }
  }
}

TEST_F(Report, TellsHowTagsMovedAndWhatIsGone) {
  const auto ns = make_namespace("");
  const auto pinned = [&](const std::string& repository, const std::string& tag) {
    return image(fmt::format("{}:{}@{}", repository, tag, push(repository, tag, "before")));
  };
  const std::vector<std::pair<std::string, std::string>> images{
      {"same", pinned("report/same", "1")},
      {"bytes", pinned("report/bytes", "1")},
      {"version", pinned("report/version", "1.4.2")},
      {"list", image("report/list:1@" + push_by([](auto& to) { return to.push_index("report/list", "1", "list"); }))},
      {"gone", pinned("report/gone", "1")}};
  const auto lost = images.back().second.substr(images.back().second.find("sha256:"));
  push("report/gone", "1", "after");
  push_by([&](auto& to) {
    to.remove("report/gone", lost);
    return to.push_attested_index("report/list", "1", "list");
  });
  push("report/bytes", "1", "after");
  push("report/version", "1.4.2", "after");
  for (const auto& [name, written] : images) kubectl_ok({"create", "deployment", name, "-n", ns, "--image", written});
  // A report counts Pods, which the controllers make in their own time.
  kubectl_ok({"wait", "deployment", "--all", "-n", ns, "--for=jsonpath={.status.replicas}=1", "--timeout=60s"});
  const auto done = report({"-n", ns, "-o", "json"});
  EXPECT_EQ(done.exit_code, 1) << done;
  const auto rows = rows_of(done.output);
  ASSERT_THAT(rows, SizeIs(5)) << done;
  EXPECT_THAT(rows.at("Deployment/same"), HasSubstr(R"("moved":"none","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/bytes"), HasSubstr(R"("moved":"bytes","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/version"), HasSubstr(R"("moved":"version-tag","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/list"), HasSubstr(R"("moved":"list","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/gone"), HasSubstr(R"("gone":true)"));
  EXPECT_EQ(report({"-n", ns, "-o", "json"}).output, done.output);
}

TEST_F(Report, ReadsAllNamespacesWithItsRightsAndNothingElse) {
  const auto done = report({"-A", "--no-registry"});
  EXPECT_LT(done.exit_code, 2) << done;
  EXPECT_THAT(done.output, HasSubstr("kube-system"));
  EXPECT_FALSE(
      kubectl({"auth", "can-i", "get", "secrets", "-n", "default", "--as=system:serviceaccount:pinhook:pinhook-report"})
          .output.starts_with("yes"));
}

}  // namespace
}  // namespace pinhook::e2e
