// The verifier that a case of tests/corpus/signatures is verified with: what its tool was given, as a setting.
#pragma once

#include <pinhook/signatures/verifier_setting.hpp>

#include <string>
#include <vector>

namespace pinhook::testing {

struct verifier_case {
  signatures::verifier_setting setting;
  /// "registry.example/acme/plain"
  std::string repository;
  /// Of content trust.
  std::string tag;
  /// The moment of verification as it is written: "2026-12-28T00:00:00Z".
  std::string verify_at;
};

[[nodiscard]] verifier_case read_verifier_case(const std::string& name);

/// Folders of all flavours but notary-v1, and those of notary-v1.
[[nodiscard]] std::vector<std::string> cases_of_digests();
[[nodiscard]] std::vector<std::string> cases_of_tags();

}  // namespace pinhook::testing
