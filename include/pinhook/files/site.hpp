// A site: one place in a file where an image stands, and how it is written there.
//
// A plain value; any thread.
#pragma once

#include <pinhook/pin/slot.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pinhook::files {

enum class site_form : std::uint8_t {
  scalar,         // one string: "nginx:1.25"
  values,         // Helm values: registry, repository, tag and digest beside each other in one mapping
  kustomization,  // an entry of a kustomization's `images`: name, newName, newTag, digest
};

/// Why a site is left as it is, whatever is asked.
enum class untouched : std::uint8_t {
  no,
  variable,     // "{{ .Values.image }}", "$(params.image)", "${TAG}": something else fills it in
  no_tag_here,  // a kustomization's or chart's entry without a tag: it comes from elsewhere
  built,        // a Compose service with `build`: its image is made, not pulled
  skip_label,   // the object is labelled pinhook.dev/pin: skip
  invalid,      // no image reference; `problem` says why
};

/// For people and JSON: "variable", "no-tag-here", "built", "skip-label", "invalid".
[[nodiscard]] std::string_view to_string(untouched why) noexcept;

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
  untouched why = untouched::no;
  /// invalid: what is wrong with `written`.
  std::string problem;
  /// `written`, parsed; none when it is no reference.
  std::optional<registry::reference> ref;
  /// The tag reference that is meant, with the author's name and without a digest: of "nginx:1.25" itself, of
  /// "nginx:1.25@sha256:…" the tag before the digest, of "nginx@sha256:… # nginx:1.25" what the comment says. None when
  /// a digest stands alone: nobody knows what it was.
  std::optional<registry::reference> tag;

  /// There is a digest.
  [[nodiscard]] bool is_pinned() const { return ref && ref->is_pinned(); }
};

}  // namespace pinhook::files
