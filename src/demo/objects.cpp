#include <pinhook/demo/objects.hpp>

#include <pinhook/base/base64.hpp>
#include <pinhook/base/json_writer.hpp>

#include <fmt/core.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <array>

namespace pinhook::demo {
namespace {

const json::value* pod_template(const json::document& deployment) {
  return rapidjson::Pointer("/spec/template").Get(deployment);
}

std::unexpected<error> bad_answer(std::string_view reason) {
  return fail(error_code::malformed, fmt::format("the webhook's answer is invalid: {}", reason));
}

// The operations that pinhook writes (RFC 6902): replace an existing value, add a member to an object.
result<std::size_t> apply_patch(json::document& object, std::string_view patch) {
  const auto operations = json::parse(patch);
  if (!operations || !operations->IsArray()) return bad_answer("the patch is not a list of operations");
  for (const auto& one : operations->GetArray()) {
    const auto op = json::find_string(one, "op").value_or("");
    const auto path = json::find_string(one, "path").value_or("");
    const json::value* value = json::find(one, "value");
    const rapidjson::Pointer pointer(path.data(), path.size());
    const bool known = (op == "replace" && pointer.Get(object) != nullptr) || op == "add";
    if (!known || value == nullptr || !pointer.IsValid())
      return bad_answer(fmt::format("the operation {} cannot be applied", pinhook::quoted(json::to_text(one))));
    pointer.Set(object, json::value(*value, object.GetAllocator()), object.GetAllocator());
  }
  return operations->Size();
}

}  // namespace

std::string make_deployment(std::string_view name, int replicas, const std::vector<container_image>& containers) {
  std::string init;
  std::string main;
  for (const auto& one : containers) {
    std::string& list = one.container == "setup" ? init : main;
    if (!list.empty()) list += ',';
    list += fmt::format(R"({{"name":"{}","image":"{}"}})", one.container, one.image);
  }
  return fmt::format(
      R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{0}","namespace":"demo"}},)"
      R"("spec":{{"replicas":{1},"selector":{{"matchLabels":{{"app":"{0}"}}}},)"
      R"("template":{{"metadata":{{"labels":{{"app":"{0}"}}}},"spec":{{"initContainers":[{2}],"containers":[{3}]}}}}}}}})",
      name, replicas, init, main);
}

std::string with_spec_of(std::string_view stored, std::string_view manifest) {
  auto object = json::parse(stored);
  const auto applied = json::parse(manifest);
  if (!object || !applied) return std::string(stored);
  if (const json::value* spec = json::find(*applied, "spec"); spec != nullptr)
    rapidjson::Pointer("/spec").Set(*object, json::value(*spec, object->GetAllocator()), object->GetAllocator());
  return json::to_text(*object);
}

std::vector<container_image> images_of(std::string_view deployment) {
  std::vector<container_image> out;
  const auto object = json::parse(deployment);
  const json::value* pods = object ? pod_template(*object) : nullptr;
  const json::value* spec = pods == nullptr ? nullptr : json::find(*pods, "spec");
  if (spec == nullptr) return out;
  for (const std::string_view list : {"initContainers", "containers"}) {
    const json::value* found = json::find(*spec, list);
    if (found == nullptr || !found->IsArray()) continue;
    for (const auto& one : found->GetArray())
      out.push_back({std::string(json::find_string(one, "name").value_or("")),
                     std::string(json::find_string(one, "image").value_or(""))});
  }
  return out;
}

std::string template_of(std::string_view deployment) {
  const auto object = json::parse(deployment);
  const json::value* pods = object ? pod_template(*object) : nullptr;
  return pods == nullptr ? std::string() : json::to_text(*pods);
}

std::string make_review(std::string_view uid, std::string_view object, std::string_view old) {
  const auto parsed = json::parse(object);
  const json::value* metadata = parsed ? json::find(*parsed, "metadata") : nullptr;
  const auto name = metadata == nullptr ? std::string_view() : json::find_string(*metadata, "name").value_or("");
  return fmt::format(R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"{}",)"
                     R"("kind":{{"group":"apps","version":"v1","kind":"Deployment"}},)"
                     R"("resource":{{"group":"apps","version":"v1","resource":"deployments"}},)"
                     R"("requestKind":{{"group":"apps","version":"v1","kind":"Deployment"}},)"
                     R"("requestResource":{{"group":"apps","version":"v1","resource":"deployments"}},)"
                     R"("name":"{}","namespace":"demo","operation":"{}","userInfo":{{"username":"demo"}},)"
                     R"("object":{},"oldObject":{},"dryRun":false,"options":null}}}})",
                     uid, name, old.empty() ? "CREATE" : "UPDATE", object, old.empty() ? "null" : old);
}

result<review_answer> read_answer(std::string_view body, std::string_view uid, std::string_view object) {
  const auto review = json::parse(body);
  if (!review) return bad_answer(review.error().message);
  const json::value* response = json::find(*review, "response");
  if (json::find_string(*review, "apiVersion") != "admission.k8s.io/v1" || response == nullptr)
    return bad_answer("it is not an AdmissionReview of admission.k8s.io/v1");
  if (json::find_string(*response, "uid") != uid) return bad_answer("it is for another request");
  const auto allowed = json::find_bool(*response, "allowed");
  if (!allowed) return bad_answer("`allowed` is missing");

  review_answer out;
  out.allowed = *allowed;
  if (const json::value* status = json::find(*response, "status"); status != nullptr)
    out.message = std::string(json::find_string(*status, "message").value_or(""));
  if (const json::value* warnings = json::find(*response, "warnings"); warnings != nullptr && warnings->IsArray())
    for (const auto& one : warnings->GetArray())
      if (one.IsString()) out.warnings.emplace_back(json::text_of(one));
  out.object = std::string(object);
  if (const auto encoded = json::find_string(*response, "patch")) {
    if (json::find_string(*response, "patchType") != "JSONPatch") return bad_answer("the patch is not a JSONPatch");
    const auto patch = decode_base64(*encoded);
    if (!patch) return bad_answer("the patch is not base64");
    auto patched = json::parse(object);
    if (!patched) return fail(patched.error());
    const auto operations = apply_patch(*patched, *patch);
    if (!operations) return fail(operations.error());
    out.operations = *operations;
    out.object = json::to_text(*patched);
  }
  return out;
}

}  // namespace pinhook::demo
