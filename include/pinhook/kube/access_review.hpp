// Who a bearer token belongs to, and what that user may do: TokenReview and SubjectAccessReview.
//
//   auto who = co_await review_token(connection, token, d);
//   auto may = co_await review_access(connection, *who, {.verb = "get", .path = "/pinhook"}, d);
//
// Sources: kubernetes.io "Webhook Token Authentication" and "Authorization"; authentication.k8s.io/v1,
// authorization.k8s.io/v1. RBAC: `create` on tokenreviews and subjectaccessreviews (the ClusterRole
// system:auth-delegator). Nothing is stored by either request.
//
// Thread rule: that of the connection. The functions that make and read texts are pure.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pinhook::kube {

/// A user as the API server knows it.
struct reviewed_user {
  std::string name;
  std::string uid;
  std::vector<std::string> groups;
  /// JSON of its further attributes, an object; empty: none. Authorizers may go by them.
  std::string extra;
};

/// What is asked: a path of the API server's own, or a resource.
struct asked_access {
  std::string verb;
  /// A nonResourceURL; empty: the members below count.
  std::string path = {};
  std::string group = {};
  std::string resource = {};
  /// Empty: in all namespaces.
  std::string ns = {};
};

/// unauthorized: the token is none that the API server accepts. Other errors of both: as kube::api; unavailable also
/// where we lack the right to ask.
awaitable<result<reviewed_user>> review_token(api_connection& to, secret token, deadline d);

awaitable<result<bool>> review_access(api_connection& to, reviewed_user who, asked_access access, deadline d);

[[nodiscard]] secret token_review_text(const secret& token);
/// malformed: no TokenReview. unauthorized: as above.
[[nodiscard]] result<reviewed_user> read_token_review(std::string_view body);
[[nodiscard]] std::string access_review_text(const reviewed_user& who, const asked_access& access);
/// malformed: no SubjectAccessReview.
[[nodiscard]] result<bool> read_access_review(std::string_view body);

}  // namespace pinhook::kube
