// Entries of a kustomization's `images` with an image of its resources: kustomize's result, and pinhook's change of the
// entry. One table for the model (unit) and for the real kustomize (e2e).
//
// Images have the registry %R in front where a registry is asked: unit tests put one in as e2e does. %D is a digest
// that the author wrote.
#pragma once

#include <array>
#include <string_view>

namespace pinhook::testing {

enum class entry_verdict {
  pinned,     // `pin` gives the entry the digest of the built image
  current,    // it has a digest
  filled,     // it has neither tag nor digest: `pin` gives it the digest of the image that it matches
  no_match,   // kustomize does not match the image; the entry is pinned for itself, and the image gets an entry of its
              // own
  unmatched,  // as no_match, of an entry that has nothing to pin
  refused,    // invalid: the message names the correct form
  not_followed,  // the name is a regular expression: the entry is pinned for itself, the image gets no other
};

struct kustomize_case {
  std::string_view image;
  /// Members of the entry, as they stand between braces.
  std::string_view entry;
  /// The image that kustomize builds before anything is pinned.
  std::string_view built;
  entry_verdict verdict;
};

// clang-format off
inline constexpr std::array kustomize_cases{
    // The plain ones.
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web", "name: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web@%D", "name: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1@%D", "name: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api', newTag: v2", "%R/api:v2", entry_verdict::pinned},
    kustomize_case{"%R/web", "name: '%R/web', newName: '%R/api', newTag: v2", "%R/api:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: v2, tagSuffix: -arm", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '%R/web', digest: '%D'", "%R/web@%D", entry_verdict::current},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api', digest: '%D'", "%R/api@%D", entry_verdict::current},
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: v2, digest: '%D'", "%R/web:v2@%D", entry_verdict::current},
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: 'v2@%D'", "%R/web:v2@%D", entry_verdict::current},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api', newTag: 'v2@%D'", "%R/api:v2@%D", entry_verdict::current},
    // A short name in front of a registry's.
    kustomize_case{"web:v1", "name: web, newName: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"web", "name: web, newName: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    // A name with a tag.
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1@%D", "name: '%R/web:v1', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', newTag: v1", "%R/web:v1", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', newName: '%R/api', newTag: v2", "%R/api:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', digest: '%D'", "%R/web@%D", entry_verdict::current},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', newTag: v2, digest: '%D'", "%R/web:v2@%D", entry_verdict::current},
    kustomize_case{"%R/web:v3", "name: '%R/web:v1', newTag: v2", "%R/web:v3", entry_verdict::no_match},
    kustomize_case{"%R/web", "name: '%R/web:latest', newTag: v2", "%R/web", entry_verdict::no_match},
    kustomize_case{"%R/web:v11", "name: '%R/web:v1', newTag: v2", "%R/web:v11", entry_verdict::no_match},
    kustomize_case{"web:v1", "name: 'web:v1', newName: '%R/web', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    // A name with a digest.
    kustomize_case{"%R/web@%D", "name: '%R/web@%D', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1@%D", "name: '%R/web:v1@%D', newTag: v2", "%R/web:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1@%D", "name: '%R/web@%D', newTag: v2", "%R/web:v1@%D", entry_verdict::no_match},
    kustomize_case{"%R/web:v1", "name: '%R/web@%D', newTag: v2", "%R/web:v1", entry_verdict::no_match},
    kustomize_case{"%R/web@%D", "name: '%R/web@%D'", "%R/web@%D", entry_verdict::unmatched},
    // Names that differ from the written ones.
    kustomize_case{"docker.io/library/nginx@%D", "name: nginx, newName: '%R/web', newTag: v2", "docker.io/library/nginx@%D", entry_verdict::no_match},
    kustomize_case{"nginx@%D", "name: docker.io/library/nginx, newName: '%R/web', newTag: v2", "nginx@%D", entry_verdict::no_match},
    kustomize_case{"%R/web:v1", "name: '%R/we', newTag: v2", "%R/web:v1", entry_verdict::no_match},
    kustomize_case{"%R/web:v1", "name: web, newName: '%R/api', newTag: v2", "%R/web:v1", entry_verdict::no_match},
    kustomize_case{"%R/web:v1", "name: '%R/WEB', newName: '%R/api', newTag: v2", "%R/web:v1", entry_verdict::no_match},
    kustomize_case{"%R/a-b:v1", "name: '%R/a.b', newName: '%R/api', newTag: v2", "%R/api:v2", entry_verdict::pinned},
    // Neither tag nor digest.
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api'", "%R/api:v1", entry_verdict::filled},
    kustomize_case{"%R/web", "name: '%R/web', newName: '%R/api'", "%R/api", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web'", "%R/web:v1", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: ''", "%R/web:v1", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: , digest: ''", "%R/web:v1", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1'", "%R/web:v1", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', newName: '%R/api'", "%R/api:v1", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web', tagSuffix: -arm", "%R/web:v1-arm-arm", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web:v1', tagSuffix: -arm", "%R/web:v1-arm", entry_verdict::filled},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api', tagSuffix: -arm", "%R/api:v1-arm", entry_verdict::filled},
    kustomize_case{"%R/web@%D", "name: '%R/web', newName: '%R/api'", "%R/api@%D", entry_verdict::unmatched},
    // Entries that kustomize makes no image of, or another one than it seems.
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api:v2'", "%R/api:v2:v1", entry_verdict::refused},
    kustomize_case{"%R/web", "name: '%R/web', newName: '%R/api:v2'", "%R/api:v2", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api:v2', newTag: v3", "%R/api:v2:v3", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api:v2', digest: '%D'", "%R/api:v2@%D", entry_verdict::current},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api@%D'", "%R/api@%D:v1", entry_verdict::refused},
    kustomize_case{"%R/web", "name: '%R/web', newName: '%R/api@%D'", "%R/api@%D", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/web', newName: '%R/api@%D', newTag: v2", "%R/api@%D:v2", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/web', newTag: 'v2@%D', digest: '%D'", "%R/web:v2@%D@%D", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/web', newtag: v2", "%R/web:v2", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/w.*', newTag: v2", "%R/web:v2", entry_verdict::refused},
    kustomize_case{"%R/web:v1", "name: '%R/w.*', newName: '%R/api', newTag: v2", "%R/api:v2", entry_verdict::pinned},
    kustomize_case{"%R/web:v1", "name: '[', newName: '%R/api', newTag: v2", "%R/web:v1", entry_verdict::not_followed},
};
// clang-format on

}  // namespace pinhook::testing
