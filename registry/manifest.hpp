// Turns a response into a digest: which answers are trusted, when GET is needed, and which are refused
// (distribution-spec at 967efdc0, "Pulling manifests", and the registries that do otherwise).
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

/// All four types in one line without q values: without the index types distribution answers with one platform's
/// manifest or with 404 (registry/handlers/manifests.go at 0d6b721d; ACR and GitLab with 404, too), without the OCI
/// types Quay answers with schema 1, and Nexus fails on q values (NEXUS-24124). One line, since a proxy kept only one
/// of several (cri-o#9902); Harbor 1.1.1 required several (containerd#5632).
inline constexpr std::string_view accepted_manifests =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// Bytes of a manifest that are read: distribution-spec requires registries to accept at least 4 MiB, and distribution
/// accepts no more.
inline constexpr std::size_t max_manifest_size = std::size_t{8} * 1024 * 1024;
/// Values in a manifest's JSON, and their depth. An index of 8 MiB has some 300,000.
inline constexpr std::size_t max_manifest_nodes = 1'000'000;
inline constexpr std::size_t max_manifest_depth = 32;

/// The part of the request that the decision needs.
struct manifest_query {
  refused_request about;
  /// The reference's digest, when it has one.
  std::optional<digest> expected;
  /// Where a GET counts as a pull, HEAD's 404 is believed (Docker Hub).
  bool get_is_costly = false;
};

/// The response's Content-Type without parameters, in lower case; empty: none.
[[nodiscard]] std::string media_type_of(const http::response& r);

/// For a media type without parameters, in lower case. An image here is one that can run, not an index.
[[nodiscard]] bool is_index_type(std::string_view media_type);
[[nodiscard]] bool is_image_type(std::string_view media_type);

/// HEAD did not decide it; `reason` is for the log.
struct ask_by_get {
  std::string reason;
};

using head_decision = std::variant<descriptor, ask_by_get, error>;

/// Decides on a response to HEAD. Statuses 301…308 and 401 are handled before: here they are errors.
[[nodiscard]] head_decision decide_head(const manifest_query& q, const http::response& r, wall_time now);

/// Decides on a response to GET: the digest of its bytes, when they are a manifest and the header agrees.
[[nodiscard]] result<descriptor> decide_get(const manifest_query& q, const http::response& r, wall_time now);

}  // namespace pinhook::registry
