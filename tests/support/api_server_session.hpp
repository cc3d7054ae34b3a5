// A connection to the tests' API server as commands make one, over TLS with the token of its kubeconfig.
//
//   api_server_session to(server, files.path());
//   const auto read = to.run(read_fleet(to.connection(), to.executor(), question, to.limit()));
//
// One thread; the server outlives it.
#pragma once

#include "support/fake_api_server.hpp"

#include <pinhook/access/run_to_end.hpp>
#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/process.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/api_connection.hpp>
#include <pinhook/kube/find_cluster.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <utility>

namespace pinhook::testing {

class api_server_session {
 public:
  /// The kubeconfig is written into `folder`. Throws when it cannot be used.
  api_server_session(const fake_api_server& server, const std::filesystem::path& folder)
      : connection_(http_, kube::find_cluster(server.write_kubeconfig(folder), {}).value(), machine_processes(),
                    io_.get_executor(), machine_clock()) {}

  [[nodiscard]] kube::api_connection& connection() { return connection_; }
  [[nodiscard]] asio::io_context::executor_type executor() { return io_.get_executor(); }
  /// A minute from now, which no test takes.
  [[nodiscard]] static deadline limit() { return deadline::after(machine_clock().now(), std::chrono::minutes(1)); }

  template <class T>
  T run(awaitable<T> work) {
    return access::run_to_end(io_, std::move(work));
  }

 private:
  // The server is on loopback, which guarded clients do not connect to.
  static http::curl_client_options reaching_loopback() {
    http::curl_client_options out;
    out.guards_addresses = false;
    return out;
  }

  asio::io_context io_{1};
  http::curl_client http_{io_, reaching_loopback()};
  kube::api_connection connection_;
};

}  // namespace pinhook::testing
