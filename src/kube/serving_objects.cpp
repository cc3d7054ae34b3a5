#include <pinhook/kube/serving_objects.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/kube/api_objects.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::kube {
namespace {

constexpr json::parse_limits serving_limits{.depth = 64, .size = max_object_size};

std::unexpected<error> broken_object(std::string_view reason) {
  return fail(error_code::malformed, std::string(reason));
}

std::string text(std::string_view plain) {
  std::string out;
  json::append_string(out, plain);
  return out;
}

std::string base64_text(std::string_view bytes) { return "\"" + encode_base64(bytes) + "\""; }

// {"key":"base64",…}; a secret, since its values are secrets.
secret data_object(const secret_data& data) {
  std::size_t size = 2;
  for (const auto& [key, value] : data) size += key.size() * 6 + value.reveal().size() * 4 / 3 + 16;
  std::string out;
  // Reserved at once, since a text that grows leaves copies of itself in memory.
  out.reserve(size);
  out += '{';
  for (const auto& [key, value] : data) {
    if (out.size() > 1) out += ',';
    json::append_string(out, key);
    const secret encoded(base64_text(value.reveal()));
    out += ':';
    out += encoded.reveal();
  }
  out += '}';
  return secret(std::move(out));
}

secret around(std::string_view before, const secret& middle, std::string_view after) {
  std::string out;
  out.reserve(before.size() + middle.reveal().size() + after.size());
  out += before;
  out += middle.reveal();
  out += after;
  return secret(std::move(out));
}

result<std::string> version_of(const json::value& object) {
  const json::value* metadata = json::find(object, "metadata");
  auto version = metadata == nullptr ? std::nullopt : json::find_string(*metadata, "resourceVersion");
  if (!version || version->empty()) return broken_object("\"resourceVersion\" is missing");
  return std::string(*version);
}

/// Null for a member that is missing or null; Kubernetes leaves empty ones out.
const json::value* serving_member(const json::value& in, std::string_view name) {
  const json::value* found = json::find(in, name);
  return found == nullptr || found->IsNull() ? nullptr : found;
}

result<webhook_entry> parse_entry(const json::value& v) {
  webhook_entry out;
  out.name = json::find_string(v, "name").value_or("");
  if (out.name.empty()) return broken_object("an entry of \"webhooks\" has no name");
  const json::value* config = serving_member(v, "clientConfig");
  const json::value* bundle = config == nullptr ? nullptr : serving_member(*config, "caBundle");
  if (bundle == nullptr) return out;
  auto bytes = bundle->IsString() ? decode_base64(json::text_of(*bundle)) : std::nullopt;
  if (!bytes) return broken_object(fmt::format("the caBundle of {} is not base64", quoted(out.name)));
  out.ca_bundle = *std::move(bytes);
  return out;
}

}  // namespace

result<stored_secret> parse_stored(std::string_view body) {
  auto plain = parse_secret(body);
  if (!plain) return fail(std::move(plain.error()));
  const auto document = json::parse(body, serving_limits);
  if (!document) return fail(document.error());
  auto version = version_of(*document);
  if (!version) return fail(std::move(version.error()));
  return stored_secret{*std::move(version), std::move(plain->data)};
}

result<webhook_registration> parse_registration(std::string_view body) {
  const auto document = json::parse(body, serving_limits);
  if (!document) return fail(document.error());
  constexpr std::string_view kind = "MutatingWebhookConfiguration";
  constexpr std::string_view api_version = "admissionregistration.k8s.io/v1";
  if (json::find_string(*document, "kind") != kind || json::find_string(*document, "apiVersion") != api_version)
    return broken_object(fmt::format("the answer is not a {} of {}", kind, api_version));
  webhook_registration out;
  auto version = version_of(*document);
  if (!version) return fail(std::move(version.error()));
  out.resource_version = *std::move(version);
  const json::value* all = serving_member(*document, "webhooks");
  if (all == nullptr) return out;
  if (!all->IsArray()) return broken_object("\"webhooks\" is not a list");
  if (all->Size() > max_webhook_entries)
    return broken_object(fmt::format("\"webhooks\" has more than {} entries", max_webhook_entries));
  for (const json::value& one : all->GetArray()) {
    auto entry = parse_entry(one);
    if (!entry) return fail(std::move(entry.error()));
    out.webhooks.push_back(*std::move(entry));
  }
  return out;
}

secret applied_secret(std::string_view ns, std::string_view name, const secret_data& data) {
  const std::string before =
      fmt::format(R"({{"apiVersion":"v1","kind":"Secret","metadata":{{"name":{},"namespace":{},"labels":)"
                  R"({{"app.kubernetes.io/name":"pinhook","app.kubernetes.io/part-of":"pinhook"}}}},)"
                  R"("type":"Opaque","data":)",
                  text(name), text(ns));
  return around(before, data_object(data), "}");
}

secret replaced_data(const stored_secret& with) {
  const std::string before = fmt::format(R"([{{"op":"replace","path":"/metadata/resourceVersion","value":{}}},)"
                                         R"({{"op":"add","path":"/data","value":)",
                                         text(with.resource_version));
  return around(before, data_object(with.data), "}]");
}

std::string merged_bundles(const webhook_registration& with) {
  std::string order;
  std::string entries;
  for (const auto& one : with.webhooks) {
    const std::string name = text(one.name);
    const std::string_view comma = order.empty() ? "" : ",";
    order += fmt::format(R"({}{{"name":{}}})", comma, name);
    entries +=
        fmt::format(R"({}{{"name":{},"clientConfig":{{"caBundle":{}}}}})", comma, name, base64_text(one.ca_bundle));
  }
  return fmt::format(R"({{"metadata":{{"resourceVersion":{}}},"$setElementOrder/webhooks":[{}],"webhooks":[{}]}})",
                     text(with.resource_version), order, entries);
}

std::string field_manager(std::string_view host, std::string_view salt) {
  constexpr std::string_view before = "pinhook-";
  const auto is_kept = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  const std::size_t left = max_field_manager_size - before.size() - 1;
  salt = salt.substr(0, left);
  std::string out(before);
  out += host.substr(0, left - salt.size());
  out += '-';
  out += salt;
  std::ranges::replace_if(out, [&](char c) { return !is_kept(c); }, '-');
  return out;
}

}  // namespace pinhook::kube
