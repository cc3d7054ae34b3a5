#include <pinhook/pipeline/post_renderers.hpp>

#include <pinhook/files/kustomize_image.hpp>
#include <pinhook/yaml/each_item.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::pipeline {
namespace {

using yaml::node_index;
using yaml::source_document;

constexpr std::string_view key = "postRenderers";
// fluxcd/helm-controller, internal/postrender: they are kustomizations of what the chart renders.
constexpr std::string_view list_at = "/spec/postRenderers";
constexpr std::string_view values_at = "/spec/values/";

std::vector<files::kustomize_entry> entries_of(const source_document& doc) {
  std::vector<files::kustomize_entry> out;
  yaml::for_each_item(doc, doc.at_pointer(doc.root, list_at), [&](node_index renderer) {
    yaml::for_each_item(doc, doc.find(doc.resolve(doc.find(renderer, "kustomize")), "images"), [&](node_index one) {
      const auto text = [&](std::string_view name) { return std::string(doc.text_of(one, name)); };
      if (text("name").empty() || out.size() == files::max_kustomize_entries) return;
      out.push_back({.name = text("name"),
                     .new_name = text("newName"),
                     .new_tag = text("newTag"),
                     .tag_suffix = {},
                     .digest = text("digest"),
                     .fault = {}});
    });
  });
  return out;
}

}  // namespace

bool may_have_post_renderers(std::string_view text) { return text.contains(key); }

renamed_images renamed_by_post_renderers(const files::image_file& content) {
  renamed_images out;
  const auto read = yaml::read_source(content.text());
  if (!read) return out;
  const auto& slots = content.slots();
  for (std::size_t number = 0; number < read->documents.size(); ++number) {
    const auto entries = entries_of(read->documents[number]);
    if (entries.empty()) continue;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const files::slot& s = slots[i];
      const bool is_value =
          s.document == number && s.tag && s.reason == files::skip_reason::none && s.pointer.starts_with(values_at);
      if (!is_value) continue;
      auto built = files::follow(entries, s.tag->written());
      const bool decides = std::ranges::any_of(built.matched, [&](std::size_t m) { return entries[m].decides(); });
      const auto ref = registry::reference::parse(built.image);
      if (built.matched.empty() || decides || (ref && ref->canonical() == s.tag->canonical())) continue;
      out.emplace(i, renamed_image{.ref = ref ? std::optional(*ref) : std::nullopt,
                                   .text = std::move(built.image),
                                   .by = "spec.postRenderers",
                                   .remedy = "write the new name in the values, or newTag beside it"});
    }
  }
  return out;
}

}  // namespace pinhook::pipeline
