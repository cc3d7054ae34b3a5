// Reads the workloads, Pods and namespaces of a cluster, page by page and several lists at a time.
//
//   auto read = co_await read_fleet(connection, io.get_executor(), {.namespaces = {"shop"}}, d);
//   if (!read) …                          // the API server cannot be used
//   for (const auto& one : trouble_lines(read->troubles)) …   // the rest is in read->state
//
// Requests: `list` on the kinds of the kind table that the cluster has, on Pods and on namespaces (with names of
// namespaces: `get` on each), and the discovery of groups. No watch, no write.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/fleet/label_selector.hpp>
#include <pinhook/fleet/state.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/object_list.hpp>
#include <pinhook/pin/policy.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace pinhook::access {

struct fleet_question {
  /// Empty: all.
  std::vector<std::string> namespaces = {};
  fleet::label_selector selector = {};
  /// Kinds of the operator beside those of the table.
  std::vector<pin::custom_kind> kinds = {};
  kube::list_options lists = {};
  /// Lists that are read at the same time. API servers share their time among users by the request, and a person's
  /// kubectl sends one at a time; a few fill the pauses between pages.
  std::size_t at_once = 4;
  /// Called with the lists that were read, their number, and the objects so far.
  std::function<void(std::size_t done, std::size_t total, std::size_t objects)> on_progress = {};
};

/// A list or an object that could not be read, while the rest was.
struct fleet_trouble {
  /// Empty: it is about no single namespace.
  std::string ns;
  /// "pods", "rollouts.argoproj.io"; empty: it is about one object.
  std::string resource;
  error reason;
};

struct fleet_reading {
  fleet::state state;
  std::vector<fleet_trouble> troubles;
};

/// An error where no report is possible: the API server cannot be reached, does not accept the credentials, goes away
/// in the middle of a list, or gives an answer that is none; its message names the list. Missing rights (denied) and
/// objects that cannot be read are troubles.
awaitable<result<fleet_reading>> read_fleet(kube::api_connection& to, asio::io_context::executor_type on,
                                            fleet_question question, deadline d);

/// A line each; of a namespace without rights to several resources one line with all their names. Pure.
[[nodiscard]] std::vector<std::string> trouble_lines(const std::vector<fleet_trouble>& troubles);

}  // namespace pinhook::access
