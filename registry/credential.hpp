// The credential that a request shows to a registry, and its origin.
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
  identity_token,  // an OAuth2 refresh token, exchanged by POST for an access token
  registry_token,  // sent as Bearer unchanged
};

struct credential {
  credential_kind kind = credential_kind::anonymous;
  std::string username;
  /// Password, identity token or registry token; empty when anonymous.
  pinhook::secret secret;
  /// For messages: "config.json: ghcr.io", "credential helper ecr-login: …". Never a secret.
  std::string source = "anonymous";
  /// Part of the key of every cache entry that this credential obtained: a keyed hash of secret and source, or
  /// "anonymous". Equal identities may share answers, others never: a digest is handed out only to a request that
  /// could have asked the registry itself.
  std::string identity = "anonymous";
  /// True for a credential that a cloud made and that opens more than this one registry: it is sent only to that
  /// cloud's registries and to these as their own token servers (cloud_hosts.hpp), no matter where the registry's name
  /// came from.
  bool cloud_minted = false;
};

/// A source that has, or may have, a credential for a reference, as `pinhook explain` shows it. Never a secret.
struct credential_match {
  std::string source;   // "pull secret regcred", "credential plugin ecr-credential-provider", "config.json"
  std::string pattern;  // the entry that matched: "*.dkr.ecr.*.amazonaws.com"; may be empty
};

}  // namespace pinhook::registry
