#include <pinhook/kube/api_objects.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/base/timestamp.hpp>
#include <pinhook/kube/bearer_token.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::kube {
namespace {

constexpr json::parse_limits limits{.depth = 64, .size = max_object_size};

std::unexpected<error> broken(std::string_view reason) { return fail(error_code::malformed, std::string(reason)); }

result<json::document> parse_kind(std::string_view body, std::string_view api_version, std::string_view kind) {
  auto document = json::parse(body, limits);
  if (!document) return document;
  if (json::find_string(*document, "kind") != kind || json::find_string(*document, "apiVersion") != api_version)
    return broken(fmt::format("the answer is not a {} of {}", kind, api_version));
  return document;
}

/// Null for a member that is missing or null; Kubernetes leaves empty ones out.
const json::value* member(const json::value& in, std::string_view name) {
  const json::value* found = json::find(in, name);
  return found == nullptr || found->IsNull() ? nullptr : found;
}

/// A member that maps texts to texts; empty without one.
result<std::map<std::string, std::string, std::less<>>> texts_of(const json::value& in, std::string_view name) {
  std::map<std::string, std::string, std::less<>> out;
  const json::value* all = member(in, name);
  if (all == nullptr) return out;
  if (!all->IsObject()) return broken(fmt::format("\"{}\" is not an object", name));
  for (auto it = all->MemberBegin(); it != all->MemberEnd(); ++it) {
    if (!it->value.IsString()) return broken(fmt::format("a value of \"{}\" is not a string", name));
    out.insert_or_assign(std::string(json::text_of(it->name)), std::string(json::text_of(it->value)));
  }
  return out;
}

}  // namespace

result<secret_object> parse_secret(std::string_view body) {
  const auto document = parse_kind(body, "v1", "Secret");
  if (!document) return fail(document.error());
  secret_object out;
  out.type = json::find_string(*document, "type").value_or("");
  const json::value* data = member(*document, "data");
  if (data == nullptr) return out;
  if (!data->IsObject()) return broken("\"data\" is not an object");
  for (auto it = data->MemberBegin(); it != data->MemberEnd(); ++it) {
    const auto key = json::text_of(it->name);
    if (it->value.IsNull()) {
      out.data.insert_or_assign(std::string(key), secret());
      continue;
    }
    auto bytes = it->value.IsString() ? decode_base64(json::text_of(it->value)) : std::nullopt;
    if (!bytes) return broken(fmt::format("data {} is not base64", quoted(key)));
    out.data.insert_or_assign(std::string(key), secret(*std::move(bytes)));
  }
  return out;
}

result<namespace_object> parse_namespace(std::string_view body) {
  const auto document = parse_kind(body, "v1", "Namespace");
  if (!document) return fail(document.error());
  namespace_object out;
  const json::value* metadata = member(*document, "metadata");
  if (metadata == nullptr) return out;
  auto labels = texts_of(*metadata, "labels");
  if (!labels) return fail(std::move(labels.error()));
  out.labels = *std::move(labels);
  return out;
}

result<service_account> parse_service_account(std::string_view body) {
  const auto document = parse_kind(body, "v1", "ServiceAccount");
  if (!document) return fail(document.error());
  service_account out;
  if (const json::value* metadata = member(*document, "metadata"); metadata != nullptr) {
    out.uid = json::find_string(*metadata, "uid").value_or("");
    auto annotations = texts_of(*metadata, "annotations");
    if (!annotations) return fail(std::move(annotations.error()));
    out.annotations = *std::move(annotations);
  }
  const json::value* secrets = member(*document, "imagePullSecrets");
  if (secrets == nullptr) return out;
  if (!secrets->IsArray()) return broken("\"imagePullSecrets\" is not a list");
  for (const json::value& one : secrets->GetArray()) {
    if (!one.IsObject()) return broken("an entry of \"imagePullSecrets\" is not an object");
    // A reference without a name is valid, and is ignored.
    const auto name = json::find_string(one, "name").value_or("");
    if (!name.empty()) out.image_pull_secrets.emplace_back(name);
  }
  return out;
}

result<service_account_token> parse_token(std::string_view body) {
  const auto document = parse_kind(body, "authentication.k8s.io/v1", "TokenRequest");
  if (!document) return fail(document.error());
  const json::value* status = member(*document, "status");
  if (status == nullptr) return broken("the answer has no \"status\"");
  const auto token = json::find_string(*status, "token").value_or("");
  const auto end = parse_timestamp(json::find_string(*status, "expirationTimestamp").value_or(""));
  if (!is_token(token)) return broken("the answer has no token");
  if (!end) return broken("\"expirationTimestamp\" is not an RFC 3339 time");
  return service_account_token{secret(std::string(token)), *end};
}

std::string token_request(std::string_view audience, std::chrono::seconds lifetime) {
  std::string out = R"({"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":[)";
  json::append_string(out, audience);
  out += fmt::format(R"(],"expirationSeconds":{}}}}})", lifetime.count());
  return out;
}

}  // namespace pinhook::kube
