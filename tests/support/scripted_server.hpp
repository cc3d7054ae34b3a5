// A server on loopback that answers by script and can break HTTP in the ways real servers and networks do.
//
//   scripted_server server;                                    // plain; scripted_server(leaf) speaks TLS
//   server.on("GET", "/v2/", {.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"x\""}}});
//   server.on("HEAD", "/v2/a/manifests/1", {.act = behaviour::reset}, {.status = 200});   // the last one repeats
//   … server.requests() …
//
// It runs in a thread of its own; every public function may be called from any thread.
#pragma once

#include "support/certificates.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhook::testing {

struct recorded_request {
  std::string method;
  std::string target;  // path and query, as sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t connection = 0;  // which accepted connection, from 1

  [[nodiscard]] std::string path() const { return target.substr(0, target.find('?')); }
  /// The text behind the question mark.
  [[nodiscard]] std::string query() const;
  /// The first header of that name (without case), or "".
  [[nodiscard]] std::string header(std::string_view name) const;
  [[nodiscard]] bool has_header(std::string_view name) const;
};

enum class behaviour : std::uint8_t {
  answer,
  close,            // no answer, the connection ends
  reset,            // no answer, RST
  hang,             // no answer until `release`
  stall,            // half of the body, the rest after `release`
  truncate,         // half of the body, then the connection ends
  cut_head,         // half of the headers, then the connection ends
  reset_in_body,    // half of the body, then RST
  garbage,          // something that is not HTTP
  endless_headers,  // header lines for ever
  endless_line,     // one header line for ever
  endless_body,     // a chunked body for ever
};

struct reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  behaviour act = behaviour::answer;
  /// In place of the body's true length.
  std::optional<std::size_t> claimed_length{};
  /// Close the connection after this answer without announcing it.
  bool closes = false;
};

class scripted_server {
 public:
  using handler = std::function<reply(const recorded_request&)>;

  scripted_server() : scripted_server(nullptr) {}
  explicit scripted_server(const key_pair& tls) : scripted_server(&tls) {}
  ~scripted_server();
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  /// Sets the answers to requests of this method and path (the query is not compared). Several are given one after the
  /// other, the last for ever. Replaces earlier answers. An unscripted request gets 404.
  void on(std::string method, std::string path, reply r);
  void on(std::string method, std::string path, reply first, reply then);
  void on(std::string method, std::string path, reply first, reply second, reply then);
  /// The same, decided by a function that runs in the server's thread.
  void handle(std::string method, std::string path, handler h);
  /// For requests that nothing else matches.
  void otherwise(handler h);

  /// Lets everything that hangs or stalls go on, now and from now on.
  void release();

  [[nodiscard]] std::uint16_t port() const;
  /// "127.0.0.1:port"
  [[nodiscard]] std::string host() const;
  /// "http://127.0.0.1:port/path" or https.
  [[nodiscard]] std::string url(std::string_view path) const;

  [[nodiscard]] std::vector<recorded_request> requests() const;
  /// Those of a method and path (any method: "").
  [[nodiscard]] std::vector<recorded_request> requests(std::string_view method, std::string_view path) const;
  void forget_requests();
  /// Connections accepted so far.
  [[nodiscard]] std::size_t connections() const;
  /// Connections that are open now.
  [[nodiscard]] std::size_t open_connections() const;
  /// Waits until there were `count` requests; false when that takes half a minute.
  [[nodiscard]] bool wait_for_requests(std::size_t count) const;

 private:
  explicit scripted_server(const key_pair* tls);
  void set(std::string method, std::string path, std::vector<reply> replies);
  struct state;
  std::shared_ptr<state> state_;
};

/// A loopback port at which every connection is refused, held for as long as this lives.
class refusing_port {
 public:
  refusing_port();
  ~refusing_port();
  refusing_port(const refusing_port&) = delete;
  refusing_port& operator=(const refusing_port&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// "127.0.0.1:port"
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace pinhook::testing
