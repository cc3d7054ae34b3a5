// Writes a report's findings into the cluster as reports (fleet/policy_report.hpp), one for each namespace, by
// server-side apply with the field manager "pinhook", and removes those of ours that no finding is left for.
//
//   auto done = co_await write_policy_reports(connection, {.of = &report, .namespaces = {"shop"}}, d);
//
// RBAC, on reports of openreports.io or policyreports of wgpolicyk8s.io: `list`, `create`, `patch`, `delete`; and the
// discovery of groups, which everybody has.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/policy_report.hpp>
#include <pinhook/fleet/report.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace pinhook::access {

struct report_writing {
  /// Must outlive the request.
  const fleet::report* of = nullptr;
  /// Namespaces that were read; empty: all.
  std::vector<std::string> namespaces = {};
  /// Those of which a part could not be read: their reports stay as they are. "": a part of all.
  std::set<std::string, std::less<>> unread = {};
};

struct written_reports {
  /// The kind that the cluster has.
  fleet::policy_report_kind kind = fleet::openreports;
  std::size_t written = 0;
  std::size_t removed = 0;
  /// What could not be written, removed, or had no room; a line each.
  std::vector<std::string> troubles;
};

/// unsupported: the cluster has neither kind. Other errors where nothing more can be written: the API server cannot be
/// reached or does not accept the credentials. A refusal of one report is a trouble.
awaitable<result<written_reports>> write_policy_reports(kube::api_connection& to, report_writing request, deadline d);

}  // namespace pinhook::access
