// A Kubernetes API server of the tests, over TLS on loopback: Secrets, ServiceAccounts, tokens and webhook
// configurations that a test, or a client, changes at run time; it checks credentials and RBAC, and records
// everything.
//
//   fake_api_server server;
//   server.set_secret("shop", "pull", "kubernetes.io/dockerconfigjson", {{".dockerconfigjson", "{}"}});
//   server.set_service_account("shop", "default", {"pull"});
//   server.allow("get", "secrets", "shop");                    // nothing is allowed before
//   const auto file = server.write_kubeconfig(directory);      // with the token; or write_in_cluster(folder)
//   server.hang(fake_api_server::secret_path("shop", "pull"));  … server.release();
//
// It runs in a thread of its own; every public function can be called from any thread.
#pragma once

#include "support/certificates.hpp"
#include "support/object_lists.hpp"

#include <pinhook/kube/serving_api.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

struct api_server_options {
  /// The name in the server's certificate.
  leaf_options certificate{};
  /// The token that is accepted at the start.
  std::string token = "the-token";
};

/// A request as it was received.
struct api_request {
  std::string method;
  std::string path;  // with the query
  std::string authorization;
  std::string accept;
  std::string body;
  /// The common name of the client's certificate; empty: none.
  std::string client_name;
  /// The status of the answer; 0 while it hangs.
  unsigned status = 0;
};

class fake_api_server {
 public:
  explicit fake_api_server(const api_server_options& o = {});
  ~fake_api_server();
  fake_api_server(const fake_api_server&) = delete;
  fake_api_server& operator=(const fake_api_server&) = delete;

  static std::string secret_path(const std::string& ns, const std::string& name) {
    return "/api/v1/namespaces/" + ns + "/secrets/" + name;
  }
  static std::string registration_path(const std::string& name) {
    return "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + name;
  }
  static std::string namespace_path(const std::string& name) { return "/api/v1/namespaces/" + name; }
  static std::string service_account_path(const std::string& ns, const std::string& name) {
    return "/api/v1/namespaces/" + ns + "/serviceaccounts/" + name;
  }
  static std::string token_path(const std::string& ns, const std::string& service_account) {
    return service_account_path(ns, service_account) + "/token";
  }

  // Objects.
  /// `data` is not encoded yet.
  void set_secret(const std::string& ns, const std::string& name, const std::string& type,
                  const std::map<std::string, std::string>& data);
  /// A Secret of type kubernetes.io/dockerconfigjson.
  void set_pull_secret(const std::string& ns, const std::string& name, const std::string& docker_config);
  void remove_secret(const std::string& ns, const std::string& name);
  /// The present data, not encoded; nothing: the Secret does not exist.
  [[nodiscard]] std::optional<std::map<std::string, std::string>> secret(const std::string& ns,
                                                                         const std::string& name) const;
  /// A MutatingWebhookConfiguration; bundles are not encoded. Replaces one of that name.
  void set_registration(const std::string& name, std::vector<kube::webhook_entry> webhooks);
  void remove_registration(const std::string& name);
  [[nodiscard]] std::optional<kube::webhook_registration> registration(const std::string& name) const;
  void set_service_account(const std::string& ns, const std::string& name,
                           const std::vector<std::string>& image_pull_secrets = {},
                           const std::map<std::string, std::string>& annotations = {});
  void remove_service_account(const std::string& ns, const std::string& name);
  /// Every namespace exists, with the label pinhook.dev/pin: enforce, but for those that a test sets: `mode` empty: it
  /// has no such label; nothing: it does not exist.
  void set_namespace(const std::string& name, std::optional<std::string> mode);

  /// Objects that are listed, or namespaces: replaces those of a namespace. Lists of Kubernetes' own resources are
  /// empty without.
  void set_list(const object_lists::resource& of, const std::string& ns, std::vector<std::string> objects);
  /// Namespaces and the value of the label pinhook.dev/pin of each; "": it has none.
  void set_namespaces(const std::map<std::string, std::string>& labels);
  /// The next `count` requests for a further page of a list get 410.
  void expire_lists(int count);

  // Authentication and RBAC.
  /// `resource`: "secrets", "serviceaccounts", "serviceaccounts/token" or "mutatingwebhookconfigurations" (namespace
  /// ""); verbs "get", "create" and "patch"; "*" for any namespace, and for any name.
  void allow(const std::string& verb, const std::string& resource, const std::string& ns,
             const std::string& name = "*");
  /// Allows all requests of pinhook for pull secrets, in every namespace.
  void allow_all();
  /// Allows lists of the resource in all namespaces and in each; "*" is no resource: name each.
  void allow_lists(const std::vector<std::string>& resources);
  /// Allows the requests of the Role and the ClusterRole of a self-managed certificate.
  void allow_serving_certificate();
  void forbid(const std::string& verb, const std::string& resource, const std::string& ns,
              const std::string& name = "*");
  /// The tokens (or "user:password") that are accepted from now on.
  void accept_tokens(std::vector<std::string> tokens);
  /// Makes a new client certificate that is accepted.
  [[nodiscard]] key_pair issue_client(const std::string& common_name) const;

  // Faults; both until `heal`.
  /// Requests for the path ("": all) get this answer instead: any status, any body.
  void fail(const std::string& path, unsigned status, const std::string& body = "",
            const std::map<std::string, std::string>& headers = {});
  /// The same for the next `count` requests only.
  void fail_times(int count, const std::string& path, unsigned status, const std::string& body = "",
                  const std::map<std::string, std::string>& headers = {});
  /// Requests for the path ("": all) are not answered before `release`.
  void hang(const std::string& path);
  /// Lets hanging requests continue; none hangs any more.
  void release();
  void heal();

  // Received requests.
  [[nodiscard]] std::vector<api_request> requests() const;
  [[nodiscard]] std::size_t requests(const std::string& path) const;
  void forget_requests();
  /// Waits until there were `count` requests for the path ("": any); false when that takes half a minute.
  [[nodiscard]] bool wait_for_requests(const std::string& path, std::size_t count) const;
  /// Tokens given out by TokenRequest so far; the n-th is "token-n-of-NS-NAME".
  [[nodiscard]] std::size_t tokens_given() const;

  // Address and credentials.
  [[nodiscard]] std::uint16_t port() const;
  /// "https://127.0.0.1:port"
  [[nodiscard]] std::string url() const;
  /// The authority that signed the server's certificate, as a PEM file and as text.
  [[nodiscard]] std::string ca_file() const;
  [[nodiscard]] const std::string& ca() const;

  /// A kubeconfig with the server, its authority and `user`: the lines of the user's entry, each indented by four
  /// ("    token: x\n"); empty: the token of the options. Returns the file's path.
  std::string write_kubeconfig(const std::filesystem::path& directory, const std::string& user = "") const;
  /// token, ca.crt and namespace, as a Pod has them in its service account's folder.
  void write_in_cluster(const std::filesystem::path& folder, const std::string& ns = "pinhook") const;
  /// Replaces the token of such a folder.
  static void write_token(const std::filesystem::path& folder, const std::string& token);
  /// KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT.
  [[nodiscard]] std::map<std::string, std::string, std::less<>> in_cluster_variables() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace pinhook::testing
