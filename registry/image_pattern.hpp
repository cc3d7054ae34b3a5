// A pattern of images, as the keys of a pull secret and a credential plugin's `matchImages` are: the kubelet's rule.
//
//   *.dkr.ecr.*.amazonaws.com   quay.io/acme   registry.example:5000   https://index.docker.io/v1/
//
// The registry's name is compared label by label, `*` and `[a-z]` within a label; as many labels, and the very same
// port or none; the path is a prefix of the repository's name, not by its parts: "quay.io/acme" is also for
// quay.io/acme-labs/x (kubernetes#102472). Docker Hub's images are "docker.io/library/nginx" here.
//
// The kubelet reads a key as a URL (net/url), with `https://` put in front where it has no scheme. So a user before '@'
// is dropped, '?' and '#' end the key, and a name with a byte that is invalid in a URL's host matches nothing. Sources:
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
  /// The key without its ignored parts, "quay.io/acme" for "https://quay.io/v1/acme": when sorted in descending order
  /// of this, the more specific of two keys comes first.
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  friend result<image_pattern> parse_image_pattern(std::string_view text);
  image_pattern() = default;

  std::string key_;
  std::vector<std::string> labels_;
  std::string port_;  // empty: none
  std::string path_;  // with its '/'; empty: every repository
};

/// invalid_input: a pattern that the kubelet ignores (not a URL, or a wrong `[`), one that can match nothing because it
/// names no registry, and one longer than max_image_pattern_size. The message quotes only the beginning of the pattern.
[[nodiscard]] result<image_pattern> parse_image_pattern(std::string_view text);

}  // namespace pinhook::registry
