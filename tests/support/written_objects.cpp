#include "support/written_objects.hpp"

#include <pinhook/base/base64.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pinhook::testing {
namespace {

std::string text_at(const json::value& v, std::string_view name) {
  return std::string(json::find_string(v, name).value_or(""));
}

// {"key":"base64"}; nothing when it is something else.
std::optional<written_objects::texts> decoded(const json::value* data) {
  if (data == nullptr || !data->IsObject()) return std::nullopt;
  written_objects::texts out;
  for (auto it = data->MemberBegin(); it != data->MemberEnd(); ++it) {
    const auto bytes = it->value.IsString() ? decode_base64(json::text_of(it->value)) : std::nullopt;
    if (!bytes) return std::nullopt;
    out.emplace(json::text_of(it->name), *bytes);
  }
  return out;
}

api_answer bad_request(const std::string& why) { return status_object(400, "BadRequest", why); }

api_answer missing(const api_target& t) {
  return status_object(404, "NotFound", fmt::format("{} \"{}\" not found", t.resource, t.name));
}

api_answer modified(const api_target& t) {
  return status_object(409, "Conflict",
                       fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has been modified; please "
                                   "apply your changes to the latest version and try again",
                                   t.resource, t.name));
}

std::string manager_of(const api_target& t) {
  constexpr std::string_view name = "fieldManager=";
  return t.query.starts_with(name) ? t.query.substr(name.size()) : std::string();
}

}  // namespace

void written_objects::set_secret(const std::string& ns, const std::string& name, const std::string& type,
                                 const texts& data) {
  secrets_.insert_or_assign({ns, name}, stored{next_version(), type, data, {}});
}

std::optional<written_objects::texts> written_objects::secret(const std::string& ns, const std::string& name) const {
  const auto found = secrets_.find({ns, name});
  if (found == secrets_.end()) return std::nullopt;
  return found->second.data;
}

void written_objects::set_registration(const std::string& name, std::vector<kube::webhook_entry> webhooks) {
  registrations_.insert_or_assign(name, kube::webhook_registration{next_version(), std::move(webhooks)});
}

std::optional<kube::webhook_registration> written_objects::registration(const std::string& name) const {
  const auto found = registrations_.find(name);
  if (found == registrations_.end()) return std::nullopt;
  return found->second;
}

bool written_objects::has(const api_target& t) const {
  return t.resource == "secrets" ? secrets_.contains({t.ns, t.name}) : registrations_.contains(t.name);
}

api_answer written_objects::get(const api_target& t) const {
  if (!has(t)) return missing(t);
  if (t.resource == "secrets") {
    const stored& s = secrets_.at({t.ns, t.name});
    return {200, secret_json(t.ns, t.name, s.type, s.data, s.version), {}};
  }
  return {200, registration_json(t.name, registrations_.at(t.name)), {}};
}

api_answer written_objects::patch(const api_target& t, const std::string& content_type, const std::string& body) {
  const auto document = json::parse(body);
  if (!document) return bad_request("the body is no JSON");
  if (manager_of(t).empty()) return status_object(422, "Invalid", "fieldManager: Required value");
  if (t.resource == "secrets" && content_type == "application/apply-patch+yaml") return apply(t, *document);
  if (t.resource == "secrets" && content_type == "application/json-patch+json") return replace_data(t, *document);
  if (t.resource != "secrets" && content_type == "application/strategic-merge-patch+json")
    return merge_bundles(t, *document);
  return status_object(415, "UnsupportedMediaType", "the fake knows no such patch: " + content_type);
}

api_answer written_objects::apply(const api_target& t, const json::document& body) {
  const json::value* metadata = json::find(body, "metadata");
  const auto data = decoded(json::find(body, "data"));
  if (!data || metadata == nullptr || text_at(body, "kind") != "Secret" || text_at(body, "apiVersion") != "v1" ||
      text_at(*metadata, "name") != t.name || text_at(*metadata, "namespace") != t.ns)
    return bad_request("this is no Secret of that name");
  const std::string manager = manager_of(t);
  const bool is_new = !has(t);
  stored& s = secrets_[{t.ns, t.name}];
  for (const auto& [key, value] : *data) {
    const auto had = s.data.find(key);
    if (had != s.data.end() && had->second != value && s.owners[key] != manager)
      return status_object(
          409, "Conflict",
          fmt::format("Apply failed with 1 conflict: conflict with \"{}\": .data.{}", s.owners[key], key));
  }
  for (const auto& [key, value] : *data) {
    s.data.insert_or_assign(key, value);
    s.owners.insert_or_assign(key, manager);
  }
  if (is_new) s.type = text_at(body, "type");
  s.version = next_version();
  api_answer out = get(t);
  out.status = is_new ? 201 : 200;
  return out;
}

api_answer written_objects::replace_data(const api_target& t, const json::document& body) {
  if (!has(t)) return missing(t);
  const bool is_known = body.IsArray() && body.Size() == 2 && text_at(body[0], "op") == "replace" &&
                        text_at(body[0], "path") == "/metadata/resourceVersion" && text_at(body[1], "op") == "add" &&
                        text_at(body[1], "path") == "/data";
  const auto data = is_known ? decoded(json::find(body[1], "value")) : std::nullopt;
  if (!data) return bad_request("the fake knows no such patch");
  stored& s = secrets_.at({t.ns, t.name});
  if (text_at(body[0], "value") != s.version) return modified(t);
  for (const auto& [key, value] : *data) s.owners.insert_or_assign(key, manager_of(t));
  s.data = *data;
  s.version = next_version();
  return get(t);
}

api_answer written_objects::merge_bundles(const api_target& t, const json::document& body) {
  if (!has(t)) return missing(t);
  kube::webhook_registration changed = registrations_.at(t.name);
  const json::value* metadata = json::find(body, "metadata");
  const json::value* webhooks = json::find(body, "webhooks");
  if (metadata == nullptr || webhooks == nullptr || !webhooks->IsArray()) return bad_request("the fake wants webhooks");
  if (text_at(*metadata, "resourceVersion") != changed.resource_version) return modified(t);
  std::vector<std::string> patched;
  for (const json::value& one : webhooks->GetArray()) {
    const auto entry = std::ranges::find(changed.webhooks, text_at(one, "name"), &kube::webhook_entry::name);
    const json::value* config = json::find(one, "clientConfig");
    const auto bundle = config == nullptr ? std::nullopt : decode_base64(text_at(*config, "caBundle"));
    if (!bundle) return bad_request("the fake wants caBundles");
    if (entry == changed.webhooks.end())
      return status_object(422, "Invalid", "webhooks[0].clientConfig: exactly one of url or service is required");
    entry->ca_bundle = *bundle;
    patched.push_back(entry->name);
  }
  // Without a directive for the order, patched entries come after the others.
  if (json::find(body, "$setElementOrder/webhooks") == nullptr)
    std::ranges::stable_partition(changed.webhooks,
                                  [&](const auto& w) { return std::ranges::find(patched, w.name) == patched.end(); });
  changed.resource_version = next_version();
  registrations_.at(t.name) = changed;
  return get(t);
}

}  // namespace pinhook::testing
