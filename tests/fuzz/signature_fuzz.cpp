// Any bytes as a signature in each of its forms: reading ends, and nothing that is not signed by the keys is verified.
#include "fuzz/json_mutator.hpp"

#include <pinhook/trust/cosign.hpp>
#include <pinhook/trust/notation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr const char* digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

// No authority and no log is trusted.
const pinhook::trust::cosign_policy& by_identity() {
  static const pinhook::trust::cosign_policy made = [] {
    pinhook::trust::cosign_policy out;
    out.root = std::make_shared<pinhook::trust::trusted_root>();
    out.identities.emplace_back();
    return out;
  }();
  return made;
}

const pinhook::trust::notation_policy& strict() {
  static const pinhook::trust::notation_policy made =
      pinhook::trust::notation_policy::parse(
          R"({"version":"1.0","trustPolicies":[{"name":"a","registryScopes":["*"],"signatureVerification":{"level":"strict"},)"
          R"("trustStores":["ca:a"],"trustedIdentities":["*"]}]})")
          .value();
  return made;
}

void try_cosign(const pinhook::result<pinhook::trust::signature>& read) {
  if (read) require(!pinhook::trust::verify_cosign(*read, digest, by_identity()).is_verified());
}

void try_notation(const pinhook::result<pinhook::trust::notation_signature>& read) {
  if (!read) return;
  const pinhook::wall_time now{std::chrono::hours(24 * 365 * 57)};
  require(!pinhook::trust::verify_notation(*read, {digest, "", 0}, strict().rules.front(), {{"ca:a", {}}}, now)
               .is_verified());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_cosign(pinhook::trust::parse_bundle(text));
  try_cosign(pinhook::trust::parse_simple_signing(
      std::string(text),
      {{"dev.cosignproject.cosign/signature", "AAAA"}, {"dev.sigstore.cosign/bundle", std::string(text)}}));
  try_notation(pinhook::trust::parse_notation_jws(text));
  try_notation(pinhook::trust::parse_notation_cose(text));
  return 0;
}
