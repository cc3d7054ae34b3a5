// Which images a key of a pull secret, or one of a credential plugin's `matchImages`, is for: the kubelet's rule.
//
//   *.dkr.ecr.*.amazonaws.com   quay.io/acme   registry.example:5000   https://index.docker.io/v1/
//
// The registry's name is compared label by label, `*` and `[a-z]` within a label; as many labels, and the very same
// port or none; the path is the begin of the repository's name, and not by its parts: "quay.io/acme" is also for
// quay.io/acme-labs/x (kubernetes#102472). Docker Hub's images are "docker.io/library/nginx" here.
//
// The kubelet reads a key as a URL (net/url) with `https://` put in front where no scheme stands. So a user before '@'
// is dropped, '?' and '#' end the key, and a name with a byte that no URL's host has matches nothing. Sources:
// kubernetes/pkg/credentialprovider/keyring.go (Add, URLsMatch), path/filepath.Match. An immutable value; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// Bytes of a pattern: no name of an image is longer.
inline constexpr std::size_t max_image_pattern_size = max_reference_size;

class image_pattern {
 public:
  [[nodiscard]] bool matches(const reference& ref) const;
  /// The key without what does not count, "quay.io/acme" for "https://quay.io/v1/acme": sorted backwards by this, the
  /// more specific of two keys comes first.
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  friend result<image_pattern> parse_image_pattern(std::string_view text);
  image_pattern() = default;

  std::string key_;
  std::vector<std::string> labels_;
  std::string port_;  // empty: none
  std::string path_;  // with its '/'; empty: every repository
};

/// invalid_input: what the kubelet passes over (no URL, or a wrong `[`), a pattern that can match nothing because it
/// names no registry, and one longer than max_image_pattern_size. The message quotes no more than the pattern's begin.
[[nodiscard]] result<image_pattern> parse_image_pattern(std::string_view text);

}  // namespace pinhook::registry
