// The objects that pinhook writes, as fake_api_server keeps them: Secrets and MutatingWebhookConfigurations, with their
// versions, and the three kinds of patch as kube-apiserver 1.35 answers them (tried by hand):
//
//   application/apply-patch+yaml         a Secret: made where there is none (201); a value of another manager: 409
//   application/json-patch+json          a Secret's data, when it is still of the version: else 409, gone: 404
//   application/strategic-merge-patch+json   caBundles by name; an unknown name makes an entry that is invalid: 422
//
// One thread at a time.
#pragma once

#include "support/api_server_answers.hpp"

#include <pinhook/base/json.hpp>
#include <pinhook/kube/serving_api.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::testing {

class written_objects {
 public:
  using texts = std::map<std::string, std::string>;

  void set_secret(const std::string& ns, const std::string& name, const std::string& type, const texts& data);
  void remove_secret(const std::string& ns, const std::string& name) { secrets_.erase({ns, name}); }
  /// Not encoded; nothing: there is none.
  [[nodiscard]] std::optional<texts> secret(const std::string& ns, const std::string& name) const;

  void set_registration(const std::string& name, std::vector<kube::webhook_entry> webhooks);
  void remove_registration(const std::string& name) { registrations_.erase(name); }
  [[nodiscard]] std::optional<kube::webhook_registration> registration(const std::string& name) const;

  [[nodiscard]] bool has(const api_target& t) const;
  [[nodiscard]] api_answer get(const api_target& t) const;
  api_answer patch(const api_target& t, const std::string& content_type, const std::string& body);

 private:
  struct stored {
    std::string version;
    std::string type;
    texts data;    // not encoded
    texts owners;  // of each key: the manager that wrote it
  };

  api_answer apply(const api_target& t, const json::document& body);
  api_answer replace_data(const api_target& t, const json::document& body);
  api_answer merge_bundles(const api_target& t, const json::document& body);
  std::string next_version() { return std::to_string(++version_); }

  std::map<std::pair<std::string, std::string>, stored> secrets_;  // by namespace and name
  std::map<std::string, kube::webhook_registration> registrations_;
  std::uint64_t version_ = 100;
};

}  // namespace pinhook::testing
