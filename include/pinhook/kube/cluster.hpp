// A cluster's API server: where it is, how it is recognised, and how we show who we are.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/secret.hpp>
#include <pinhook/http/message.hpp>

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace pinhook::kube {

/// A bearer token in a file that is replaced while we run.
struct token_file {
  std::string file;
  /// In place of a file that cannot be read yet; may be empty.
  secret otherwise;
};

/// A program that gives credentials (client.authentication.k8s.io).
struct exec_plugin {
  std::string api_version;
  /// With a '/': a path as it is; without: looked for in PATH.
  std::string command;
  std::vector<std::string> args;
  /// "NAME=value", beside this process's own.
  std::vector<std::string> environment;
  /// What the kubeconfig tells a person who does not have the program.
  std::string install_hint;
  /// The plugin is told about the cluster.
  bool wants_cluster = false;
  /// JSON, of the cluster's extension "client.authentication.k8s.io/exec"; empty: none.
  std::string cluster_config;
};

/// Nobody (or a client certificate alone), a whole Authorization header, a token file, or a program.
using login_method = std::variant<std::monostate, secret, token_file, exec_plugin>;

struct cluster {
  /// "https://10.96.0.1:443"; may have a path; without a '/' at the end.
  std::string server;
  /// Not used for http URLs; nor is `login`: what we show goes over TLS alone, as with kubectl.
  http::tls_settings tls;
  login_method login;
  /// The namespace of the context, or of our own service account; "default" when none is said.
  std::string ns = "default";
  /// "in-cluster service account" or "kubeconfig /etc/kube/config, context \"dev\"", for people.
  std::string origin;
};

}  // namespace pinhook::kube
