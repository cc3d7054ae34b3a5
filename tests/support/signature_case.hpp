// Signed images of tests/corpus/signatures, as the signing tools left them, each with what the tool itself decides.
//
// A folder is one image: `case.json` with the policy and the expected verdict, `oci.json` with what the registry holds.
#pragma once

#include <pinhook/trust/cosign.hpp>
#include <pinhook/trust/notation.hpp>

#include <string>
#include <vector>

namespace pinhook::testing {

struct signature_case {
  std::string name;
  /// cosign-bundle, cosign-legacy, notation-jws, notation-cose, notary-v1.
  std::string flavour;
  std::string subject;
  trust::cosign_policy policy;
  bool is_verified = false;
  /// A verifier that knows more than the tool may decide otherwise.
  bool is_either_right = false;
  /// Notation's, with the moment at which it is verified.
  trust::notation_policy notation;
  trust::trust_stores stores;
  trust::notation_subject described;
  wall_time verify_at{};
  std::vector<trust::notation_signature> notation_signatures;
  /// What lies beside the image, in the form that `trust` reads; what cannot be read is left out.
  std::vector<trust::signature> signatures;
};

/// Names of folders, in order. `flavour`: the beginning of the case's.
[[nodiscard]] std::vector<std::string> signature_cases(const std::string& flavour);
[[nodiscard]] signature_case read_signature_case(const std::string& name);

}  // namespace pinhook::testing
