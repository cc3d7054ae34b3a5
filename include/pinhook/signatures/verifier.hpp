// A verifier that can be used: keys, certificates and policies, parsed.
//
// Immutable values; any thread.
#pragma once

#include <pinhook/registry/platform.hpp>
#include <pinhook/trust/content_trust.hpp>
#include <pinhook/trust/cosign.hpp>
#include <pinhook/trust/notation.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhook::signatures {

/// A signature that satisfies one of the policies is enough.
struct cosign_verifier {
  std::vector<trust::cosign_policy> policies;
};

struct notation_verifier {
  trust::notation_policy policy;
  trust::trust_stores stores;
};

struct content_trust_verifier {
  /// "https://notary.example.com", without a slash at its end.
  std::string server;
  trust::content_trust_anchor anchor;
};

struct verifier {
  std::string name;
  std::variant<cosign_verifier, notation_verifier, content_trust_verifier> by;
  /// As verifier_setting::platforms.
  std::vector<registry::platform> platforms;
  /// Changes whenever the setting, or the content of a file behind it, changes: part of the key of a cached verdict.
  std::string content;

  /// True: it follows a tag to a digest by a server of its own, and looks at no signature beside the image.
  [[nodiscard]] bool is_content_trust() const { return std::holds_alternative<content_trust_verifier>(by); }
  /// True: it can verify attestations, which are statements in cosign's bundles.
  [[nodiscard]] bool reads_attestations() const { return std::holds_alternative<cosign_verifier>(by); }
};

/// Null: none has that name.
[[nodiscard]] inline const verifier* find_verifier(const std::vector<verifier>& all, std::string_view name) {
  for (const verifier& one : all)
    if (one.name == name) return &one;
  return nullptr;
}

}  // namespace pinhook::signatures
