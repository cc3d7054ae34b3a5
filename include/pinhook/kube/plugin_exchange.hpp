// The protocol of the kubelet's credential provider plugins, without running one: the request, and the meaning of an
// answer.
//
// A CredentialProviderRequest goes to the plugin's standard input, a CredentialProviderResponse of the same apiVersion
// comes from its standard output, as JSON. Sources: kubernetes/staging/src/k8s.io/kubelet/pkg/apis/credentialprovider,
// pkg/credentialprovider/plugin. Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/process_request.hpp>
#include <pinhook/base/secret.hpp>
#include <pinhook/kube/plugin_config.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/image_pattern.hpp>
#include <pinhook/registry/reference.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::kube {

/// Limit in bytes of a plugin's answer. The largest known, a token of a cloud for each of a few dozen registries, has
/// 100 KiB.
inline constexpr std::size_t max_plugin_answer_size = std::size_t{256} * 1024;

struct plugin_question {
  /// The image's name without tag and digest, "docker.io/library/nginx".
  std::string image;
  /// Empty: none.
  secret token;
  std::map<std::string, std::string, std::less<>> annotations;
};

/// The image's name as the kubelet sends it to plugins.
[[nodiscard]] std::string image_name(const registry::reference& ref);

/// The request for the plugin. A token and annotations that are absent are left out, since older programs read
/// strictly, too.
[[nodiscard]] secret plugin_request(std::string_view api_version, const plugin_question& question);

/// The run of the plugin `bin_dir`/NAME: program, arguments, environment, input.
[[nodiscard]] process_request plugin_run(const plugin_provider& provider, const std::string& bin_dir,
                                         const plugin_question& question);

/// The scope of an answer: the requested image alone, its registry, or all images.
enum class plugin_cache_key : std::uint8_t { image, registry, global };

struct plugin_login {
  registry::image_pattern pattern;
  std::string username;
  secret password;
};

struct plugin_answer {
  plugin_cache_key key = plugin_cache_key::image;
  /// The time for which it can be used again; 0: not at all.
  std::chrono::nanoseconds hold_for{0};
  std::vector<plugin_login> logins;
};

/// The answer of a run. Errors: unavailable (an exit code that is not 0; with the plugin's standard error, quoted and
/// cut), malformed (an invalid answer; its content is not shown). Logins with an invalid pattern or an empty user name
/// are skipped, and so are unknown fields.
[[nodiscard]] result<plugin_answer> read_plugin_answer(const plugin_provider& provider, const process_output& output);

/// One plugin's answer.
struct named_answer {
  std::string_view plugin;
  const plugin_answer* answer;
};

/// The credentials for `ref` of all answers, as the kubelet's keyring orders them: by pattern, sorted backwards, and
/// where these are equal in the order of the answers. When nothing matches an image of Docker Hub: those for
/// index.docker.io.
[[nodiscard]] std::vector<registry::credential> logins_for(const registry::reference& ref,
                                                           std::span<const named_answer> answers);

}  // namespace pinhook::kube
