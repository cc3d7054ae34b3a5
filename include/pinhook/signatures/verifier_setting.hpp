// A verifier as the configuration describes it: who may sign, named by keys, identities, policies and the paths of
// files. `load_verifiers` reads the files.
//
// Plain values; any thread.
#pragma once

#include <pinhook/registry/platform.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhook::signatures {

/// The name of a verifier, as of a rule: it is in messages and metrics.
inline constexpr std::size_t max_verifier_name = 63;
/// Verifiers of a configuration, and keys or identities of one verifier.
inline constexpr std::size_t max_verifiers = 100;
inline constexpr std::size_t max_signers = 100;

/// A text that is written where it is used, or in a file. True for one that is written: PEM and JSON begin so, paths do
/// not.
[[nodiscard]] inline bool is_written_inline(std::string_view text) {
  return text.starts_with("-----BEGIN") || text.starts_with('{');
}

enum class proof : std::uint8_t { log, timestamp };

/// Who a certificate must name. Each text is the whole one, or a regular expression (RE2) for the whole one.
struct identity_setting {
  std::optional<std::string> issuer;
  std::optional<std::string> issuer_regexp;
  std::optional<std::string> subject;
  std::optional<std::string> subject_regexp;
  friend bool operator==(const identity_setting&, const identity_setting&) = default;
};

struct cosign_setting {
  /// PEM, or paths of files with PEM. A signature of one of them is enough.
  std::vector<std::string> keys;
  /// "sha256", "sha384", "sha512"; empty: the one that goes with the key, or SHA-256.
  std::string digest_algorithm;
  std::map<std::string, std::string> annotations;
  /// No value: with keys none; with identities a log.
  std::optional<std::vector<proof>> required;
  /// Whether a log of certificates must know the certificate. No value: yes.
  std::optional<bool> sct;
  /// JSON, or the path of a file with it. Empty: none.
  std::string trusted_root;
  std::vector<identity_setting> identities;
  friend bool operator==(const cosign_setting&, const cosign_setting&) = default;
};

struct notation_setting {
  /// JSON, or the path of Notation's trustpolicy.json.
  std::string trust_policy;
  /// Path of Notation's directory truststore.
  std::string trust_store;
  friend bool operator==(const notation_setting&, const notation_setting&) = default;
};

struct content_trust_setting {
  /// "https://notary.example.com"
  std::string server;
  /// One of the two: IDs of root keys in hexadecimal; JSON of a root file, or its path.
  std::vector<std::string> root_key_ids;
  std::string root;
  friend bool operator==(const content_trust_setting&, const content_trust_setting&) = default;
};

struct verifier_setting {
  std::string name;
  std::variant<cosign_setting, notation_setting, content_trust_setting> by;
  /// The manifests of an index that must be verified beside the index itself.
  std::vector<registry::platform> platforms;
  friend bool operator==(const verifier_setting&, const verifier_setting&) = default;
};

/// The fault of a regular expression; no value: none.
[[nodiscard]] std::optional<std::string> fault_of_regexp(std::string_view text);

/// What is missing or contradicts itself, without a look at any file; no value: nothing. It begins with the key:
/// "cosign: identities need a trusted_root".
[[nodiscard]] std::optional<std::string> fault_of(const verifier_setting& setting);

}  // namespace pinhook::signatures
