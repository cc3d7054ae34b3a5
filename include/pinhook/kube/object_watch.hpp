// Keeps a list of objects current: reads it once, then follows its changes, for as long as it is not canceled.
//
//   tasks.spawn(keep_watch(connection, {.resource = "pods"}, sink, options));
//
// As kubernetes.io "API Concepts" has it: the list's resourceVersion begins the watch; events and bookmarks move it on;
// a watch that ends, or breaks, is resumed from the last version; when the API server has forgotten that (410), the
// list is read again. While the API server is away, it is asked again after 1 s, 2 s … 60 s, and what was known stays.
// RBAC: `list` and `watch` on the resource. One request is under way at a time.
//
// Thread rule: one thread, that of the connection. The sink's functions must not send requests.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/wait_seams.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/object_list.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

namespace pinhook::kube {

struct watch_sink {
  /// A list begins. What is taken until `finish` is all there is; a list that fails has no `finish`.
  std::function<void()> begin;
  /// Takes an object: of the list, or one that was made or changed. An object that cannot be read is the sink's to
  /// report.
  std::function<void(std::string_view object)> take;
  std::function<void(std::string_view object)> remove;
  std::function<void()> finish;
  /// Why the list is not current; nothing: it is again. Called when that changes, and for each new failure.
  std::function<void(const std::optional<error>& trouble)> on_trouble;
};

struct watch_options {
  list_options lists = {};
  /// The time for a whole list.
  std::chrono::seconds list_limit{300};
  /// How long one watch is asked for; the real one is up to twice as long, so that those of many clients do not end
  /// together. client-go asks for 5 to 10 minutes.
  std::chrono::seconds length{300};
  /// A watch that is silent for longer is broken and resumed: a connection can be dead without a sign. API servers send
  /// a bookmark about every minute.
  std::chrono::seconds silence{150};
  /// Between tries.
  std::chrono::seconds first_wait{1};
  std::chrono::seconds longest_wait{60};
  /// After a refusal (403): rights change by hand.
  std::chrono::seconds denied_wait{120};
};

/// Ends only by cancellation. `to` and `time` outlive it.
awaitable<void> keep_watch(api_connection& to, listed_resource which, watch_sink sink, watch_options options,
                           const clock& time, wait_seams seams = {});

}  // namespace pinhook::kube
