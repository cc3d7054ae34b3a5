// Notation's trust policy: which certificates and which subjects may sign for an image, and how strict the checks are.
//
//   const auto all = notation_policy::parse(text);
//   const notation_rule* rule = all->rule_for("registry.acme.test/shop/web");
//
// Source: https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md (version 1.0).
// Immutable values; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

inline constexpr std::size_t max_trust_policy_bytes = std::size_t{1024} * 1024;

/// The consequence for a signature whose check fails.
enum class check_action : std::uint8_t { enforce, log, skip };

/// Integrity, the signature itself, is always checked unless all is skipped.
struct notation_level {
  std::string name;
  check_action authenticity = check_action::enforce;
  check_action authentic_timestamp = check_action::enforce;
  check_action expiry = check_action::enforce;
  check_action revocation = check_action::enforce;
  bool is_skipped = false;
};

/// The subject of a certificate, or the part of one that a policy names: attribute (in upper case) to value.
using subject_attributes = std::map<std::string, std::string>;

struct notation_rule {
  std::string name;
  /// Registries in small letters, without port 443.
  std::vector<std::string> scopes;
  notation_level level;
  /// A timestamp counts only for certificates that have expired since.
  bool is_timestamp_after_expiry_only = false;
  /// "ca:acme", "tsa:acme-tsa", "signingAuthority:aws".
  std::vector<std::string> stores;
  bool trusts_every_subject = false;
  std::vector<subject_attributes> subjects;
};

struct notation_policy {
  std::vector<notation_rule> rules;

  /// invalid_input: not JSON, another version, a level, store or identity that the format does not have, two rules for
  /// one scope; the message names rule and member.
  [[nodiscard]] static result<notation_policy> parse(std::string_view text);
  /// The rule for a repository ("registry/repository"): the one that names it, in any spelling of its registry
  /// (QUAY.io:443), else the one for all; null: none.
  [[nodiscard]] const notation_rule* rule_for(std::string_view repository) const;
};

/// "C=US, ST=WA, O=Acme \\, Rockets" (RFC 4514). invalid_input: it is none, or an attribute is in it twice.
[[nodiscard]] result<subject_attributes> parse_subject(std::string_view text);

}  // namespace pinhook::trust
