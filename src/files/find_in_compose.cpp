// Compose files (compose-spec, "services"): the image of each service.
#include <pinhook/files/finding.hpp>
#include <pinhook/pin/find_slots.hpp>
#include <pinhook/pin/json_pointer.hpp>

#include <fmt/core.h>

#include <set>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;
using yaml::source_kind;

node_index services_of(const source_document& doc) { return doc.resolve(doc.find(doc.root, "services")); }

result<void> take_service(finding& f, std::string_view name, node_index service) {
  const auto image = member_of(f.doc, service, "image");
  if (!image) return fail(image.error());
  const auto text = string_at(f.doc, image->value);
  if (!text || text->empty()) return {};
  const auto build = member_of(f.doc, service, "build");
  if (!build) return fail(build.error());
  std::string pointer = "/services";
  pin::append_pointer(pointer, name);
  found_image found = scalar_image(f, image->value, pointer + "/image");
  found.what.object = fmt::format("service {}", name);
  found.what.name = name;
  if (!f.doc.is_null(build->value)) found.what.reason = skip_reason::built;
  keep(f, std::move(found));
  return {};
}

}  // namespace

bool is_compose_file(const source_document& doc) {
  if (doc.find(doc.root, "apiVersion") != no_node || doc.find(doc.root, "kind") != no_node) return false;
  const node_index services = services_of(doc);
  return services != no_node && doc.at(services).kind == source_kind::mapping;
}

result<void> find_in_compose_file(finding& f) {
  if (const auto services = member_of(f.doc, f.doc.root, "services"); !services) return fail(services.error());
  std::set<std::string_view> names;
  for (node_index k = f.doc.at(services_of(f.doc)).first; k != no_node; k = f.doc.at(f.doc.at(k).next).next) {
    const yaml::source_node& key = f.doc.at(f.doc.resolve(k));
    const node_index service = f.doc.resolve(f.doc.at(k).next);
    if (key.kind != source_kind::scalar || f.doc.at(service).kind != source_kind::mapping || key.text == "<<") continue;
    if (!names.insert(key.text).second)
      return refuse_at(f.doc.at(k), fmt::format("the key {} stands twice", quoted(key.text)));
    if (auto ok = take_service(f, key.text, service); !ok) return ok;
  }
  return {};
}

}  // namespace pinhook::files
