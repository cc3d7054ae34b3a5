// What a registry has for a tag or a digest, as far as two digests can be compared by it; and the kind of a move from
// one to another.
//
//   same_image(pinned, running, known)          // an index and a platform's manifest in it are the same image
//   move_of(before, now, known, "1.4.2")        // none, list, bytes, version_tag, unknown
//
// Sources: OCI image-spec image-index.md; BuildKit's attestations have the platform unknown/unknown (docs.docker.com
// "Image attestation storage"). Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::fleet {

/// Manifests of one index that are kept.
inline constexpr std::size_t max_index_children = 256;

struct index_child {
  registry::digest digest;
  /// "linux/arm64"; empty: an attestation, or an entry without a platform.
  std::string platform;

  friend bool operator==(const index_child&, const index_child&) = default;
};

struct manifest {
  registry::digest digest;
  /// Empty for an image that is no index.
  std::vector<index_child> children;

  [[nodiscard]] bool holds(const registry::digest& child) const;
};

/// `bytes` is a manifest or an index. malformed: neither. unsupported: schema 1.
[[nodiscard]] result<manifest> read_manifest(std::string_view bytes);

/// By digest.
using manifests = std::map<registry::digest, manifest>;

/// Nothing: it cannot be told, because an index is not among the known ones.
[[nodiscard]] std::optional<bool> same_image(const registry::digest& a, const registry::digest& b,
                                             const manifests& known);

enum class move : std::uint8_t {
  none,
  list,         // only attestations, or which platforms there are: those that both have are the same bytes
  bytes,        // other bytes
  version_tag,  // other bytes behind a tag that looks like a version
  unknown,
};

/// "none", "list", "bytes", "version-tag", "unknown".
[[nodiscard]] std::string_view to_string(move m) noexcept;

/// From the digest `before` to the one that `tag` has `now`. Unknown where one of the two is an image that is not
/// known. `was_lost`: the registry has `before` no more; then nothing can be compared, and other bytes are assumed.
[[nodiscard]] move move_of(const registry::digest& before, const registry::digest& now, const manifests& known,
                           std::string_view tag, bool was_lost);

}  // namespace pinhook::fleet
