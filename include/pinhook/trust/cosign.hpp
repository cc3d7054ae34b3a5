// Verifies the signatures of cosign: one signature against one policy, at one moment.
//
//   const verdict v = verify_cosign(signature, "sha256:…", policy, now);
//   if (!v.is_verified()) … v.failure
//
// With keys, a signature of one of them is enough unless the policy wants more. With identities, the certificate has to
// come from an authority of the trusted root, at a proven time, with the evidence that the policy demands: by default
// an entry in a log and a log's answer for the certificate (SCT). The time comes from an RFC 3161 timestamp or from the
// promise of Rekor v1; a time that no one signed does not count, and neither does `now`.
//
// Pure: bytes, keys, policy and time go in, a verdict comes out. Any thread.
#pragma once

#include <pinhook/trust/public_key.hpp>
#include <pinhook/trust/signature.hpp>
#include <pinhook/trust/trusted_root.hpp>
#include <pinhook/trust/verdict.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The identities that may sign without a key of their own. Both must match; an empty function matches every text.
struct identity_rule {
  std::function<bool(const std::string&)> issuer;
  std::function<bool(const std::string&)> subject;
};

struct cosign_policy {
  /// Any of them.
  std::vector<public_key> keys;
  /// By which the keys' signatures hash; no value: by the one that goes with the key, or SHA-256.
  std::optional<hash> digest_algorithm;
  /// Any of them; counts without keys only.
  std::vector<identity_rule> identities;
  std::shared_ptr<const trusted_root> root;
  /// The signer must have given these to the image, with these values.
  std::map<std::string, std::string> annotations;
  bool needs_log = false;
  bool needs_timestamp = false;
  /// For certificates.
  bool needs_sct = true;
  /// Statements of this type count: signatures by default. Empty: all.
  std::string predicate_type = "https://sigstore.dev/cosign/sign/v1";
  /// JSON Pointers (RFC 6901) into the statement, with the texts that must be there; a number, true, false or null is
  /// compared as it is written in JSON.
  std::map<std::string, std::string> fields;
};

[[nodiscard]] verdict verify_cosign(const signature& of, std::string_view digest, const cosign_policy& policy);

}  // namespace pinhook::trust
