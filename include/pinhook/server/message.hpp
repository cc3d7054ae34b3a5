// The request that a route's handler gets, and its response.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/server/client.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::server {

struct request {
  std::string method;
  /// Path and query as sent: "/v1/pin/enforce?timeout=10s".
  std::string target;
  std::string content_type;
  /// At least 32 readable bytes follow the end (SIMD readers read them).
  std::string_view body;
  /// The arrival of the request's first byte; deadlines count from it.
  steady_time received;
  /// Not null in a request that a session has read.
  std::shared_ptr<const client> from = nullptr;
  /// The Host header, as sent: the name and port that the client believes to reach.
  std::string host = {};
  /// The Authorization header; empty: none.
  secret authorization = {};

  [[nodiscard]] std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  /// True for a parameter without a value, too: "/readyz?verbose".
  [[nodiscard]] bool has_query(std::string_view name) const;
  /// The raw value of a query parameter, or empty.
  [[nodiscard]] std::string_view query(std::string_view name) const;
};

struct response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Headers beside Content-Type, Content-Length and Connection, which the session writes.
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace pinhook::server
