// The way from an image index to the manifest that a platform runs, also through an index within the index, as
// containerd goes (core/images/image.go, Manifest). The next request is a value, and the client only obeys.
//
//   platform_walk walk(about, *platform::parse("linux/arm64"));
//   auto step = walk.read_manifest(own, text);   // ask_manifest → read_manifest, ask_configuration →
//   read_configuration
//
// Bounded: max_index_depth indexes, one image manifest, one configuration. One look-up, one thread.
#pragma once

#include <pinhook/registry/platform.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhook::registry {

/// Indexes that are read, the requested one included. Builders nest two; each costs a request.
inline constexpr std::size_t max_index_depth = 4;

/// Fetch a manifest of the same repository by its digest, and check its bytes against it.
struct ask_manifest {
  registry::digest digest;
};

class platform_walk {
 public:
  platform_walk(refused_request about, platform wanted) : about_(std::move(about)), wanted_(std::move(wanted)) {}

  /// The digest that the platform runs, the next request, or the error. not_found: no entry is for the platform.
  /// malformed: an index that leads back to itself, or deeper than max_index_depth.
  using step = std::variant<digest, ask_manifest, ask_configuration, error>;

  /// Reads a requested manifest, at first the tag's own. `own` is its digest.
  [[nodiscard]] step read_manifest(const digest& own, std::string_view text);
  [[nodiscard]] step read_configuration(std::string_view text);

 private:
  refused_request about_;
  platform wanted_;
  /// The indexes read so far.
  std::vector<digest> indexes_;
  /// The image manifest, and the configuration it names.
  std::optional<digest> image_, configuration_;
};

}  // namespace pinhook::registry
