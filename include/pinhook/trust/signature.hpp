// One signature found beside an image, whatever form it was stored in: the signed bytes, the signature, and the
// proofs of its signer and time.
//
// `parse_bundle` reads cosign 3's form, `parse_simple_signing` the one before. Nothing here is verified. Plain values;
// any thread.
//
// Sources: https://github.com/sigstore/protobuf-specs (sigstore_bundle.proto, 0.3),
// https://github.com/secure-systems-lab/dsse (envelope and PAE),
// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md (the older form).
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/trust/log_entry.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// Bytes of a bundle, of a payload with its annotations. Bundles with certificate, log entry and timestamp have 15,000.
inline constexpr std::size_t max_bundle_bytes = std::size_t{1024} * 1024;
/// Log entries and timestamps of one signature, each: sigstore-go has the same limit.
inline constexpr std::size_t max_proofs = 32;
/// Certificates of one signature.
inline constexpr std::size_t max_chain = 16;

struct signature {
  enum class form : std::uint8_t {
    dsse,            // an in-toto statement in a DSSE envelope
    simple_signing,  // cosign's layers under the tag sha256-….sig
  };
  form as = form::dsse;
  /// Exactly as it was stored.
  std::string payload;
  /// The bytes that were signed: the payload, or with DSSE its pre-authentication encoding.
  std::string message;
  /// Decoded.
  std::string value;
  /// DER, the signer's first; empty: the signer's key is not in it.
  std::vector<std::string> certificates;
  std::vector<log_entry> log_entries;
  /// RFC 3161 responses in DER, over `stamped`.
  std::vector<std::string> timestamps;
  /// `value`; of an attestation in the older layout the whole envelope, as it was stored.
  std::string stamped;
};

/// DSSE's pre-authentication encoding: "DSSEv1", then the lengths and texts of type and payload.
[[nodiscard]] std::string pre_authentication(std::string_view type, std::string_view payload);

/// A bundle of media type application/vnd.dev.sigstore.bundle.v0.3+json (or …+json;version=0.1 to 0.3) with a DSSE
/// envelope. malformed: with the member that is wrong; unsupported: another content.
[[nodiscard]] result<signature> parse_bundle(std::string_view json_text);

/// A layer application/vnd.dev.cosign.simplesigning.v1+json with its descriptor's annotations. malformed, as above.
[[nodiscard]] result<signature> parse_simple_signing(std::string payload,
                                                     const std::map<std::string, std::string>& annotations);

/// A layer application/vnd.dsse.envelope.v1+json with its descriptor's annotations: an attestation of cosign's older
/// layout. malformed, unsupported: as above.
[[nodiscard]] result<signature> parse_envelope(std::string envelope,
                                               const std::map<std::string, std::string>& annotations);

}  // namespace pinhook::trust
