// The target of a redirect, and the decision to follow it. The HTTP client never follows one by itself.
// distribution-spec permits redirects for every request and forbids to forward Authorization to another host; storage
// behind signed URLs even fails with it.
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/registry/web_url.hpp>

namespace pinhook::registry {

/// Hops of one request. registry.k8s.io needs one.
inline constexpr int max_redirects = 5;

/// True for 301, 302, 303, 307, 308. The method is kept under all of them: only HEAD and GET are sent.
[[nodiscard]] bool is_redirect(int status);

struct redirect_target {
  web_url url;
  /// False when scheme, host or port changed: a new security context, which gets no credentials of the old one.
  bool same_context = false;
};

/// The next hop after `made` of them, from `from`. malformed: no Location or more than one, not a valid URL (web_url),
/// too many hops. denied: http where it is not the same plain-HTTP host again.
[[nodiscard]] result<redirect_target> next_hop(const web_url& from, const http::response& r, int made);

}  // namespace pinhook::registry
