// What a registry is shown by whoever asks it, and where that came from.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/secret.hpp>

#include <cstdint>
#include <string>

namespace pinhook::registry {

enum class credential_kind : std::uint8_t {
  anonymous,
  basic,           // user name and password
  identity_token,  // an OAuth2 refresh token: exchanged by POST for an access token
  registry_token,  // sent as Bearer as it is
};

struct credential {
  credential_kind kind = credential_kind::anonymous;
  std::string username;
  /// Password, identity token or registry token; empty when anonymous.
  pinhook::secret secret;
  /// For people: "config.json: ghcr.io", "credential helper ecr-login: …". Never a secret.
  std::string source = "anonymous";
  /// Part of every cache key that holds what this credential obtained: a keyed hash of secret and source; "anonymous"
  /// for none. Equal identities may share answers (pinning.md §7).
  std::string identity = "anonymous";
  /// A cloud made it for us, and it opens more than this one registry: it is shown only to that cloud's registries and
  /// to what they are themselves as token servers (registry.md §3.5), however the registry came to be named.
  bool cloud_minted = false;
};

/// A source that has, or may have, something for a reference: what `pinhook explain` shows. Never a secret.
struct credential_match {
  std::string source;   // "pull secret regcred", "credential plugin ecr-credential-provider", "config.json"
  std::string pattern;  // what matched there: "*.dkr.ecr.*.amazonaws.com"; may be empty
};

}  // namespace pinhook::registry
