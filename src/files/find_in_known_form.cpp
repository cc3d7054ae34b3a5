// The images of the files and fields in the table of known forms.
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/known_forms.hpp>
#include <pinhook/files/values_overrides.hpp>
#include <pinhook/pin/image_keys.hpp>
#include <pinhook/pin/object.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::files {
namespace {

using yaml::node_index;

constexpr std::string_view flux_sources = "source.toolkit.fluxcd.io";

// True for a word of a text whose words are separated by blanks.
bool is_word_of(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

class form_search {
 public:
  // `owner`: object, group, kind, namespace and reason of the images.
  form_search(image_search& in, const known_form& form, const slot& owner)
      : in_(in),
        form_(form),
        owner_(owner),
        image_count_(node_paths(form.images).size()),
        uri_end_(node_paths(form.images, form.uris).size()) {
    for (const found_image& one : in.images) known_.insert(one.scalar);
  }

  // `base`: the pointer to `from`.
  result<void> run(node_index from, const std::string& base) {
    return image_paths_of(form_).walk(in_.doc, from, in_.budget, [&](const path_match& m) {
      take(m, base);
      return true;
    });
  }

 private:
  [[nodiscard]] bool is_other(std::string_view pointer) const {
    if (pointer.empty() || form_.others.empty()) return false;
    pointer.remove_prefix(1);
    return is_word_of(form_.others, pointer.substr(0, pointer.find('/')));
  }

  void take(const path_match& m, const std::string& base) {
    const auto text = string_at(in_.doc, m.node);
    if (!text || text->empty() || is_other(m.pointer)) return;
    const bool has_scheme = text->starts_with(form_.scheme);
    const bool is_uri_path = m.path >= image_count_ && m.path < uri_end_;
    if (m.path >= uri_end_ && !pin::is_whole_image(*text)) return;
    // A node that is found by two paths, or through an alias around it, is one image.
    if ((is_uri_path && !has_scheme) || !known_.insert(m.node).second) return;
    found_image image = scalar_image(in_, m.node, base + std::string(m.pointer));
    if (has_scheme) {
      image.before = form_.scheme;
      image.slot.written.erase(0, form_.scheme.size());
    }
    image.slot.object = owner_.object;
    image.slot.group = owner_.group;
    image.slot.kind = owner_.kind;
    image.slot.ns = owner_.ns;
    image.slot.reason = owner_.reason;
    keep(in_, std::move(image));
  }

  image_search& in_;
  const known_form& form_;
  const slot& owner_;
  // The number of paths to images; those to URIs follow until `uri_end_`, then those to names.
  const std::size_t image_count_;
  const std::size_t uri_end_;
  std::set<node_index> known_;
};

// Through an alias the same values may be found twice.
result<void> find_in_values_of(image_search& in, const known_form& form) {
  std::vector<owned_part> parts;
  std::set<node_index> seen;
  auto ok = values_paths_of(form).walk(in.doc, in.doc.root, in.budget, [&](const path_match& m) {
    if (!seen.insert(m.node).second) return true;
    parts.push_back(part_of(m.node, form.title));
    parts.back().pointer = m.pointer;
    return true;
  });
  for (auto at = parts.begin(); ok && at != parts.end(); ++at) {
    const std::size_t before = in.images.size();
    ok = find_in_values(in, *at);
    values_overrides(in.doc, at->root).settle(in.doc, at->root, at->pointer, in.images, before);
  }
  return ok;
}

}  // namespace

result<void> find_in_known_form(image_search& in, const known_form& form) {
  if (form.syntax == file_syntax::dockerfile) {
    find_in_dockerfile(in);
    return {};
  }
  if (form.syntax == file_syntax::variables) {
    find_in_environment_file(in);
    return {};
  }
  if (form.is_patch) return find_in_patch(in, part_of(in.doc.root, form.title));
  slot owner;
  owner.object = form.title;
  if (auto ok = form_search(in, form, owner).run(in.doc.root, {}); !ok) return ok;
  return find_in_values_of(in, form);
}

result<void> find_in_known_fields(image_search& in, node_index object, const object_type& type,
                                  const std::string& pointer) {
  const known_form* form = form_of_group(type.group);
  const bool is_artefact = type.group == flux_sources && type.kind == "OCIRepository";
  if (form == nullptr && !is_artefact) return {};
  owned_part part = part_of(object, {});
  part.pointer = pointer;
  set_owner(in.doc, object, type, part.owner);
  const node_index labels = in.doc.find(in.doc.find(object, "metadata"), "labels");
  if (string_at(in.doc, in.doc.find(labels, pin::pin_label)) == "skip") part.owner.reason = skip_reason::skip_label;
  return is_artefact ? find_in_oci_repository(in, part) : form_search(in, *form, part.owner).run(object, pointer);
}

}  // namespace pinhook::files
