// Answers of a Kubernetes API server as text: objects and the Status of a refusal; and the parser of a request's path.
// For fake_api_server.
//
// Pure; any thread.
#pragma once

#include <pinhook/kube/serving_api.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace pinhook::testing {

struct api_answer {
  unsigned status = 200;
  std::string body;
  std::map<std::string, std::string> headers;
};

/// A refusal: a Status with the reason ("NotFound") and a message.
[[nodiscard]] api_answer status_object(unsigned code, const std::string& reason, const std::string& message);

/// A request's target, taken apart.
struct api_target {
  std::string verb;      // as in RBAC; empty: not a request that the server knows
  std::string resource;  // "serviceaccounts/token"
  std::string ns, name;  // no namespace: cluster-wide
  std::string group;     // "": the core group
  std::string query;     // behind the '?'
};
[[nodiscard]] api_target parse_api_target(const std::string& method, const std::string& path);

/// `data` is not encoded yet.
[[nodiscard]] std::string secret_json(const std::string& ns, const std::string& name, const std::string& type,
                                      const std::map<std::string, std::string>& data, const std::string& version);
/// `mode`: the label pinhook.dev/pin; empty: none.
[[nodiscard]] std::string namespace_json(const std::string& name, const std::string& mode);
/// A MutatingWebhookConfiguration with entries as they are needed here: without rules.
[[nodiscard]] std::string registration_json(const std::string& name, const kube::webhook_registration& all);
[[nodiscard]] std::string service_account_json(const std::string& ns, const std::string& name,
                                               const std::vector<std::string>& image_pull_secrets,
                                               const std::map<std::string, std::string>& annotations);
[[nodiscard]] std::string token_json(const std::string& token, std::chrono::system_clock::time_point end);

/// The answer to a TokenRequest: `token`, for the requested time.
[[nodiscard]] api_answer token_answer(const std::string& token, const std::string& request);

}  // namespace pinhook::testing
