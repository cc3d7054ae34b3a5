// The API server's own types (OpenAPI v3), compared with those that pinhook knows: a release with a new field for an
// image, a new workload or a new way to write one fails this test, and the message says where to look.
#include "e2e/cluster.hpp"

#include <pinhook/base/json_cursor.hpp>
#include <pinhook/base/json_writer.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/pod_paths.hpp>

#include <fmt/core.h>
#include <rapidjson/pointer.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::e2e {
namespace {

struct reviewed {
  /// "Container.image": the type without its package, and the member.
  std::string_view field;
  std::string_view why;
};

// The slots of a pod spec, as src/pin/pod_spec.cpp reads them.
constexpr std::string_view slot_fields[] = {"v1.Container.image", "v1.EphemeralContainer.image",
                                            "v1.ImageVolumeSource.reference"};

// Texts that speak of images, and fields that hold anything: none of them makes a kubelet pull.
constexpr reviewed reviewed_fields[] = {
    {"v1.Container.args", "its text explains the image's CMD"},
    {"v1.Container.command", "its text explains the image's ENTRYPOINT"},
    {"v1.Container.imagePullPolicy", "when to pull"},
    {"v1.Container.workingDir", "a path"},
    {"v1.EphemeralContainer.args", "as of Container"},
    {"v1.EphemeralContainer.command", "as of Container"},
    {"v1.EphemeralContainer.imagePullPolicy", "as of Container"},
    {"v1.EphemeralContainer.workingDir", "as of Container"},
    {"v1.ImageVolumeSource.pullPolicy", "when to pull"},
    {"v1.PodSecurityContext.supplementalGroupsPolicy", "groups of a process"},
    {"v1.WindowsSecurityContextOptions.runAsUserName", "a user"},
    {"v1.VolumeMount.bindMountOptions", "options of a mount"},
    {"v1.RuntimeClass.handler", "a runtime of the node's configuration"},

    {"v1.ContainerImage.names", "status: NodeStatus.images"},
    {"v1.ContainerStatus.image", "status"},
    {"v1.ContainerStatus.imageID", "status"},
    {"v1.ImageVolumeStatus.imageRef", "status"},
    {"v1.NodeSystemInfo.osImage", "status: the node's system"},
    {"v1.PodStatus.phase", "status"},

    {"v1.QuobyteVolumeSource.registry", "the address of a Quobyte server"},
    {"v1.RBDPersistentVolumeSource.image", "a block device of Ceph"},
    {"v1.RBDVolumeSource.image", "a block device of Ceph"},
    {"v1.MutatingWebhook.name", "its text has an example named so"},
    {"v1.ValidatingWebhook.name", "its text has an example named so"},

    {"v1.ControllerRevision.data",
     "the template of a StatefulSet or DaemonSet as its controller kept it, pins and all"},
    {"OpaqueDeviceConfiguration.parameters", "a device driver's own"},
    {"AllocatedDeviceStatus.data", "status"},
    {"v1.WatchEvent.object", "an answer"},
};

// Ways to write an object with images by which none of them changes.
constexpr reviewed reviewed_subresources[] = {
    {"status", "the API server takes the status alone from it"},
    {"resize", "resources of containers alone: validation refuses another image"},
};

struct write {
  std::string group, kind;
  /// "pods/ephemeralcontainers"
  std::string resource;
  /// The type of the body.
  std::string type;
};

bool is_reviewed(std::span<const reviewed> list, std::string_view field) {
  return std::ranges::any_of(list, [&](const reviewed& r) {
    return field == r.field || (field.ends_with(r.field) && field[field.size() - r.field.size() - 1] == '.');
  });
}

// "io.k8s.api.core.v1.Container" of {"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}, alone or in allOf.
std::string reference_of(const json::value& schema) {
  if (const auto to = json::find_string(schema, "$ref")) return std::string(to->substr(to->rfind('/') + 1));
  const auto* all = json::find(schema, "allOf");
  return all != nullptr && all->IsArray() && !all->Empty() ? reference_of((*all)[0]) : std::string();
}

class api_types {
 public:
  /// Reads the result of `get("/openapi/v3…")`.
  template <class Get>
  explicit api_types(Get get, const std::set<std::string>& foreign_groups) {
    const auto index = parse(get("/openapi/v3"));
    for (const auto& one : json::find(*index, "paths")->GetObject()) {
      const std::string path(json::text_of(one.name));
      if (!path.starts_with("api/") && !path.starts_with("apis/")) continue;
      const bool is_foreign = std::ranges::any_of(
          foreign_groups, [&](const std::string& group) { return path.starts_with("apis/" + group + "/"); });
      if (!is_foreign) add(parse(get("/openapi/v3/" + path)));
    }
  }

