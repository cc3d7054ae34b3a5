// JSON of workloads and Pods as API servers list them, for tests.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

struct owner_text {
  std::string api_version, kind, name;
};

struct container_text {
  std::string name, image;
  /// Of a Pod's status; "-": there is no status.
  std::string image_id = "-";
};

inline std::string digest_text(char c) { return "sha256:" + std::string(64, c); }

inline std::string metadata_text(std::string_view ns, std::string_view name, const owner_text& owner = {},
                                 std::string_view more = "") {
  const std::string owners =
      owner.kind.empty()
          ? ""
          : fmt::format(R"(,"ownerReferences":[{{"apiVersion":"{}","kind":"{}","name":"{}","controller":true}}])",
                        owner.api_version, owner.kind, owner.name);
  return fmt::format(R"({{"name":"{}","namespace":"{}"{}{}}})", name, ns, owners, more);
}

inline std::string containers_text(const std::vector<container_text>& all) {
  std::string out;
  for (const auto& one : all)
    out += fmt::format(R"({}{{"name":"{}","image":"{}","imagePullPolicy":"IfNotPresent"}})", out.empty() ? "" : ",",
                       one.name, one.image);
  return "[" + out + "]";
}

/// A Deployment, ReplicaSet, StatefulSet, Job …: with a template under spec.
inline std::string workload_text(const std::string& metadata, const std::vector<container_text>& containers) {
  return fmt::format(R"({{"metadata":{},"spec":{{"template":{{"spec":{{"containers":{}}}}}}}}})", metadata,
                     containers_text(containers));
}

inline std::string cron_job_text(const std::string& metadata, const std::vector<container_text>& containers) {
  return fmt::format(
      R"({{"metadata":{},"spec":{{"jobTemplate":{{"spec":{{"template":{{"spec":{{"containers":{}}}}}}}}}}}}})",
      metadata, containers_text(containers));
}

struct pod_text_options {
  std::string phase = "Running";
  bool is_ready = true;
};

inline std::string pod_text(const std::string& metadata, const std::vector<container_text>& containers,
                            const pod_text_options& options = {}) {
  std::string statuses;
  for (const auto& one : containers)
    if (one.image_id != "-")
      statuses += fmt::format(R"({}{{"name":"{}","image":"x","imageID":"{}"}})", statuses.empty() ? "" : ",", one.name,
                              one.image_id);
  return fmt::format(
      R"({{"metadata":{},"spec":{{"containers":{}}},"status":{{"phase":"{}","conditions":[{{"type":"Ready",)"
      R"("status":"{}"}}],"containerStatuses":[{}]}}}})",
      metadata, containers_text(containers), options.phase, options.is_ready ? "True" : "False", statuses);
}

}  // namespace pinhook::testing
