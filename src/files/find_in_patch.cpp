// JSON patches (RFC 6902): of a kustomization, of Flux, and files of them.
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/known_forms.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

constexpr std::array<std::string_view, 2> writing_operations{"add", "replace"};

bool is_list_part(std::string_view part) {
  return part == "-" || (!part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; }));
}

// "/spec/template/spec/initContainers/0" and below.
bool leads_to_container(std::string_view path) {
  return path.contains("/containers") || path.contains("/initContainers") || path.contains("/ephemeralContainers");
}

// The last key of the path; that of the list for an item of it.
std::string_view last_key(std::string_view path) {
  std::string_view last = path.substr(path.rfind('/') + 1);
  if (!is_list_part(last)) return last;
  path.remove_suffix(std::min(last.size() + 1, path.size()));
  last = path.substr(path.rfind('/') + 1);
  return last;
}

}  // namespace

bool is_json_patch(const yaml::source_document& doc) {
  const known_form* form = form_of_shape(doc);
  return form != nullptr && form->is_patch;
}

result<void> find_in_patch(image_search& in, const owned_part& part) {
  if (in.doc.at(part.root).kind != source_kind::sequence) return {};
  std::size_t index = 0;
  for (node_index one = in.doc.at(part.root).first; one != no_node; one = in.doc.at(one).next, ++index) {
    const node_index item = in.doc.resolve(one);
    const auto value = member_of(in.doc, item, "value");
    if (!value) return fail(value.error());
    const std::string_view operation = scalar_at(in.doc, in.doc.find(item, "op"));
    const std::string_view path = scalar_at(in.doc, in.doc.find(item, "path"));
    if (value->value == no_node || path.empty() ||
        std::ranges::find(writing_operations, operation) == writing_operations.end())
      continue;
    keyed_part below{.value = value->value,
                     .pointer = fmt::format("{}/{}/value", part.pointer, index),
                     .key = last_key(path),
                     .is_of_container = leads_to_container(path)};
    if (auto ok = find_below_key(in, part, std::move(below)); !ok) return ok;
  }
  return {};
}

}  // namespace pinhook::files
