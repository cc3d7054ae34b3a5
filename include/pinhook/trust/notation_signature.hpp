// A signature of the Notary Project (notation), in either of its envelopes, JWS or COSE.
//
// Nothing here is verified. Sources: https://github.com/notaryproject/specifications/tree/main/specs
// (signature-specification.md, signature-envelope-jws.md, signature-envelope-cose.md); RFC 7515, RFC 9052. Plain
// values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

struct notation_signature {
  /// Exactly the bytes that were signed.
  std::string message;
  std::string value;
  /// "ES256", "PS384", …
  std::string algorithm;
  std::string content_type;
  /// JSON that names the image.
  std::string payload;
  /// "notary.x509" or "notary.x509.signingAuthority".
  std::string scheme;
  /// Protected headers that a verifier must understand.
  std::vector<std::string> critical;
  /// The signer's own word; it proves nothing.
  std::optional<wall_time> signing_time;
  /// An authority's word, in its own scheme.
  std::optional<wall_time> authentic_signing_time;
  std::optional<wall_time> expiry;
  /// DER, the signer's first, the root included.
  std::vector<std::string> certificates;
  /// An RFC 3161 token (not a response) over `value`; empty: none.
  std::string timestamp;
};

/// A layer application/jose+json. malformed: with the member that is wrong.
[[nodiscard]] result<notation_signature> parse_notation_jws(std::string_view text);
/// A layer application/cose. malformed, likewise.
[[nodiscard]] result<notation_signature> parse_notation_cose(std::string_view bytes);

}  // namespace pinhook::trust
