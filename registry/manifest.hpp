// From a response to a digest: which answer is believed, when to ask again by GET, what is refused (registry.md §2.2).
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/http/message.hpp>
#include <pinhook/registry/descriptor.hpp>
#include <pinhook/registry/error_body.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pinhook::registry {

/// All four types in one line without q values: without the index types some registries answer with one platform's
/// manifest or 404, and Nexus fails on q values (registry.md §2.1).
inline constexpr std::string_view accepted_manifests =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// Bytes of a manifest that are read: distribution-spec wants registries to take at least 4 MiB, and distribution takes
/// no more.
inline constexpr std::size_t max_manifest_size = std::size_t{8} * 1024 * 1024;
/// Values in a manifest's JSON, and how deep they nest. An index of 8 MiB has some 300,000.
inline constexpr std::size_t max_manifest_nodes = 1'000'000;
inline constexpr std::size_t max_manifest_depth = 32;

/// What was asked, as far as the decision needs it.
struct manifest_question {
  refused_request about;
  /// The digest that the reference has, when it has one.
  std::optional<digest> expected;
  /// Where a GET counts as a pull, HEAD's 404 is believed (Docker Hub).
  bool get_is_costly = false;
};

/// Of a media type without parameters, in lower case. An image here is one that is run, not an index of some.
[[nodiscard]] bool is_index_type(std::string_view media_type);
[[nodiscard]] bool is_image_type(std::string_view media_type);

/// HEAD did not settle it; `why` is for the log.
struct ask_by_get {
  std::string why;
};

using head_decision = std::variant<descriptor, ask_by_get, error>;

/// What a response to HEAD means. Statuses 301…308 and 401 have been dealt with before: here they are errors.
[[nodiscard]] head_decision decide_head(const manifest_question& q, const http::response& r, wall_time now);

/// What a response to GET means: the digest of its bytes, when they are a manifest and the header agrees.
[[nodiscard]] result<descriptor> decide_get(const manifest_question& q, const http::response& r, wall_time now);

}  // namespace pinhook::registry
