// Verifies the signatures of the Notary Project's tools: one signature against one rule of a trust policy, at one
// moment.
//
// The certificates must lead to one of the rule's trust stores and be valid now, or when a timestamp authority of a
// `tsa:` store saw the signature. Revocation is not looked up, since that needs the network: a rule that enforces it is
// obeyed in everything else
// (https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md).
//
// Pure: bytes, certificates, rule and time go in, a verdict comes out. Any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/trust/notation_policy.hpp>
#include <pinhook/trust/notation_signature.hpp>
#include <pinhook/trust/verdict.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// The certificates (DER) of each store, by the name that policies use: "ca:acme".
using trust_stores = std::map<std::string, std::vector<std::string>>;

/// The manifest that must be meant, as the registry describes it.
struct notation_subject {
  std::string digest;
  std::string media_type;
  std::int64_t size = 0;
};

[[nodiscard]] verdict verify_notation(const notation_signature& of, const notation_subject& subject,
                                      const notation_rule& rule, const trust_stores& stores, wall_time now);

}  // namespace pinhook::trust
