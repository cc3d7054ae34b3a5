// The one seam to HTTP servers. Real: `curl_client`. In tests: `fake_http_client` (tests/support), which records
// requests and can refuse them.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

namespace pinhook::http {

class client {
 public:
  virtual ~client() = default;

  /// Sends once and waits for the whole response; any status is a result. No retry, no redirect, no cookie, no content
  /// decoding. Errors: timed_out (the deadline), canceled, unavailable (resolve, connect, TLS, reset), denied (the
  /// address is not allowed, or a proxy refuses), malformed (not HTTP, a limit crossed, truncated), invalid_input (the
  /// URL). Messages name the host, not the query and no secret. Runs on the io_context the client was made for; one
  /// thread.
  virtual awaitable<result<response>> send(request r, deadline d) = 0;
};

}  // namespace pinhook::http
