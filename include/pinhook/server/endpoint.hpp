// The routes and handlers of a server, and its certificate.
#pragma once

#include <pinhook/server/handler.hpp>
#include <pinhook/server/routes.hpp>

#include <vector>

namespace pinhook::server {

class tls_context;

struct endpoint {
  std::vector<route> routes;
  /// Each route's handler is a position in this list; it runs on the thread of its connection and may be called on all
  /// of them at once.
  std::vector<handler> handlers;
  /// Null: plain HTTP. Must outlive the server.
  tls_context* tls = nullptr;
};

}  // namespace pinhook::server
