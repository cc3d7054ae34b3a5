// Literal texts inside of documents that hold YAML: Helm values, and Kubernetes objects.
#include <pinhook/files/image_search.hpp>
#include <pinhook/yaml/embedded.hpp>

#include <fmt/core.h>

#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;

result<void> search_text(image_search& in, owned_part part, text_form form) {
  if (auto ok = refuse_template(in); !ok) return ok;
  part.root = in.doc.root;
  if (part.root == no_node) return {};
  if (form == text_form::values) return find_in_values(in, part);
  const auto type = type_of(in.doc, part.root);
  if (type) return find_in_object(in, part, *type);
  return is_json_patch(in.doc) ? find_in_patch(in, part) : result<void>();
}

}  // namespace

void find_in_text(image_search& in, yaml::node_index scalar, const owned_part& part, text_form form) {
  if (in.depth == max_text_depth || !holds_image_key(in.doc.at(scalar).text, in.places)) return;
  auto read = yaml::read_embedded(in.doc, in.text, scalar);
  if (!read) return;
  inner_text& inner = in.inner.emplace_back(*std::move(read), std::vector<std::vector<found_image>>());
  for (std::size_t i = 0; i < inner.from.documents.size(); ++i) {
    image_search own{.doc = inner.from.documents[i],
                     .text = in.text,
                     .document = in.document,
                     .places = in.places,
                     .marks = in.marks,
                     .inner = in.inner,
                     .depth = in.depth + 1,
                     .budget = in.budget,
                     .images = {}};
    owned_part of = part;
    if (i > 0) of.pointer += fmt::format("/{}", i);
    if (search_text(own, std::move(of), form))
      complete(own);
    else
      own.images.clear();
    // A pin of a kustomization's entry may need a line of its own.
    if (own.doc.encoding != yaml::text_encoding::none)
      std::erase_if(own.images, [](const found_image& one) { return one.slot.form == slot_form::kustomization; });
    in.budget = own.budget;
    inner.images.push_back(std::move(own.images));
  }
}

}  // namespace pinhook::files
