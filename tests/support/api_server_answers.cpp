#include "support/api_server_answers.hpp"

#include "support/token_server.hpp"

#include <pinhook/base/json.hpp>

#include <fmt/format.h>

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
  static const std::regex form("/api/v1/namespaces/([^/?]+)/(secrets|serviceaccounts)/([^/?]+)(/token)?");
  std::smatch m;
  if (!std::regex_match(path, m, form)) return {};
  const bool is_token = m[4].matched;
  if (is_token != (method == "POST") || (method != "GET" && method != "POST") || (is_token && m[2] == "secrets"))
    return {};
  return {is_token ? "create" : "get", m[2].str() + m[4].str(), m[1], m[3]};
}

std::string secret_json(const std::string& ns, const std::string& name, const std::string& type,
                        const std::map<std::string, std::string>& data) {
  return fmt::format(R"({{"kind":"Secret","apiVersion":"v1","metadata":{{"name":{},"namespace":{}}},)"
                     R"("data":{},"type":{}}})",
                     json_text(name), json_text(ns), json_object(data, true), json_text(type));
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

}  // namespace pinhook::testing
