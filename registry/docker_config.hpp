// Docker's config.json (and containers' auth.json, which has the same form): the credentials for each registry.
//
//   {"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}},
//    "credHelpers": {"public.ecr.aws": "ecr-login"}, "credsStore": "desktop"}
//
// Pure: a text becomes a value, and the value answers for a reference. config_credentials reads the file and runs
// helpers. Sources: docker/cli cli/config; containers-auth.json(5). An immutable value; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace pinhook::registry {

/// Bytes of a config.json: as many as a Kubernetes secret can hold.
inline constexpr std::size_t max_docker_config_size = std::size_t{1024} * 1024;

/// A call of a credential helper: `docker-credential-<suffix> get` with `server` on its standard input.
struct helper_call {
  std::string suffix;
  std::string server;

  friend bool operator==(const helper_call&, const helper_call&) = default;
};

/// A credential helper's suffix is part of a program's name: letters, digits, '_' and '-', at most 64.
[[nodiscard]] bool is_helper_suffix(std::string_view text);

class docker_config {
 public:
  /// Nothing, a credential of the file (owned by the config), or the helper to ask.
  using match = std::variant<std::monostate, const credential*, helper_call>;

  /// An empty config: every registry is asked as anonymous.
  docker_config() = default;

  /// invalid_input: not JSON, too large, or an invalid entry; the message names the entry and holds nothing of its
  /// content. `name` is the file's name in messages and in credential::source.
  [[nodiscard]] static result<docker_config> parse(std::string_view text, std::string_view name = "config.json");

  /// The credentials for `ref`: the registry's own helper, else the credentials store, else an inline entry; of those
  /// the one with the longest path ("quay.io/acme/api" before "quay.io/acme" before "quay.io"). Docker Hub is known as
  /// "https://index.docker.io/v1/", "docker.io", "index.docker.io" and "registry-1.docker.io". A key with a scheme
  /// ("https://quay.io/v1/") is for the whole registry.
  [[nodiscard]] match find(const reference& ref) const;

  /// The result of `find` for messages: the file and its key ("quay.io/acme"), or the helper and its key; the
  /// credentials store has no key.
  [[nodiscard]] std::optional<credential_match> describe(const reference& ref) const;

 private:
  struct inline_entry {
    credential content;
    std::string key;  // as in the file
  };
  struct helper_entry {
    std::string suffix;  // empty: no helper for this one, not even the store
    std::string server;  // the key, as in the file
  };

  /// The registry's own helper; null when it has none.
  [[nodiscard]] const helper_entry* own_helper(std::string_view host) const;
  /// True when the store answers for the registry: it has no entry among the helpers.
  [[nodiscard]] bool asks_store(std::string_view host) const;
  [[nodiscard]] const inline_entry* find_inline(std::string_view host, const reference& ref) const;

  std::string name_ = "config.json";
  std::map<std::string, inline_entry, std::less<>> auths_;    // "host" or "host/path"
  std::map<std::string, helper_entry, std::less<>> helpers_;  // host
  std::string store_;
};

}  // namespace pinhook::registry
