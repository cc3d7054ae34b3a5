// The cluster of a command that a person runs: chosen by --kubeconfig and --context, read by -n, -A and -l.
//
//   auto session = cluster_session::open(options, settings, variables);
//   auto read = (*session)->read();
//
// Blocks until each step is done; one thread.
#pragma once

#include <pinhook/access/read_fleet.hpp>
#include <pinhook/base/environment.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/cli/arguments.hpp>
#include <pinhook/config/settings.hpp>
#include <pinhook/http/curl_client.hpp>
#include <pinhook/kube/api_connection.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace pinhook::cli {

class cluster_session {
 public:
  /// invalid_input, unsupported: the arguments or the kubeconfig.
  [[nodiscard]] static result<std::unique_ptr<cluster_session>> open(const cluster_arguments& options,
                                                                     const config::settings& s, const environment& all);

  /// The workloads, Pods and namespaces that the arguments name; with progress on a terminal.
  [[nodiscard]] result<access::fleet_reading> read();

  /// What the arguments name.
  [[nodiscard]] const access::fleet_question& question() const { return question_; }

  [[nodiscard]] kube::api_connection& connection() { return *connection_; }
  [[nodiscard]] asio::io_context& io() { return io_; }
  /// "kubeconfig /home/me/.kube/config": where the cluster is known from.
  [[nodiscard]] const std::string& origin() const { return connection_->where().origin; }
  /// The address of the API server.
  [[nodiscard]] const std::string& server() const { return connection_->where().server; }

 private:
  cluster_session() : http_(io_, http_options()) {}
  static http::curl_client_options http_options();

  asio::io_context io_{1};
  http::curl_client http_;
  std::unique_ptr<kube::api_connection> connection_;
  access::fleet_question question_;
};

/// The exit code of a cluster that cannot be used or read.
[[nodiscard]] int exit_code_of_cluster(const error& e);

}  // namespace pinhook::cli
