// Objects as YAML for kubectl, with one image where the test wants it.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::e2e {

/// A pod spec of one container named web, in YAML's flow style.
inline std::string pod_spec(std::string_view image, std::string_view more = {}) {
  return fmt::format(R"({{"containers":[{{"name":"web","image":"{}"}}]{}}})", image, more);
}

/// A pod template labelled app=web.
inline std::string pod_template(std::string_view image, std::string_view more = {}) {
  return fmt::format(R"({{"metadata":{{"labels":{{"app":"web"}}}},"spec":{}}})", pod_spec(image, more));
}

/// An object named "web"; its `spec` (or, for other kinds, members) is given as JSON members.
inline std::string named(std::string_view version, std::string_view kind, std::string_view members,
                         std::string_view metadata = {}) {
  return fmt::format(R"({{"apiVersion":"{}","kind":"{}","metadata":{{"name":"web"{}}},{}}})", version, kind, metadata,
                     members);
}

/// Its rollouts wait for no Pod to be ready: none ever is without a kubelet.
inline std::string deployment(std::string_view image, int replicas = 1, std::string_view metadata = {}) {
  return named(
      "apps/v1", "Deployment",
      fmt::format(
          R"("spec":{{"replicas":{},"strategy":{{"rollingUpdate":{{"maxSurge":0,"maxUnavailable":"100%"}}}},"selector":{{"matchLabels":{{"app":"web"}}}},"template":{}}})",
          replicas, pod_template(image)),
      metadata);
}

/// JSON Pointers to the first container's image.
inline constexpr const char* in_template = "/spec/template/spec/containers/0/image";
inline constexpr const char* in_pod = "/spec/containers/0/image";
inline constexpr const char* in_cron_job = "/spec/jobTemplate/spec/template/spec/containers/0/image";
inline constexpr const char* recorded = "/metadata/annotations/pinhook.dev~1pins";

struct workload {
  /// As kubectl takes it: "deployment".
  std::string resource;
  std::string object;
  /// The JSON Pointer to its image.
  const char* pointer;
};

/// One of each built-in kind that holds images.
inline std::vector<workload> workloads(std::string_view image) {
  const std::string selected = R"("selector":{"matchLabels":{"app":"web"}},)";
  const std::string job = R"("restartPolicy":"Never")";
  const std::string of_template = R"("template":)" + pod_template(image);
  const std::string of_job_template = R"("template":)" + pod_template(image, "," + job);
  return {
      {"deployment", deployment(image), in_template},
      {"replicaset", named("apps/v1", "ReplicaSet", R"("spec":{)" + selected + of_template + "}"), in_template},
      {"statefulset", named("apps/v1", "StatefulSet", R"("spec":{"serviceName":"web",)" + selected + of_template + "}"),
       in_template},
      {"daemonset", named("apps/v1", "DaemonSet", R"("spec":{)" + selected + of_template + "}"), in_template},
      {"replicationcontroller",
       named("v1", "ReplicationController", R"("spec":{"selector":{"app":"web"},)" + of_template + "}"), in_template},
      {"podtemplate", named("v1", "PodTemplate", of_template), "/template/spec/containers/0/image"},
      {"job", named("batch/v1", "Job", R"("spec":{)" + of_job_template + "}"), in_template},
      {"cronjob",
       named("batch/v1", "CronJob",
             R"("spec":{"schedule":"0 0 1 1 *","jobTemplate":{"spec":{)" + of_job_template + "}}}"),
       in_cron_job},
      {"pod", named("v1", "Pod", R"("spec":)" + pod_spec(image)), in_pod},
  };
}

}  // namespace pinhook::e2e
