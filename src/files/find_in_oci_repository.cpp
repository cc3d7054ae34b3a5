// The artefact of a Flux OCIRepository: https://fluxcd.io/flux/components/source/ocirepositories/#reference
#include <pinhook/files/image_search.hpp>
#include <pinhook/files/node_access.hpp>

#include <utility>

namespace pinhook::files {
namespace {

using yaml::no_node;
using yaml::node_index;

constexpr std::string_view scheme = "oci://";

}  // namespace

// Flux takes the digest first, then semver, then the tag; without any of them `latest`.
result<void> find_in_oci_repository(image_search& in, const owned_part& owner) {
  const node_index spec = in.doc.resolve(in.doc.find(owner.root, "spec"));
  const std::string_view url = in.doc.text_of(spec, "url");
  const node_index ref = in.doc.resolve(in.doc.find(spec, "ref"));
  if (!url.starts_with(scheme) || in.doc.at(ref).kind != yaml::source_kind::mapping) return {};
  const auto tag = member_of(in.doc, ref, "tag");
  const auto digest = tag ? member_of(in.doc, ref, "digest") : tag;
  if (!digest) return fail(digest.error());
  const std::string_view tag_text = scalar_at(in.doc, tag->value);
  const std::string_view digest_text = scalar_at(in.doc, digest->value);
  const node_index place = tag->value != no_node ? tag->value : digest->value;
  if (place == no_node || (tag_text.empty() && digest_text.empty())) return {};

  found_image image;
  image.mapping = ref;
  image.name = in.doc.find(spec, "url");
  image.tag_key = tag->key;
  image.tag = tag->value;
  image.digest_key = digest->key;
  image.digest = digest->value;
  slot& s = image.slot;
  s.form = slot_form::artefact;
  s.name = "spec.ref";
  s.pointer = owner.pointer + "/spec/ref";
  s.line = in.doc.at(place).line;
  s.column = in.doc.at(place).column;
  s.written = url.substr(scheme.size());
  if (!tag_text.empty()) s.written.append(":").append(tag_text);
  if (!digest_text.empty()) s.written.append("@").append(digest_text);
  if (digest_text.empty() && !in.doc.text_of(ref, "semver").empty()) {
    s.reason = skip_reason::variable;
    s.problem = "Flux chooses its tag by semver";
  }
  keep(in, owner, std::move(image));
  in.images.back().slot.format = pin::pin_format::tag_and_digest;
  return {};
}

}  // namespace pinhook::files
