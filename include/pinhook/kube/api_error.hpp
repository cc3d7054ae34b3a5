// The error of a refusal by the API server: one table from its status to our code.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <string>

namespace pinhook::kube {

/// The attributes of a request to the API server, in the terms of RBAC.
struct request_attributes {
  std::string verb;  // "get", "list", "watch"
  /// "secrets", "serviceaccounts/token"; with a '/' in front a path of its own ("/apis"), which RBAC calls a
  /// nonResourceURL.
  std::string resource;
  std::string ns;          // empty when it is cluster-wide
  std::string name;        // empty for "list" and "watch"
  std::string group = {};  // "" is the core group
  bool is_cluster_wide = false;
  /// A verb that RBAC requires beside `verb`; can be empty.
  std::string second_verb = {};
  /// Of the group.
  std::string version = "v1";

  [[nodiscard]] bool is_list() const { return verb == "list" || verb == "watch"; }
  [[nodiscard]] bool is_path() const { return resource.starts_with('/'); }

  /// "get secrets shop/pull", "get mutatingwebhookconfigurations pinhook", "list pods in namespace shop", "list
  /// rollouts.argoproj.io in all namespaces", "get /apis"; for messages.
  [[nodiscard]] std::string to_string() const;
};

/// The error of a status other than 2xx. The message holds the server's own (of a `Status` object), quoted; after 403
/// it names the missing rule of RBAC. not_found only with a `Status`, since any web server answers 404.
[[nodiscard]] error from_status(const request_attributes& attributes, const http::response& r, wall_time now);

}  // namespace pinhook::kube
