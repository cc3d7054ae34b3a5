// `pinhook report` on a real API server, with the rights of manifests/rights and no others.
#include "e2e/cluster.hpp"
#include "e2e/objects.hpp"
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

TEST_F(Report, TellsHowTagsMovedAndWhatIsGone) {
  const auto ns = make_namespace("");
  const auto pinned = [&](const std::string& repository, const std::string& tag) {
    return image(fmt::format("{}:{}@{}", repository, tag, push(repository, tag, "before")));
  };
  const std::vector<std::pair<std::string, std::string>> images{
      {"same", pinned("report/same", "1")},
      {"bytes", pinned("report/bytes", "1")},
      {"version", pinned("report/version", "1.4.2")},
      {"gone", image("report/same:1@sha256:" + std::string(64, 'b'))}};
  push("report/bytes", "1", "after");
  push("report/version", "1.4.2", "after");
  for (const auto& [name, written] : images) kubectl_ok({"create", "deployment", name, "-n", ns, "--image", written});
  const auto done = report({"-n", ns, "-o", "json"});
  EXPECT_EQ(done.exit_code, 1) << done;
  const auto rows = rows_of(done.output);
  ASSERT_THAT(rows, SizeIs(4)) << done;
  EXPECT_THAT(rows.at("Deployment/same"), HasSubstr(R"("moved":"none","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/bytes"), HasSubstr(R"("moved":"bytes","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/version"), HasSubstr(R"("moved":"version-tag","gone":false)"));
  EXPECT_THAT(rows.at("Deployment/gone"), HasSubstr(R"("gone":true)"));
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
