// A slot: the place of one image reference in a file, and its text there. Its fellow at admission is pin::slot.
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
#include <string_view>

namespace pinhook::files {

struct comment_marker;

enum class slot_form : std::uint8_t {
  scalar,         // one string: "nginx:1.25"
  values,         // Helm values: registry, repository, tag and digest beside each other in one mapping
  kustomization,  // an entry of a kustomization's `images`: name, newName, newTag, digest
  artefact,       // a Flux OCIRepository: url, ref.tag, ref.digest
};

/// The reason why no command changes a slot.
enum class skip_reason : std::uint8_t {
  none,
  variable,      // "{{ .Values.image }}", "$(params.image)", "${TAG}": another program fills it in
  no_tag_here,   // a kustomization's or chart's entry without a tag: the tag comes from elsewhere
  built,         // a Compose service with `build`, "ko://…": its image is built, not pulled
  overridden,    // a kustomization's entry whose tag a later entry replaces, which `problem` names
  skip_label,    // the object is labelled pinhook.dev/pin: skip
  skip_comment,  // the author's comment "pinhook: skip" (skip_comment.hpp)
  pattern,       // a policy compares images with it: "ghcr.io/acme/*"; or it stands in a policy
  replaced,      // a kustomization replaces it, tag or digest included; `problem` names both
  split,         // it is put together from several places (by a chart), or is on two lines; `problem` says so
  number_tag,    // Helm values: the tag is a number, and Helm writes another text; `problem` has the line to write
  invalid,       // not an image reference; `problem` has the reason
};

/// For people and JSON: "variable", "no-tag-here", "built", "overridden", "skip-label", "skip-comment", "pattern",
/// "replaced", "split",
/// "number-tag", "invalid".
[[nodiscard]] std::string_view to_string(skip_reason reason) noexcept;

/// True for a reason that the author chose; reports need no line for it.
[[nodiscard]] constexpr bool is_on_purpose(skip_reason reason) noexcept {
  using enum skip_reason;
  return reason == variable || reason == no_tag_here || reason == built || reason == skip_label ||
         reason == skip_comment || reason == pattern;
}

struct slot {
  /// Index of the YAML document in its file.
  std::size_t document = 0;
  /// The owner of the image: "Deployment shop/web" (kind, namespace/name as far as they are written), "service web",
  /// "kustomization", "values".
  std::string object;
  /// The object's group and kind ("" is core) and its namespace, where one is written; all empty where it is not a
  /// Kubernetes object.
  std::string group, kind, ns;
  /// The container's (volume's, entry's) name, else the path to the image: "spec.image".
  std::string name;
  pin::container_type type = pin::container_type::other;
  slot_form form = slot_form::scalar;
  /// True for an image in a text that holds YAML: `pointer` leads to the text and then on in it.
  bool is_in_text = false;
  /// JSON Pointer, from the document's root, to the string, the mapping of the values, or the entry.
  std::string pointer;
  /// The imagePullPolicy beside it (of an image volume: pullPolicy; of Helm values: either); empty when there is none.
  std::string pull_policy;
  /// The position of the image (of values: its tag, else its repository), both from 1; columns count characters.
  std::size_t line = 1;
  std::size_t column = 1;
  /// The image as written; of values and kustomizations put together: "docker.io/bitnami/redis:7.2@sha256:…".
  std::string written;
  skip_reason reason = skip_reason::none;
  /// True for a text that only looks like an image, in a place that no schema names: when its registry does not know
  /// it, it is left as it is.
  bool is_guess = false;
  /// invalid, number_tag, split: the fault of `written`; overridden, replaced: the entry that replaces it; variable:
  /// what fills it in, where that is known. Where `reason` is `none`: the reason why no digest is looked up and written
  /// here; empty: none.
  std::string problem;
  /// The remedy for `problem`. Empty: write a reference.
  std::string remedy;
  /// A possible fault of a pin here that pinhook cannot verify; all doubts of one kind in a file have the same text.
  std::string doubt;
  /// The only format that works here, since another entry of the kustomization compares the tag. None: any format.
  std::optional<pin::pin_format> format;
  /// `written`, parsed; none when it is not a reference.
  std::optional<registry::reference> ref;
  /// The tag reference, with the name as the author wrote it and without a digest: for "nginx:1.25" itself, for
  /// "nginx:1.25@sha256:…" the tag before the digest, for "nginx@sha256:… # nginx:1.25" the reference in the comment.
  /// None for a digest alone, whose tag is unknown.
  std::optional<registry::reference> tag;
  /// Another program's comment that must be the only one on the image's line (of values and kustomizations the tag's),
  /// so that a pin keeps its tag in the reference. Null: none. It is in the table of comment_markers.hpp.
  const comment_marker* marker = nullptr;

  /// True for an image where no digest may be written.
  [[nodiscard]] bool is_refused() const { return reason == skip_reason::none && !problem.empty(); }
  /// True when the image has a digest.
  [[nodiscard]] bool is_pinned() const { return ref && ref->is_pinned(); }
};

}  // namespace pinhook::files
