// Signed images of tests/corpus/signatures, as the signing tools left them, each with what the tool itself decides.
//
// A folder is one image: `case.json` with the policy and the expected verdict, `oci.json` with what the registry holds.
#pragma once

#include <pinhook/base/json.hpp>
#include <pinhook/trust/cosign.hpp>
#include <pinhook/trust/notation.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::testing {

/// What the registry of a case holds, by its `oci.json`. Empty: it does not hold that.
class signature_registry {
 public:
  explicit signature_registry(const std::string& name);
  /// The digest of a tag.
  [[nodiscard]] std::string tagged(std::string_view tag) const;
  /// The bytes as they are stored, whether they fit the digest or not.
  [[nodiscard]] std::string manifest(std::string_view digest) const;
  [[nodiscard]] std::string blob(std::string_view digest) const;
  /// The answer of the referrers API.
  [[nodiscard]] std::string referrers(std::string_view digest) const;

 private:
  [[nodiscard]] std::string file_of(std::string_view member, std::string_view digest) const;
  std::filesystem::path folder_;
  json::document index_;
};

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
/// The text of a file of a case; empty: it has none of that name.
[[nodiscard]] std::string signature_file(const std::string& name, const std::string& file);
/// The name of a test that has a case's name as its parameter.
[[nodiscard]] std::string signature_test_name(const ::testing::TestParamInfo<std::string>& of);

}  // namespace pinhook::testing
