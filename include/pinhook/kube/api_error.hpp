// What an answer of the API server that is no success means: one table from its status to our code.
//
// Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <string>

namespace pinhook::kube {

/// What is asked of the API server, in the words of RBAC.
struct question {
  std::string verb;      // "get"
  std::string resource;  // "secrets", "serviceaccounts/token"
  std::string ns;        // empty where it is cluster-wide
  std::string name;
  std::string group = {};  // "" is the core group
  bool is_cluster_wide = false;
  /// A verb that RBAC wants beside `verb`; may be empty.
  std::string second_verb = {};

  /// "get secrets shop/pull", "get mutatingwebhookconfigurations pinhook"; for messages.
  [[nodiscard]] std::string to_string() const;
};

/// For a status other than 2xx. The message holds the server's own (a `Status` object's), quoted; after 403 it says
/// which rule RBAC lacks. not_found only where the server says it of the object: any web server answers 404.
[[nodiscard]] error from_status(const question& asked, const http::response& r, wall_time now);

}  // namespace pinhook::kube
