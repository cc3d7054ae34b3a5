// Where signatures lie beside an image, and which of what is found there is one.
//
// A registry lists what refers to a digest (referrers API), or a client keeps the list under the tag sha256-<hex>; some
// registries have both at the same time. cosign's older layout has tags of its own: sha256-<hex>.sig, and for
// attestations sha256-<hex>.att. All places are always looked at: one good signature is enough, wherever it lies.
//
// Sources: OCI distribution-spec at 967efdc0, "Referrers Tag Schema"; sigstore/cosign specs/SIGNATURE_SPEC.md;
// notaryproject/specifications signature-specification.md, "Storage". Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::signatures {

/// Referrers of one digest that are looked at, and layers of one manifest: more than that no one signs with, and each
/// is a request or two.
inline constexpr std::size_t most_referrers = 64;
inline constexpr std::size_t most_layers = 64;

/// "sha256-<hex>", and with `suffix` ".sig" or ".att".
[[nodiscard]] std::string tag_for(const registry::digest& of, std::string_view suffix = {});

/// The digests that a list of referrers (an index) names, those of other kinds of artifacts left out; what a list says
/// about a kind is often wrong, so all that may be a signature stays. Empty: it is not an index.
[[nodiscard]] std::vector<registry::digest> signatures_listed(std::string_view index);

/// A layer that holds one signature.
struct stored_signature {
  enum class form : std::uint8_t { bundle, simple_signing, envelope, jws, cose };
  form as = form::bundle;
  registry::digest blob;
  std::size_t size = 0;
  /// Of the layer.
  std::map<std::string, std::string> annotations;
};

/// The signatures of a manifest; none when it is another kind of artifact. malformed: it is not a manifest, or names a
/// layer without digest or size.
[[nodiscard]] result<std::vector<stored_signature>> signatures_in(std::string_view manifest);

}  // namespace pinhook::signatures
