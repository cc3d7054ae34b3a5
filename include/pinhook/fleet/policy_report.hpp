// The findings of a report as objects of Kubernetes: a Report of OpenReports (openreports.io/v1alpha1), or a
// PolicyReport of the Policy working group (wgpolicyk8s.io/v1alpha2), one for each namespace with findings.
//
//   for (const auto& one : policy_reports(r, openreports)) … apply one.text to the namespace one.ns
//
// Warnings and errors become results ("warn", "fail"); notes are left out. The same findings give the same text, so
// that applying it again changes nothing: a result has a time only where a store knows since when the finding is there.
// Sources: the CRDs in openreports/reports-api (config/crd) and kubernetes-sigs/wg-policy-prototypes
// (policy-report/crd/v1alpha2). Pure; any thread.
#pragma once

#include <pinhook/fleet/report.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

/// A kind of report.
struct policy_report_kind {
  std::string_view group, version, kind, resource;
  /// The object itself has a member `source`, beside those of its results.
  bool has_source = false;
};

inline constexpr policy_report_kind openreports{"openreports.io", "v1alpha1", "Report", "reports", true};
inline constexpr policy_report_kind wgpolicy{"wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports", false};

/// Every report of ours has this name and this label.
inline constexpr std::string_view policy_report_name = "pinhook";
inline constexpr std::string_view policy_report_label = "app.kubernetes.io/managed-by";

/// Limit in bytes of a report. An object of 256 KiB is no burden for etcd (its limit is 1.5 MiB) and for those who
/// watch reports; the API server adds some 2 KiB of metadata.
inline constexpr std::size_t max_policy_report = std::size_t{250} * 1024;

struct policy_report {
  std::string ns;
  /// JSON, for a server-side apply.
  std::string text;
  /// Findings for which there is no room: those of the last rows, warnings before errors. The last result says so.
  std::size_t left_out = 0;
};

/// In the order of the namespaces.
[[nodiscard]] std::vector<policy_report> policy_reports(const report& r, const policy_report_kind& kind,
                                                        std::size_t most = max_policy_report);

}  // namespace pinhook::fleet
