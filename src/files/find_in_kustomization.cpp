// The `images` of a kustomization (sigs.k8s.io/kustomize, api/types/image.go).
#include <pinhook/files/finding.hpp>

#include <fmt/format.h>

#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;
using yaml::source_kind;

// Where the image is written: its tag, else its digest, else its name.
node_index place_of(const finding& f, const found_image& image) {
  if (!scalar_at(f.doc, image.tag).empty()) return image.tag;
  return scalar_at(f.doc, image.digest).empty() ? image.name : image.digest;
}

result<void> take_entry(finding& f, node_index entry, std::string pointer) {
  const auto name = member_of(f.doc, entry, "name");
  const auto new_name = member_of(f.doc, entry, "newName");
  const auto tag = member_of(f.doc, entry, "newTag");
  const auto digest = member_of(f.doc, entry, "digest");
  for (const auto* one : {&name, &new_name, &tag, &digest})
    if (!*one) return fail(one->error());
  found_image image;
  image.mapping = entry;
  image.name = scalar_at(f.doc, new_name->value).empty() ? name->value : new_name->value;
  image.tag_key = tag->key;
  image.tag = tag->value;
  image.digest_key = digest->key;
  image.digest = digest->value;
  const std::string_view image_name = scalar_at(f.doc, image.name);
  if (image_name.empty()) return {};
  const std::string_view tag_text = scalar_at(f.doc, image.tag);
  const std::string_view digest_text = scalar_at(f.doc, image.digest);
  site& s = image.what;
  s.document = f.document;
  s.object = "kustomization";
  s.name = scalar_at(f.doc, name->value);
  if (s.name.empty()) s.name = image_name;
  s.form = site_form::kustomization;
  s.pointer = std::move(pointer);
  s.line = f.doc.at(place_of(f, image)).line;
  s.column = f.doc.at(place_of(f, image)).column;
  s.written = image_name;
  if (!tag_text.empty()) s.written += fmt::format(":{}", tag_text);
  if (!digest_text.empty()) s.written += fmt::format("@{}", digest_text);
  if (tag_text.empty() && digest_text.empty()) s.why = untouched::no_tag_here;
  keep(f, std::move(image));
  return {};
}

}  // namespace

result<void> find_in_kustomization(finding& f, node_index root, const std::string& pointer) {
  const auto images = member_of(f.doc, root, "images");
  if (!images) return fail(images.error());
  const node_index list = f.doc.resolve(images->value);
  if (list == no_node || f.doc.at(list).kind != source_kind::sequence) return {};
  std::size_t index = 0;
  for (node_index one = f.doc.at(list).first; one != no_node; one = f.doc.at(one).next, ++index) {
    const node_index entry = f.doc.resolve(one);
    if (f.doc.at(entry).kind != source_kind::mapping) continue;
    if (auto ok = take_entry(f, entry, fmt::format("{}/images/{}", pointer, index)); !ok) return ok;
  }
  return {};
}

}  // namespace pinhook::files
