// The kubelet's CredentialProviderConfig: the programs that give credentials, and their images.
//
//   apiVersion: kubelet.config.k8s.io/v1
//   kind: CredentialProviderConfig
//   providers:
//     - name: ecr-credential-provider
//       apiVersion: credentialprovider.kubelet.k8s.io/v1
//       matchImages: ["*.dkr.ecr.*.amazonaws.com"]
//       defaultCacheDuration: 12h0m0s
//
// It is read strictly, as by the kubelet, so that a file has the same meaning for both. Sources:
// kubernetes/pkg/credentialprovider/plugin/config.go, pkg/kubelet/apis/config. Values without state;
// any thread. `read_plugin_files` blocks while the disk is read.
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

/// Limits of the files of a directory and of the bytes of each: a ConfigMap has no more bytes, and a cluster uses fewer
/// clouds.
inline constexpr std::size_t max_plugin_files = 100;
inline constexpr std::size_t max_plugin_file_size = std::size_t{1024} * 1024;

/// The version of the plugins' protocol that has service account tokens.
inline constexpr std::string_view plugin_api_v1 = "credentialprovider.kubelet.k8s.io/v1";

/// The scope of an answer that was given for a token.
enum class token_cache_type : std::uint8_t { service_account, token };

/// The input that a plugin needs about the Pod's service account.
struct token_attributes {
  std::string audience;
  /// True: without a service account, or without one of the required annotations, the plugin does not run.
  bool require_service_account = false;
  token_cache_type cache = token_cache_type::service_account;
  std::vector<std::string> required_annotations;
  std::vector<std::string> optional_annotations;
};

struct match_image {
  /// As written in the file.
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
  /// Name and value; values can be secrets.
  std::vector<std::pair<std::string, secret>> env;
  std::optional<token_attributes> token;

  /// The first of `match_images` that matches `ref`; null: the plugin does not run for it.
  [[nodiscard]] const match_image* match(const registry::reference& ref) const;
  /// Differs between providers, and changes with a provider's entry in the file. A keyed hash.
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

/// The providers of all files in their order. invalid_input, with file, line, column and field, for input that the
/// kubelet refuses: an unknown or missing field, a value of another type, a duplicate name. Plain YAML that reads as a
/// number or a boolean is not text.
[[nodiscard]] result<std::vector<plugin_provider>> parse_plugin_files(std::span<const plugin_file> files);

}  // namespace pinhook::kube
