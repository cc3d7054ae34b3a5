// A cluster's API server: its address, its certificate authorities, and the method of authentication.
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
  /// Used in place of a file that cannot be read yet; may be empty.
  secret otherwise;
};

/// A program that gives credentials (client.authentication.k8s.io).
struct exec_plugin {
  std::string api_version;
  /// With a '/': a path, used as it is; without: searched in PATH.
  std::string command;
  std::vector<std::string> args;
  /// "NAME=value", added to the environment of this process.
  std::vector<std::string> environment;
  /// The kubeconfig's hint for a person who does not have the program.
  std::string install_hint;
  /// The plugin gets the cluster's address and authorities.
  bool wants_cluster = false;
  /// JSON, of the cluster's extension "client.authentication.k8s.io/exec"; empty: none.
  std::string cluster_config;
};

/// No header (anonymous, or a client certificate alone), a whole Authorization header, a token file, or a program.
using login_method = std::variant<std::monostate, secret, token_file, exec_plugin>;

struct cluster {
  /// "https://10.96.0.1:443"; may have a path; without a '/' at the end.
  std::string server;
  /// Not used for http URLs; nor is `login`: credentials are sent only over TLS, as by kubectl.
  http::tls_settings tls;
  login_method login;
  /// The namespace of the context, or of our own service account; "default" when none is given.
  std::string ns = "default";
  /// "in-cluster service account" or "kubeconfig /etc/kube/config, context \"dev\"", for people.
  std::string origin;
};

}  // namespace pinhook::kube