  [[nodiscard]] const std::map<std::string, const json::value*>& schemas() const { return schemas_; }
  [[nodiscard]] const std::vector<write>& writes() const { return writes_; }

  /// JSON Pointers from an object of the type to the slots in it; the first element represents all.
  const std::vector<std::string>& slots_of(const std::string& type) {
    const auto [at, is_new] = slots_.try_emplace(type);
    const auto schema = schemas_.find(type);
    if (!is_new || schema == schemas_.end()) return at->second;
    const auto* members = json::find(*schema->second, "properties");
    if (members == nullptr) return at->second;
    std::vector<std::string> out;
    for (const auto& member : members->GetObject()) {
      const std::string name(json::text_of(member.name));
      std::string pointer = "/" + name;
      const json::value* of = &member.value;
      if (const auto* items = json::find(*of, "items")) of = items, pointer += "/0";
      if (std::ranges::find(slot_fields, last_two(type) + "." + name) != std::end(slot_fields)) out.push_back(pointer);
      const std::string inner = reference_of(*of);
      if (inner.empty()) continue;
      for (const std::string& rest : slots_of(inner)) out.push_back(pointer + rest);
    }
    return slots_[type] = out;
  }

  /// "v1.Container" of "io.k8s.api.core.v1.Container".
  static std::string last_two(const std::string& type) {
    const auto dot = type.rfind('.', type.rfind('.') - 1);
    return type.substr(dot + 1);
  }

 private:
  static std::unique_ptr<json::document> parse(const std::string& text) {
    auto parsed = json::parse(text);
    if (!parsed) throw std::runtime_error("OpenAPI: " + parsed.error().message);
    return std::make_unique<json::document>(std::move(*parsed));
  }

  void add(std::unique_ptr<json::document> document) {
    const auto* schemas = rapidjson::Pointer("/components/schemas").Get(*document);
    if (schemas != nullptr)
      for (const auto& one : schemas->GetObject()) schemas_.emplace(json::text_of(one.name), &one.value);
    if (const auto* paths = json::find(*document, "paths"))
      for (const auto& one : paths->GetObject()) add_writes(std::string(json::text_of(one.name)), one.value);
    documents_.push_back(std::move(document));
  }

  // "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status"
  void add_writes(const std::string& path, const json::value& operations) {
    static const std::regex form(
        R"(/apis?/(?:[^/]+/){1,2}?(?:namespaces/\{namespace\}/)?([a-z]+)(?:/\{name\}(?:/([a-z]+))?)?)");
    std::smatch found;
    if (!std::regex_match(path, found, form)) return;
    for (const char* verb : {"post", "put"}) {
      const auto* operation = json::find(operations, verb);
      if (operation == nullptr) continue;
      const auto* kind = json::find(*operation, "x-kubernetes-group-version-kind");
      const auto* content = rapidjson::Pointer("/requestBody/content").Get(*operation);
      if (kind == nullptr || content == nullptr || content->MemberCount() == 0) continue;
      const auto* schema = json::find(content->MemberBegin()->value, "schema");
      writes_.push_back({std::string(json::find_string(*kind, "group").value_or("")),
                         std::string(json::find_string(*kind, "kind").value_or("")),
                         found[1].str() + (found[2].matched ? "/" + found[2].str() : ""), reference_of(*schema)});
    }
  }

