// The credentials of a Pod's pull secrets, and their order for an image.
//
//   std::vector<pull_entry> all;
//   auto some = parse_pull_secret(pull_secret_form::config_json, text, "regcred");
//   if (some) all.insert(all.end(), some->begin(), some->end());
//   const pull_keyring keyring(std::move(all));
//   keyring.credentials_of(ref);                            // all matches, best first
//
// The kubelet's rules, not Docker's: only `username`, `password` and `auth` count (identitytoken, registrytoken and
// credHelpers do not), `auth` beats the pair, keys are patterns (image_pattern.hpp), sorted backwards over all secrets,
// and every match is tried. Source: kubernetes/pkg/credentialprovider/{config,keyring}.go.
// Immutable values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/credential_source.hpp>
#include <pinhook/registry/image_pattern.hpp>
#include <pinhook/registry/reference.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// Bytes of a pull secret: as many as a Kubernetes Secret can hold.
inline constexpr std::size_t max_pull_secret_size = std::size_t{1024} * 1024;

/// Entries of one pull secret. A look-up compares the image with each.
inline constexpr std::size_t max_pull_secret_entries = 1000;

enum class pull_secret_form : std::uint8_t {
  config_json,  // kubernetes.io/dockerconfigjson: the entries are under "auths"
  dockercfg,    // kubernetes.io/dockercfg: the entries are at the top level
};

/// One entry of a pull secret.
struct pull_entry {
  image_pattern pattern;
  registry::credential credential;
};

/// The entries in their order; of equal keys the last. `name`: the Secret's, for credential::source and
/// credential::identity. As the kubelet does, this ignores keys that are not valid patterns and entries without a user
/// name (they equal anonymous). Two secrets of different names never have equal identities: an answer to one names it,
/// and is not for another tenant; copies of one secret in many namespaces share. invalid_input: not JSON, not of this
/// form, or larger than the limits above; the message names the entry's key, and nothing of the content.
[[nodiscard]] result<std::vector<pull_entry>> parse_pull_secret(pull_secret_form form, const secret& text,
                                                                std::string_view name);

class pull_keyring {
 public:
  pull_keyring() = default;
  /// Entries of equal keys stay in their order.
  explicit pull_keyring(std::vector<pull_entry> entries);

  /// The entries that match `ref`, the more specific key first. When none matches an image of Docker Hub: those under
  /// "https://index.docker.io/v1/".
  [[nodiscard]] std::vector<const pull_entry*> find(const reference& ref) const;
  [[nodiscard]] bool is_empty() const { return entries_.empty(); }

 private:
  std::vector<pull_entry> entries_;
};

/// A keyring as a source: no I/O, never an error.
class keyring_credentials final : public credential_source {
 public:
  /// `troubles`: the secrets that could not be read into the keyring.
  explicit keyring_credentials(pull_keyring keyring, std::vector<error> troubles = {})
      : keyring_(std::move(keyring)), troubles_(std::move(troubles)) {}

  /// A hash of the identities of all matches in their order; for a single match its own.
  [[nodiscard]] std::string identity_for(const reference& ref) const override;
  [[nodiscard]] std::optional<std::uint64_t> changes() const override { return 0; }
  awaitable<result<std::vector<credential>>> credentials_for(reference ref, deadline d) override;
  [[nodiscard]] std::vector<credential_match> matches(const reference& ref) const override;
  [[nodiscard]] std::vector<error> troubles() const override { return troubles_; }

 private:
  pull_keyring keyring_;
  std::vector<error> troubles_;
};

}  // namespace pinhook::registry
