// Verifies an image: fetches what lies beside it, and judges it (image_verdict.hpp).
//
//   const auto verdict = co_await verify_image(read, {"ghcr.io/acme/app", digest}, verifier, {now}, d);
//   if (!verdict) …                 // the registry did not give what it must: neither signed nor unsigned
//   else if (!verdict->is_verified) … verdict->reason
//
// What is fetched for one verifier serves others, too: gather_evidence once, then `judge` for each.
//
// Thread rule: that of the reader.
#pragma once

#include <pinhook/base/async.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/deadline.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/signatures/finder.hpp>
#include <pinhook/signatures/image_verdict.hpp>
#include <pinhook/signatures/verifier.hpp>

#include <optional>
#include <string>
#include <vector>

namespace pinhook::signatures {

struct image_subject {
  /// "registry.example.com/acme/app", "docker.io/library/nginx".
  std::string repository;
  registry::digest digest;
};

/// What must be fetched beside signatures.
struct evidence_demand {
  /// For Notation: media type and size of the manifests.
  bool describes_manifests = false;
  /// Of an index: the manifests for these platforms too, where it has them.
  std::vector<registry::platform> platforms;
  /// Attestations of cosign's older layout, too.
  bool reads_attestations = false;
};

/// What these verifiers need, those of content trust left out.
[[nodiscard]] evidence_demand demand_of(const std::vector<const verifier*>& verifiers);

/// Errors: as find_signatures; malformed or not_found also for a manifest that must be read and cannot.
awaitable<result<image_evidence>> gather_evidence(document_reader read, image_subject of, evidence_demand wanted,
                                                  deadline d);

struct verify_options {
  /// The clock for certificates that are not proven to have been used before.
  wall_time now{};
  std::optional<attestation_demand> attested{};
};

/// Not for a verifier of content trust (content_trust_source.hpp): unsupported. Other errors: as gather_evidence.
/// `by` must outlive the call.
awaitable<result<image_verdict>> verify_image(document_reader read, image_subject of, const verifier& by,
                                              verify_options options, deadline d);

}  // namespace pinhook::signatures
