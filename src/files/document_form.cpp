#include <pinhook/files/document_form.hpp>

#include <pinhook/files/image_search.hpp>
#include <pinhook/files/kustomization_name.hpp>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_document;

// True for a document that kustomize accepts in a file of that name: it fills in a missing kind or apiVersion.
bool may_be_kustomization(const source_document& doc) {
  const node_index kind = doc.find(doc.root, "kind");
  const std::string_view text = doc.text_of(doc.root, "kind");
  return kind == no_node || text.empty() || text == "Kustomization" || text == "Component";
}

}  // namespace

recognised_document recognise(const source_document& doc, std::string_view path, const known_form* named) {
  using enum document_form;
  // Its list of images may be empty, and is no text.
  if (named != nullptr && is_list_of_images(named->syntax)) return {known, named};
  if (doc.root == no_node || doc.is_null(doc.root)) return {empty};
  if (type_of(doc, doc.root)) return {object};
  if (is_kustomization_name(path) && may_be_kustomization(doc)) return {kustomization};
  if (named != nullptr) return {known, named};
  // The name counts first: charts have values called `services`, too.
  if (is_values_file(path)) return {values};
  if (const known_form* row = form_of_shape(doc)) return {known, row};
  return {is_compose_file(doc) ? compose : other};
}

}  // namespace pinhook::files
