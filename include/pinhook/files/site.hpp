// A site: one place in a file where an image stands, and how it is written there.
//
// A plain value; any thread.
#pragma once

#include <pinhook/pin/policy.hpp>
#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pinhook::files {

struct comment_marker;

enum class site_form : std::uint8_t {
  scalar,         // one string: "nginx:1.25"
  values,         // Helm values: registry, repository, tag and digest beside each other in one mapping
  kustomization,  // an entry of a kustomization's `images`: name, newName, newTag, digest
};

/// Why a site is left as it is, whatever is asked.
enum class skip_reason : std::uint8_t {
  none,
  variable,     // "{{ .Values.image }}", "$(params.image)", "${TAG}": something else fills it in
  no_tag_here,  // a kustomization's or chart's entry without a tag: it comes from elsewhere
  built,        // a Compose service with `build`: its image is made, not pulled
  overridden,   // a kustomization's entry whose tag an entry behind it replaces; `problem` says which
  skip_label,   // the object is labelled pinhook.dev/pin: skip
  split,        // Helm values: a chart puts it together from several places, and how is not known; `problem` has them
  number_tag,   // Helm values: the tag is a number, of which Helm makes another text; `problem` has the line to write
  invalid,      // no image reference; `problem` says why
};

/// For people and JSON: "variable", "no-tag-here", "built", "overridden", "skip-label", "split", "number-tag",
/// "invalid".
[[nodiscard]] std::string_view to_string(skip_reason reason) noexcept;

/// What the author wrote so: it needs no line of a report.
[[nodiscard]] constexpr bool is_on_purpose(skip_reason reason) noexcept {
  using enum skip_reason;
  return reason == variable || reason == no_tag_here || reason == built || reason == skip_label;
}

struct site {
  /// Index of the YAML document in its file.
  std::size_t document = 0;
  /// Whose image it is: "Deployment shop/web" (kind, namespace/name as far as they are written), "service web",
  /// "kustomization", "values".
  std::string object;
  /// The object's group and kind ("" is core) and its namespace, where one is written; all empty where it is no object
  /// of Kubernetes.
  std::string group, kind, ns;
  /// The container's (volume's, entry's) name, else the path to the image: "spec.image".
  std::string name;
  pin::container_type type = pin::container_type::other;
  site_form form = site_form::scalar;
  /// JSON Pointer, from the document's root, to the string, the mapping of the values, or the entry.
  std::string pointer;
  /// What is written beside it as imagePullPolicy (of an image volume: pullPolicy; of Helm values: either); empty when
  /// nothing is.
  std::string pull_policy;
  /// Where the image is written (of values: its tag, else its repository), both from 1; columns count characters.
  std::size_t line = 1;
  std::size_t column = 1;
  /// The image as written; of values and kustomizations put together: "docker.io/bitnami/redis:7.2@sha256:…".
  std::string written;
  skip_reason reason = skip_reason::none;
  /// invalid, number_tag, split: what is wrong with `written`; overridden: by what. Of an image that is like others
  /// (`reason` is `none`): why no digest is looked up for it and written here; empty: nothing is against it.
  std::string problem;
  /// What to do about `problem`; empty: write a reference.
  std::string remedy;
  /// What a pin here may break, when pinhook cannot see whether it does; the same words for all of its kind in a file.
  std::string doubt;
  /// How a pin must be written here, whatever is asked; none: as asked. In kustomizations another entry may compare the
  /// tag.
  std::optional<pin::pin_format> format;
  /// `written`, parsed; none when it is no reference.
  std::optional<registry::reference> ref;
  /// The tag reference that is meant, with the author's name and without a digest: of "nginx:1.25" itself, of
  /// "nginx:1.25@sha256:…" the tag before the digest, of "nginx@sha256:… # nginx:1.25" what the comment says. None when
  /// a digest stands alone: nobody knows what it was.
  std::optional<registry::reference> tag;
  /// Another program's comment that has the image's line (of values and kustomizations the tag's) for itself, so that a
  /// pin keeps its tag in the reference; null: none. Of the table in comment_markers.hpp.
  const comment_marker* marker = nullptr;

  /// An image, but no digest may be written here.
  [[nodiscard]] bool is_refused() const { return reason == skip_reason::none && !problem.empty(); }
  /// There is a digest.
  [[nodiscard]] bool is_pinned() const { return ref && ref->is_pinned(); }
};

}  // namespace pinhook::files