  std::vector<std::unique_ptr<json::document>> documents_;
  std::map<std::string, const json::value*> schemas_;
  std::vector<write> writes_;
  std::map<std::string, std::vector<std::string>> slots_;
};

class ApiSurvey : public Cluster {
 protected:
  static api_types& types() {
    static api_types all([](const std::string& path) { return kubectl_ok({"get", "--raw", path}); }, foreign_groups());
    return all;
  }
  // Other tests install custom resources.
  static std::set<std::string> foreign_groups() {
    const auto groups = read_all("default", "customresourcedefinitions", "/spec/group");
    return {groups.begin(), groups.end()};
  }
};

bool is_text(const json::value& schema) {
  const auto* of = &schema;
  if (const auto* inner = json::find(schema, "items")) of = inner;
  if (const auto* inner = json::find(schema, "additionalProperties")) of = inner;
  return json::find_string(*of, "type") == "string";
}

bool speaks_of_images(const std::string& name, const json::value& schema) {
  static const std::regex in_name("image|registry|artifact|^oci", std::regex::icase | std::regex::optimize);
  static const std::regex in_text(R"(image|artifact|\boci\b)", std::regex::icase | std::regex::optimize);
  const std::string text(json::find_string(schema, "description").value_or(""));
  return std::regex_search(name, in_name) || std::regex_search(text, in_text);
}

TEST_F(ApiSurvey, EveryFieldThatMayHoldAnImageIsASlotOrReviewed) {
  std::size_t slots = 0;
  for (const auto& [type, schema] : types().schemas()) {
    const auto* members = json::find(*schema, "properties");
    if (members == nullptr) continue;
    for (const auto& member : members->GetObject()) {
      const std::string name(json::text_of(member.name));
      const bool holds_anything = reference_of(member.value).ends_with(".RawExtension");
      if (!holds_anything && !(is_text(member.value) && speaks_of_images(name, member.value))) continue;
      const std::string field = api_types::last_two(type) + "." + name;
      const bool is_slot = std::ranges::find(slot_fields, field) != std::end(slot_fields);
      slots += is_slot ? 1 : 0;
      EXPECT_TRUE(is_slot || is_reviewed(reviewed_fields, field))
          << field << " is new: " << json::find_string(member.value, "description").value_or("no description")
          << "\nDoes a kubelet pull its value? Then it is a slot: src/pin/pod_spec.cpp, the matchConditions of "
             "the webhook manifests, and slot_fields here. Otherwise it belongs to reviewed_fields, with the reason.";
    }
  }
  EXPECT_GE(slots, 2U) << "the API server's types are not found";
}

bool is_sent(const json::document& webhooks, const write& one) {
  const auto holds = [](const json::value& rule, const char* list, const std::string& name) {
    return std::ranges::any_of(json::find(rule, list)->GetArray(),
                               [&](const json::value& v) { return json::text_of(v) == name; });
  };
  return std::ranges::any_of(rapidjson::Pointer("/webhooks/0/rules").Get(webhooks)->GetArray(), [&](const auto& rule) {
    return holds(rule, "apiGroups", one.group) && holds(rule, "resources", one.resource);
  });
}

// The object with one image, at the pointer.
std::string object_with(const write& kind, const std::string& pointer) {
  rapidjson::Document object(rapidjson::kObjectType);
  rapidjson::Pointer("/kind").Set(object, kind.kind.c_str());
  rapidjson::Pointer(pointer.c_str()).Set(object, "registry.example.com/web:1");
  return json::to_text(object);
}

std::vector<std::string> found_in(const std::string& object, const write& kind) {
  static const pin::pod_paths table;
  json::cursor at(object);
  pin::found_slots found;
  pin::slot_finder finder(at, table.of(kind.group, kind.kind), found);
  json::string key;
  for (at.enter_object(); at.next_key(key);) finder.take_member(key);
  std::vector<std::string> out;
  for (const auto& slot : found.slots) out.push_back(slot.pointer);
  return out;
}

TEST_F(ApiSurvey, EveryWayToWriteAnImageIsSentAndEveryPlaceIsInTheTable) {
  const auto webhooks = object("default", "mutatingwebhookconfiguration/pinhook");
  std::set<std::string> kinds;
  for (const write& one : types().writes()) {
    const auto& pointers = types().slots_of(one.type);
    if (pointers.empty()) continue;
    const auto slash = one.resource.find('/');
    if (slash != std::string::npos && is_reviewed(reviewed_subresources, one.resource.substr(slash + 1))) continue;
    kinds.insert(one.kind);
    EXPECT_TRUE(is_sent(webhooks, one))
        << one.resource << " of group \"" << one.group << "\" holds images at " << ::testing::PrintToString(pointers)
        << " and is not in the rules of the webhook configuration (manifests), or why not in reviewed_subresources";
    for (const auto& pointer : pointers)
      EXPECT_EQ(found_in(object_with(one, pointer), one), std::vector{pointer})
          << one.kind << " of group \"" << one.group << "\" is missing in the table of kinds (src/pin)";
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "PodTemplate",
                                          "ReplicaSet", "ReplicationController", "StatefulSet"}));
}

}  // namespace
}  // namespace pinhook::e2e
