#include "support/api_server_answers.hpp"
#include "support/token_server.hpp"

#include <pinhook/base/json.hpp>

#include <fmt/core.h>

#include <array>
#include <ctime>
#include <regex>
#include <string_view>

namespace pinhook::testing {
namespace {

std::string json_text(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string json_object(const std::map<std::string, std::string>& all, bool encodes) {
  std::string out;
  for (const auto& [key, value] : all)
    out += (out.empty() ? "" : ",") + json_text(key) + ":" + json_text(encodes ? base64(value) : value);
  return "{" + out + "}";
}

}  // namespace

api_answer status_object(unsigned code, const std::string& reason, const std::string& message) {
  return {code,
          fmt::format(R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":{},)"
                      R"("reason":"{}","code":{}}})",
                      json_text(message), reason, code),
          {}};
}

api_target parse_api_target(const std::string& method, const std::string& path) {
  static const std::regex core("/api/v1/namespaces/([^/?]+)/(secrets|serviceaccounts)/([^/?]+)(/token)?");
  static const std::regex of_namespace("/api/v1/(namespaces)/([^/?]+)");
  static const std::regex cluster("/apis/(admissionregistration.k8s.io)/v1/(mutatingwebhookconfigurations)/([^/?]+)");
  static const std::map<std::string, std::string> verbs{{"GET", "get"}, {"POST", "create"}, {"PATCH", "patch"}};
  const auto verb = verbs.find(method);
  if (verb == verbs.end()) return {};
  const auto mark = path.find('?');
  const std::string place = path.substr(0, mark);
  api_target out;
  out.verb = verb->second;
  if (mark != std::string::npos) out.query = path.substr(mark + 1);
  std::smatch m;
  if (std::regex_match(place, m, core)) {
    out.ns = m[1];
    out.resource = m[2].str() + m[4].str();
  } else if (std::regex_match(place, m, cluster)) {
    out.group = m[1];
    out.resource = m[2];
  } else if (std::regex_match(place, m, of_namespace)) {
    // The request is in the namespace that it is for (apiserver, pkg/endpoints/request/requestinfo.go).
    out.resource = m[1];
    out.ns = m[2];
    out.name = m[2];
    if (out.verb != "get") return {};
    return out;
  } else {
    return {};
  }
  out.name = m[3];
  static const std::map<std::string, std::string> methods{{"secrets", "GET PATCH"},
                                                          {"serviceaccounts", "GET"},
                                                          {"serviceaccounts/token", "POST"},
                                                          {"mutatingwebhookconfigurations", "GET PATCH"}};
  const auto known = methods.find(out.resource);
  if (known == methods.end() || known->second.find(method) == std::string::npos) return {};
  return out;
}

std::string secret_json(const std::string& ns, const std::string& name, const std::string& type,
                        const std::map<std::string, std::string>& data, const std::string& version) {
  return fmt::format(
      R"({{"kind":"Secret","apiVersion":"v1","metadata":{{"name":{},"namespace":{},"resourceVersion":{}}},)"
      R"("data":{},"type":{}}})",
      json_text(name), json_text(ns), json_text(version), json_object(data, true), json_text(type));
}

std::string namespace_json(const std::string& name, const std::string& mode) {
  std::map<std::string, std::string> labels{{"kubernetes.io/metadata.name", name}};
  if (!mode.empty()) labels.emplace("pinhook.dev/pin", mode);
  return fmt::format(R"({{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":{},"labels":{}}}}})",
                     json_text(name), json_object(labels, false));
}

std::string registration_json(const std::string& name, const kube::webhook_registration& all) {
  std::string list;
  for (const auto& one : all.webhooks) {
    const std::string bundle = one.ca_bundle.empty() ? "" : ",\"caBundle\":" + json_text(base64(one.ca_bundle));
    list += fmt::format(R"({}{{"name":{},"clientConfig":{{"url":"https://127.0.0.1:1/"{}}}}})", list.empty() ? "" : ",",
                        json_text(one.name), bundle);
  }
  return fmt::format(
      R"({{"kind":"MutatingWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1","metadata":)"
      R"({{"name":{},"resourceVersion":{}}},"webhooks":[{}]}})",
      json_text(name), json_text(all.resource_version), list);
}

std::string service_account_json(const std::string& ns, const std::string& name,
                                 const std::vector<std::string>& image_pull_secrets,
                                 const std::map<std::string, std::string>& annotations) {
  std::string list;
  for (const auto& one : image_pull_secrets) list += (list.empty() ? "" : ",") + (R"({"name":)" + json_text(one) + "}");
  return fmt::format(R"({{"kind":"ServiceAccount","apiVersion":"v1","metadata":{{"name":{},"namespace":{},)"
                     R"("uid":{},"annotations":{}}},"imagePullSecrets":[{}]}})",
                     json_text(name), json_text(ns), json_text("uid-of-" + ns + "-" + name),
                     json_object(annotations, false), list);
}

std::string token_json(const std::string& token, std::chrono::system_clock::time_point end) {
  const std::time_t at = std::chrono::system_clock::to_time_t(end);
  std::tm utc{};
  gmtime_r(&at, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return fmt::format(R"({{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{{}},"status":)"
                     R"({{"token":{},"expirationTimestamp":"{}"}}}})",
                     json_text(token), text.data());
}

api_answer token_answer(const std::string& token, const std::string& request) {
  const auto document = json::parse(request);
  const json::value* spec = document ? json::find(*document, "spec") : nullptr;
  const auto seconds = spec == nullptr ? std::nullopt : json::find_integer(*spec, "expirationSeconds");
  if (!seconds || json::find_string(*document, "kind") != "TokenRequest" || json::find(*spec, "audiences") == nullptr)
    return status_object(400, "BadRequest", "this is not a TokenRequest");
  if (*seconds < 600) return status_object(422, "Invalid", "may not specify a duration less than 10 minutes");
  return {201, token_json(token, std::chrono::system_clock::now() + std::chrono::seconds(*seconds)), {}};
}

}  // namespace pinhook::testing
