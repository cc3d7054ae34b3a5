// Verdicts of verifiers on images, for commands: references in, what is signed beside each image out.
//
//   auto verdicts = verify_images(*registries, references, verifiers, {now});
//
// Blocks until all are known; the thread of `registries`.
#pragma once

#include <pinhook/access/command_digests.hpp>
#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/registry/digest.hpp>
#include <pinhook/registry/reference.hpp>
#include <pinhook/signatures/image_verdict.hpp>
#include <pinhook/signatures/verifier.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::access {

/// What one verifier makes of an image.
struct named_verdict {
  std::string verifier;
  /// An error: it could not be looked up.
  result<signatures::image_verdict> verdict;
};

struct verified_image {
  registry::reference ref;
  /// What the reference names now. An error: it is not known, and there are no verdicts.
  result<registry::digest> digest;
  /// In the order of the verifiers.
  std::vector<named_verdict> verdicts;

  /// A verifier accepts it.
  [[nodiscard]] bool is_verified() const;
  /// None does, and it is not known what all of them would make of it.
  [[nodiscard]] bool is_unknown() const;
};

struct verdict_options {
  /// As verify_options::now.
  wall_time now{};
  /// As verify_options::attested. Verifiers that do not read attestations do not accept the image.
  std::optional<signatures::attestation_demand> attested{};
  /// The time for one image.
  std::chrono::nanoseconds limit = std::chrono::minutes(2);
};

/// In the order of the references, each whole: what was signed beside an image is fetched once for all verifiers.
[[nodiscard]] std::vector<verified_image> verify_images(registry_digests& registries,
                                                        const std::vector<registry::reference>& refs,
                                                        const std::vector<signatures::verifier>& verifiers,
                                                        const verdict_options& options);

}  // namespace pinhook::access
