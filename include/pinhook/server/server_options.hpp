// What a server is configured with.
//
// Plain values; any thread.
#pragma once

#include <pinhook/server/limits.hpp>

#include <chrono>
#include <string>

namespace pinhook::server {

struct server_options {
  /// In logs and metrics.
  std::string name = "webhook";
  /// Address and port; port 0: any free one.
  std::string listen = "0.0.0.0:8443";
  server::limits limits{};
  /// How often the time limits of connections are looked at.
  std::chrono::milliseconds sweep{250};
};

}  // namespace pinhook::server
