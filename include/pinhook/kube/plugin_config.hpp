// The kubelet's CredentialProviderConfig: which programs know credentials for which images.
//
//   apiVersion: kubelet.config.k8s.io/v1
//   kind: CredentialProviderConfig
//   providers:
//     - name: ecr-credential-provider
//       apiVersion: credentialprovider.kubelet.k8s.io/v1
//       matchImages: ["*.dkr.ecr.*.amazonaws.com"]
//       defaultCacheDuration: 12h0m0s
//
// Read as the kubelet reads it: strictly, so that a file means here what it means there. Sources:
// kubernetes/pkg/credentialprovider/plugin/config.go, pkg/kubelet/apis/config; registry.md §4.3. Values without state;
// any thread. `read_plugin_files` blocks for as long as the disk does.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/registry/image_pattern.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pinhook::kube {

/// Files of a directory, and bytes of each: a ConfigMap has no more bytes, and nobody has as many clouds.
inline constexpr std::size_t max_plugin_files = 100;
inline constexpr std::size_t max_plugin_file_size = std::size_t{1024} * 1024;

/// The version of the plugins' protocol that knows service account tokens.
inline constexpr std::string_view plugin_api_v1 = "credentialprovider.kubelet.k8s.io/v1";

/// For whom an answer that was got with a token is good.
enum class token_cache_type : std::uint8_t { service_account, token };

/// What a plugin wants to know of the Pod's service account.
struct token_attributes {
  std::string audience;
  /// True: without a service account, or without one of the required annotations, the plugin does not run.
  bool require_service_account = false;
  token_cache_type cache = token_cache_type::service_account;
  std::vector<std::string> required_annotations;
  std::vector<std::string> optional_annotations;
};

struct match_image {
  /// As it stands in the file.
  std::string text;
  registry::image_pattern pattern;
};

struct plugin_provider {
  /// The program's name in the directory of plugins.
  std::string name;
  std::string api_version;
  std::vector<match_image> match_images;
  std::chrono::nanoseconds default_cache_duration{0};
  std::vector<std::string> args;
  /// Name and value; values may be secrets.
  std::vector<std::pair<std::string, secret>> env;
  std::optional<token_attributes> token;

  /// The first of `match_images` that is for `ref`; null: the plugin is not asked.
  [[nodiscard]] const match_image* match(const registry::reference& ref) const;
  /// Tells two providers apart, and one from what it was before its entry in the file changed. A keyed hash.
  [[nodiscard]] std::string identity() const;
};

/// A file and its text.
struct plugin_file {
  std::string path;
  std::string text;
};

/// The file itself, or the files of the directory that end in .json, .yaml or .yml, in the order of their names.
/// Errors: unavailable, and invalid_input (no such file in the directory, or too many).
[[nodiscard]] result<std::vector<std::string>> list_plugin_files(const std::string& path);

/// Those files with their texts. Errors also: not_found, denied, and invalid_input (too large).
[[nodiscard]] result<std::vector<plugin_file>> read_plugin_files(const std::string& path);

/// The providers of all files in their order. invalid_input: with file, line, column and the field, for what the
/// kubelet refuses: an unknown or missing field, a value of another type, a name that stands twice. Plain YAML that
/// reads as a number or a boolean is no text.
[[nodiscard]] result<std::vector<plugin_provider>> parse_plugin_files(std::span<const plugin_file> files);

}  // namespace pinhook::kube
