// What a verifier makes of an image: the signatures that were found, what holds of each, and whether that is enough.
//
//   const image_verdict verdict = judge(evidence, verifier, now);
//
// Pure: bytes that were fetched, keys and time go in. Plain values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/platform.hpp>
#include <pinhook/signatures/verifier.hpp>
#include <pinhook/trust/notation_signature.hpp>
#include <pinhook/trust/signature.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::signatures {

/// What lies beside a manifest.
struct found_signatures {
  std::vector<trust::signature> cosign;
  std::vector<trust::notation_signature> notation;
  /// Why others could not be read, a sentence each: "the signature's bundle is not JSON: …".
  std::vector<std::string> unreadable;
  /// Referrers beyond `most_referrers`, which were not looked at.
  std::size_t left_out = 0;
  /// Why something could not be read that may be there: a registry, or a place behind a mirror, was out of reach. The
  /// first reason; no value: all was read.
  std::optional<error> unread{};
};

/// All that was fetched to judge one image.
struct image_evidence {
  /// Of one manifest: the image's own, or that of one platform within it.
  struct manifest {
    registry::digest digest;
    /// Those that run it; empty: the image's own.
    std::vector<registry::platform> platforms;
    /// Of the manifest; Notation's signatures are about these, too. Empty and 0: not fetched.
    std::string media_type;
    std::int64_t size = 0;
    found_signatures found;
  };
  /// "registry.example.com/acme/app": the scope of a trust policy.
  std::string repository;
  /// The image's own first.
  std::vector<manifest> manifests;
};

/// What an attestation must state.
struct attestation_demand {
  /// The predicate's type: "https://slsa.dev/provenance/v1".
  std::string type;
  /// As cosign_policy::fields.
  std::map<std::string, std::string> fields;
};

struct signature_report {
  enum class kind : std::uint8_t { cosign_bundle, cosign_simple_signing, notation, content_trust };
  kind of = kind::cosign_bundle;
  /// The platform whose manifest it is for; empty: the image's own.
  std::string platform;
  /// The type of its statement as it says itself; empty: Notation's, or a signed tag.
  std::string statement;
  /// For people; empty: not known. What the signature says of itself until `failure` is empty.
  std::string signer;
  std::string issuer;
  /// A proven time.
  std::optional<wall_time> signed_at;
  /// As trust::verdict.
  std::optional<wall_time> good_until{};
  /// No value: it holds. Else the reason, a sentence about the signature: "it was not made by the key".
  std::optional<error> failure;
};

struct image_verdict {
  bool is_verified = false;
  /// In the order in which they were found, unverified ones included.
  std::vector<signature_report> signatures;
  /// As found_signatures.
  std::vector<std::string> unreadable;
  std::size_t left_out = 0;
  /// Why it is not verified, for the end of a sentence: "no signature was found"; "none of 2 signatures that were found
  /// holds: …". Empty: it is.
  std::string reason;
  /// Verified: until when, at the moment of verification; no value: without an end.
  std::optional<wall_time> good_until{};
  /// Of content trust alone: the digest that was signed for the tag.
  std::optional<trust::signed_tag> signed_tag;
};

/// "cosign bundle", "cosign signature", "Notation signature", "signed tag".
[[nodiscard]] std::string_view to_string(signature_report::kind of) noexcept;

/// Verified: the image's own manifest has a signature that holds, and so has each of those for the verifier's
/// platforms. `attested`: an attestation of that kind in place of a signature. A verifier of content trust judges no
/// evidence (judge_signed_tag). An error, that of found_signatures::unread: what was read is not enough, and something
/// could not be read.
[[nodiscard]] result<image_verdict> judge(const image_evidence& evidence, const verifier& by, wall_time now,
                                          const attestation_demand* attested = nullptr);

/// The verdict on an image whose tag has a signed digest, or the error of finding one (not_found, denied, malformed:
/// not verified). `digest`: the image's; no value: the signed one is taken.
[[nodiscard]] image_verdict judge_signed_tag(const result<trust::signed_tag>& found,
                                             const std::optional<registry::digest>& digest);

}  // namespace pinhook::signatures
