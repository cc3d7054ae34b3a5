// The output of `pinhook verify`: for each image, verifier and signature what holds and what does not, who signed and
// when. Pure; any thread.
#pragma once

#include <pinhook/access/command_verdicts.hpp>

#include <string>
#include <vector>

namespace pinhook::cli {

/// Lines for people. What signatures say of themselves is escaped.
[[nodiscard]] std::string verify_table(const std::vector<access::verified_image>& images);

/// One array, an object an image: reference, canonical, digest, verified, error, verifiers; of each verifier: name,
/// verified, reason, error, signed_digest, signatures, unreadable, left_out; of each signature: kind, platform, type,
/// signer, issuer, signed_at, verified, reason. An absent value is null.
[[nodiscard]] std::string verify_json(const std::vector<access::verified_image>& images);

/// 0: all are verified; 3: of one it could not be looked up; else 1.
[[nodiscard]] int verify_exit_code(const std::vector<access::verified_image>& images);

}  // namespace pinhook::cli
