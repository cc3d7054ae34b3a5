// The routes and handlers of a server, its certificate, and the clients that it answers.
#pragma once

#include <pinhook/server/client.hpp>
#include <pinhook/server/handler.hpp>
#include <pinhook/server/routes.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace pinhook::server {

class tls_context;

/// The refusal of a request on account of its client; nothing: it is answered. Called before the body is read, on all
/// threads of the server.
using client_gate = std::function<std::optional<refusal>(const client&)>;

struct endpoint {
  std::vector<route> routes;
  /// Each route's handler is a position in this list; it runs on the thread of its connection and may be called on all
  /// of them at once.
  std::vector<handler> handlers;
  /// Null: plain HTTP. Must outlive the server.
  tls_context* tls = nullptr;
  /// Asked for requests that have a route. Empty: every client is answered.
  client_gate gate = {};
};

}  // namespace pinhook::server
