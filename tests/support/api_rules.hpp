// RBAC of fake_api_server: rules by verb, resource, namespace and name. Nothing is allowed without a rule.
//
// One thread at a time.
#pragma once

#include "support/api_server_answers.hpp"

#include <fmt/core.h>

#include <set>
#include <string>
#include <tuple>

namespace pinhook::testing {

class api_rules {
 public:
  /// "*" for any namespace, and for any name.
  void allow(const std::string& verb, const std::string& resource, const std::string& ns, const std::string& name) {
    allowed_.emplace(verb, resource, ns, name);
  }
  /// Allows all requests for pull secrets, in every namespace.
  void allow_pull_secrets() {
    allow("get", "secrets", "*", "*");
    allow("get", "serviceaccounts", "*", "*");
    allow("get", "namespaces", "*", "*");
    allow("create", "serviceaccounts/token", "*", "*");
  }
  /// Allows the requests of the Role and the ClusterRole of a self-managed certificate.
  void allow_serving_certificate() {
    for (const char* verb : {"get", "create", "patch"})
      allow(verb, "secrets", "pinhook", "pinhook-serving-certificate");
    for (const char* verb : {"get", "patch"}) allow(verb, "mutatingwebhookconfigurations", "", "pinhook");
  }
  void forbid(const std::string& verb, const std::string& resource, const std::string& ns, const std::string& name) {
    allowed_.erase({verb, resource, ns, name});
  }

  [[nodiscard]] bool allows(const std::string& verb, const api_target& t) const {
    for (const std::string& ns : {t.ns, std::string("*")})
      for (const std::string& name : {t.name, std::string("*")})
        if (allowed_.contains({verb, t.resource, ns, name})) return true;
    return false;
  }

  /// The message of a refusal.
  [[nodiscard]] static api_answer forbidden(const std::string& verb, const api_target& t) {
    return status_object(
        403, "Forbidden",
        fmt::format("{}{} \"{}\" is forbidden: User \"system:serviceaccount:pinhook:pinhook\" cannot {} resource "
                    "\"{}\" in API group \"{}\" {}",
                    t.resource.substr(0, t.resource.find('/')), t.group.empty() ? "" : "." + t.group, t.name, verb,
                    t.resource, t.group,
                    t.group.empty() ? fmt::format("in the namespace \"{}\"", t.ns) : "at the cluster scope"));
  }

 private:
  std::set<std::tuple<std::string, std::string, std::string, std::string>> allowed_;
};

}  // namespace pinhook::testing
