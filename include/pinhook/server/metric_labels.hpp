// The values of the labels of metrics that have a bounded set of values.
//
//   const std::size_t at = label::position(label::modes, "enforce");   // of an unknown name: that of the last one
//
// Constants; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace pinhook::server::label {

using names = std::span<const std::string_view>;

/// The position of a value in its list; the last name is used for all others.
inline std::size_t position(names all, std::string_view name) {
  const auto found = std::find(all.begin(), all.end() - 1, name);
  return static_cast<std::size_t>(found - all.begin());
}

inline constexpr auto modes = std::to_array<std::string_view>({"enforce", "best-effort", "audit", "other"});
inline constexpr auto outcomes =
    std::to_array<std::string_view>({"unchanged", "kept", "pinned", "denied", "audited", "bad_request", "other"});
/// The kinds that hold pod templates (docs/pinning.md).
inline constexpr auto kinds = std::to_array<std::string_view>({"Pod",
                                                               "Deployment",
                                                               "ReplicaSet",
                                                               "StatefulSet",
                                                               "DaemonSet",
                                                               "Job",
                                                               "CronJob",
                                                               "PodTemplate",
                                                               "Rollout",
                                                               "Workflow",
                                                               "WorkflowTemplate",
                                                               "CronWorkflow",
                                                               "Task",
                                                               "TaskRun",
                                                               "Service",
                                                               "ScaledJob",
                                                               "JobSet",
                                                               "PyTorchJob",
                                                               "TFJob",
                                                               "MPIJob",
                                                               "RayCluster",
                                                               "RayJob",
                                                               "LeaderWorkerSet",
                                                               "CloneSet",
                                                               "ReplicationController",
                                                               "other"});
inline constexpr auto slot_outcomes = std::to_array<std::string_view>({"pinned", "kept", "failed", "skipped", "other"});
inline constexpr auto sources =
    std::to_array<std::string_view>({"cache", "stale", "registry", "recorded", "lock", "none"});
inline constexpr auto lookups = std::to_array<std::string_view>({"fresh", "stale", "negative", "miss"});
inline constexpr auto handshake_failures =
    std::to_array<std::string_view>({"timeout", "closed", "protocol", "no_certificate"});
inline constexpr auto callers =
    std::to_array<std::string_view>({"any", "known", "no_certificate", "invalid_certificate", "other_name"});
inline constexpr auto namespace_reads =
    std::to_array<std::string_view>({"opted_in", "not_labelled", "not_found", "not_allowed", "failed"});
inline constexpr auto actions =
    std::to_array<std::string_view>({"deny", "warn", "audit", "would-deny", "would-warn", "unchecked", "other"});
inline constexpr auto verdicts = std::to_array<std::string_view>({"accepted", "refused", "failed"});
inline constexpr auto certificate_changes = std::to_array<std::string_view>({"secret", "bundle", "served"});
inline constexpr auto http_statuses = std::to_array<std::string_view>(
    {"100", "200", "400", "403", "404", "405", "408", "411", "413", "414", "415", "417", "431", "500", "503", "other"});
/// Statuses that registries answer with, and the names of error codes.
inline constexpr auto registry_statuses = std::to_array<std::string_view>(
    {"200",         "206",       "301",           "302",       "303",          "304",      "307",
     "308",         "400",       "401",           "403",       "404",          "405",      "406",
     "408",         "416",       "418",           "429",       "500",          "502",      "503",
     "504",         "ok",        "invalid_input", "not_found", "unauthorized", "denied",   "rate_limited",
     "unavailable", "timed_out", "canceled",      "malformed", "unsupported",  "internal", "other"});

inline constexpr auto registry_parts = std::to_array<std::string_view>({"repository", "credential", "registry"});

}  // namespace pinhook::server::label
