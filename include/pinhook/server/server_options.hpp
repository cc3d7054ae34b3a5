// The configuration of a server.
//
// Plain values; any thread.
#pragma once

#include <pinhook/server/limits.hpp>

#include <chrono>
#include <string>

namespace pinhook::server {

struct server_options {
  /// The name in logs and metrics.
  std::string name = "webhook";
  /// Address and port; port 0: any free one.
  std::string listen = "0.0.0.0:8443";
  server::limits limits{};
  /// The interval at which the time limits of connections are checked.
  std::chrono::milliseconds sweep{250};
};

}  // namespace pinhook::server
