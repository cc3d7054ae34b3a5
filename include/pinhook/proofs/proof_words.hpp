// A verifier's verdict on an image as the answer to a rule's question, with the reasons in words.
//
// Pure; any thread.
#pragma once

#include <pinhook/rules/proof.hpp>
#include <pinhook/signatures/image_verdict.hpp>

#include <cstddef>

namespace pinhook::proofs {

/// Bytes of a reason. They come from registries, and are bounded where they are held.
inline constexpr std::size_t max_reason_size = 240;

/// At most rules::max_proof_lines reasons: "dev@acme.test (https://issuer.test): no identity of the verifier matches".
[[nodiscard]] rules::proof proof_of(const signatures::image_verdict& verdict, const rules::proof_question& asked);

}  // namespace pinhook::proofs
