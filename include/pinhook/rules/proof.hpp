// What a rule asks of a verifier about an image (a signature, or an attestation with some content), and the answer.
//
//   const auto asked = questions_of(demand);          // {acme}, {github}
//   …                                                  // the caller looks the answers up
//   const judgement j = judge_proofs(demand, answers);
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/rules/rule.hpp>
#include <pinhook/rules/rule_set.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::rules {

/// One question to one verifier.
struct proof_question {
  std::string verifier;
  /// The predicateType of an attestation; empty: a signature.
  std::string type = {};
  /// As attestation::fields.
  std::map<std::string, std::string> fields = {};

  friend auto operator<=>(const proof_question&, const proof_question&) = default;
};

/// The answer: whether the verifier accepts the image, and what it saw.
struct proof {
  bool is_given = false;
  /// Signatures, or attestations of that type, that lie beside the image.
  std::size_t seen = 0;
  /// Why the verifier accepts none, a sentence for each: "key sha256:ab12…: it was not made by the key". As many as a
  /// reader wants to see; `seen` counts all.
  std::vector<std::string> reasons = {};
  /// When an acceptance ends, since a certificate, a signature or a file of Content Trust does; no value: it does not.
  std::optional<wall_time> good_until = {};
  /// Of Content Trust: the digest that was signed for the tag, where that is another one than the image's:
  /// "sha256:…". Empty: there is none.
  std::string signed_digest = {};

  friend bool operator==(const proof&, const proof&) = default;
};

/// An error: the registry, or a server of signatures, did not answer. It is never an answer about the image.
using proofs = std::map<proof_question, result<proof>>;

/// All questions that decide the demand, each once; none for a demand without verifiers.
[[nodiscard]] std::vector<proof_question> questions_of(const demand& d);

/// Whether the demand is met.
struct judgement {
  enum class state : std::uint8_t { met, broken, unknown };
  state is = state::met;
  /// broken: what was found, in short: "not signed by acme or github: no signature was found".
  std::string summary = {};
  /// broken: a line for each verifier and each signature that it refuses: "acme: key sha256:ab12…: it was not made by
  /// the key"; at most max_proof_lines.
  std::vector<std::string> lines = {};
  /// unknown: why; the first failure.
  std::optional<error> failure = {};
};

inline constexpr std::size_t max_proof_lines = 8;

/// A question without an answer counts as unknown. `d` is signed_by or attested.
[[nodiscard]] judgement judge_proofs(const demand& d, const proofs& answers);

/// The digest that a verifier of Content Trust names in place of the image's, where that is why the demand is broken;
/// empty: there is none, or two verifiers name different ones.
[[nodiscard]] std::string signed_instead(const demand& d, const proofs& answers);

/// "acme or github", "acme and github", "acme, or github and legacy"; from four groups on the rest is counted.
[[nodiscard]] std::string names_of(const verifier_groups& all);

/// The first rule that names a verifier which is not one of `known`, with its place: "rule \"own\": there is no
/// verifier
/// \"acne\"; did you mean acme?". None: there is no such rule.
[[nodiscard]] std::optional<rule_problem> find_unknown_verifier(const rule_set& rules,
                                                                std::span<const std::string_view> known);

}  // namespace pinhook::rules
