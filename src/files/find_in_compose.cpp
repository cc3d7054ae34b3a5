// Compose files (compose-spec, "services"): the image of each service.
#include <pinhook/base/json_pointer.hpp>
#include <pinhook/files/image_search.hpp>
#include <pinhook/pin/find_slots.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

constexpr std::string_view image_scheme = "docker-image://";

node_index services_of(const source_document& doc) { return doc.resolve(doc.find(doc.root, "services")); }

result<void> take_service(image_search& in, std::string_view name, node_index service) {
  const auto image = member_of(in.doc, service, "image");
  if (!image) return fail(image.error());
  const auto text = string_at(in.doc, image->value);
  if (!text || text->empty()) return {};
  const auto build = member_of(in.doc, service, "build");
  if (!build) return fail(build.error());
  std::string pointer = "/services";
  append_pointer(pointer, name);
  found_image found = scalar_image(in, image->value, pointer + "/image");
  found.slot.object = fmt::format("service {}", name);
  found.slot.name = name;
  if (!in.doc.is_null(build->value)) found.slot.reason = skip_reason::built;
  keep(in, std::move(found));
  return {};
}

// {additional_contexts: {base: "docker-image://alpine:3.20"}}, or as a list of "base=docker-image://alpine:3.20".
result<void> take_contexts(image_search& in, std::string_view name, node_index service) {
  const node_index contexts = in.doc.resolve(in.doc.find(in.doc.find(service, "build"), "additional_contexts"));
  if (contexts == no_node || in.doc.at(contexts).kind == source_kind::scalar) return {};
  const bool is_mapping = in.doc.at(contexts).kind == source_kind::mapping;
  std::string base = "/services";
  append_pointer(base, name);
  base += "/build/additional_contexts";
  std::size_t index = 0;
  for (node_index one = in.doc.at(contexts).first; one != no_node; ++index) {
    const node_index value = is_mapping ? in.doc.at(one).next : one;
    std::string pointer = base;
    append_pointer(pointer, is_mapping ? scalar_at(in.doc, one) : std::string_view(std::to_string(index)));
    one = in.doc.at(value).next;
    const auto text = string_at(in.doc, value);
    const std::size_t scheme = text ? text->find(image_scheme) : std::string_view::npos;
    if (scheme == std::string_view::npos || (is_mapping && scheme > 0)) continue;
    found_image found = scalar_image(in, value, std::move(pointer));
    found.before = text->substr(0, scheme + image_scheme.size());
    found.slot.written = text->substr(scheme + image_scheme.size());
    found.slot.object = fmt::format("service {}", name);
    found.slot.name = "build.additional_contexts";
    keep(in, std::move(found));
  }
  return {};
}

// {type: image, source: acme/models:3}: the files of an image (docs.docker.com/reference/compose-file/services,
// volumes). In the short form, "NAME:/path", it is a volume.
void take_volumes(image_search& in, std::string_view name, node_index service) {
  const node_index volumes = in.doc.resolve(in.doc.find(service, "volumes"));
  if (volumes == no_node || in.doc.at(volumes).kind != source_kind::sequence) return;
  std::size_t index = 0;
  for (node_index one = in.doc.at(volumes).first; one != no_node; one = in.doc.at(one).next, ++index) {
    const node_index volume = in.doc.resolve(one);
    if (in.doc.at(volume).kind != source_kind::mapping || in.doc.text_of(volume, "type") != "image") continue;
    const node_index source = in.doc.find(volume, "source");
    const auto text = string_at(in.doc, source);
    if (!text || text->empty()) continue;
    std::string pointer = "/services";
    append_pointer(pointer, name);
    found_image found = scalar_image(in, source, fmt::format("{}/volumes/{}/source", pointer, index));
    found.slot.object = fmt::format("service {}", name);
    found.slot.name = "volumes";
    keep(in, std::move(found));
  }
}

}  // namespace

bool is_compose_file(const source_document& doc) {
  if (doc.find(doc.root, "apiVersion") != no_node || doc.find(doc.root, "kind") != no_node) return false;
  const node_index services = services_of(doc);
  return services != no_node && doc.at(services).kind == source_kind::mapping;
}

result<void> find_in_compose_file(image_search& in) {
  if (const auto services = member_of(in.doc, in.doc.root, "services"); !services) return fail(services.error());
  std::set<std::string_view> names;
  for (node_index k = in.doc.at(services_of(in.doc)).first; k != no_node; k = in.doc.at(in.doc.at(k).next).next) {
    const yaml::source_node& key = in.doc.at(in.doc.resolve(k));
    const node_index service = in.doc.resolve(in.doc.at(k).next);
    if (key.kind != source_kind::scalar || in.doc.at(service).kind != source_kind::mapping || key.text == "<<")
      continue;
    if (!names.insert(key.text).second)
      return refuse_at(in.doc.at(k), fmt::format("duplicate key {}", quoted(key.text)));
    if (auto ok = take_service(in, key.text, service); !ok) return ok;
    if (auto ok = take_contexts(in, key.text, service); !ok) return ok;
    take_volumes(in, key.text, service);
  }
  return {};
}

}  // namespace pinhook::files
