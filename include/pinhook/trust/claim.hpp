// The claim of a signature's verified payload: the image that is meant, and the statements about it.
//
// Sources: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md (and v0.1);
// https://github.com/containers/image/blob/main/docs/containers-signature.5.md (simple signing). Pure; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/base/json.hpp>
#include <pinhook/trust/signature.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::trust {

/// The predicate type of cosign 3's signatures; other statements are attestations.
inline constexpr std::string_view sign_predicate = "https://sigstore.dev/cosign/sign/v1";

struct claim {
  /// Of a statement; `sign_predicate` for simple signing.
  std::string predicate_type;
  /// Given to the image by the signer (cosign sign -a).
  std::map<std::string, std::string> annotations;
  /// The whole payload.
  json::document document;
};

/// The claim about the manifest `digest` ("sha256:…"). denied: the payload is about other digests; malformed: it is not
/// a payload of its form.
[[nodiscard]] result<claim> read_claim(const signature& of, std::string_view digest);

/// The type that the payload gives itself, verified or not; empty: it is no statement.
[[nodiscard]] std::string predicate_type_of(const signature& of);

/// The text at a JSON Pointer (RFC 6901: "/predicate/runDetails/builder/id"); of a number, true, false or null as JSON
/// has it. No value: nothing is there, or an array or object; or the pointer is none (is_json_pointer).
[[nodiscard]] std::optional<std::string> text_at(const json::value& document, std::string_view pointer);
[[nodiscard]] bool is_json_pointer(std::string_view text);

}  // namespace pinhook::trust
