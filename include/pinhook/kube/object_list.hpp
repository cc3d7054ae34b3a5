// Reads a list of objects from the Kubernetes API in pages, so that one page is in memory at a time.
//
//   const object_sink sink{[&](std::string_view object) { return take(object); }, [&] { taken.clear(); }};
//   const auto done = co_await list_objects(connection, {.resource = "pods", .ns = "shop"}, sink, {}, d);
//
// `limit` and `continue` as in kubernetes.io "Retrieving large results sets in chunks": the pages are one consistent
// view; when the API server has forgotten it (410 after some five minutes) the list is read again from its beginning.
// RBAC: `list` on the resource; `get` on nothing but the discovery of groups, which every user has.
//
// Thread rule: one thread, that of the connection.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::kube {

struct listed_resource {
  /// "" is core.
  std::string group = {};
  std::string version = "v1";
  /// "deployments"
  std::string resource;
  /// Empty: all namespaces, or a resource without them.
  std::string ns = {};
  /// A selector of labels, "app=web"; empty: all objects.
  std::string labels = {};
};

struct list_options {
  /// Objects of a page, as kubectl asks for them.
  std::size_t page = 500;
  /// Limit in bytes of a page. A longer one is asked for again with a quarter of its objects; a single object of the
  /// API server is some 2 MiB at most (api_objects.hpp).
  std::size_t most_page = std::size_t{32} * 1024 * 1024;
  /// The number of times that a list begins again after a 410.
  int restarts = 3;
  /// The kind may not exist; its list is empty then. The answer of an API server to that cannot be told from any other
  /// server's 404, so the caller has to know that there is one (find_groups).
  bool takes_missing = false;
};

struct object_sink {
  /// Takes the text of one object; lists leave out its kind and apiVersion. An error ends the list.
  std::function<result<void>(std::string_view object)> take;
  /// What was taken of this list is void: it is read again.
  std::function<void()> restart;
  /// Gets the resourceVersion of the list, from which a watch can go on; called for each page.
  std::function<void(std::string_view version)> on_version = nullptr;
};

/// Errors: as kube::api, malformed also for an answer that is no list. Each names the list.
awaitable<result<void>> list_objects(api_connection& to, listed_resource which, object_sink sink, list_options options,
                                     deadline d);

/// The rest of a list's page beside its objects.
struct list_page {
  /// Where the next page begins; empty: this was the last.
  std::string next;
  /// The resourceVersion of the list; empty: it has none.
  std::string version = {};
};

/// Gives each object of a page to `take`. malformed: no list. Pure.
[[nodiscard]] result<list_page> read_page(std::string_view body,
                                          const std::function<result<void>(std::string_view object)>& take);

/// The versions that the API server prefers, by group; the core group is not among them. malformed: no APIGroupList.
[[nodiscard]] result<std::map<std::string, std::string, std::less<>>> read_groups(std::string_view body);

struct api_resource {
  /// The plural: "rollouts".
  std::string name;
  std::string kind;
  bool is_namespaced = false;

  friend bool operator==(const api_resource&, const api_resource&) = default;
};

/// The resources of one group and version, subresources left out. malformed: no APIResourceList.
[[nodiscard]] result<std::vector<api_resource>> read_resources(std::string_view body);

awaitable<result<std::map<std::string, std::string, std::less<>>>> find_groups(api_connection& to, deadline d);
awaitable<result<std::vector<api_resource>>> find_resources(api_connection& to, std::string group, std::string version,
                                                            deadline d);

}  // namespace pinhook::kube
