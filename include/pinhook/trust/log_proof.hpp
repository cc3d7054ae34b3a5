// Whether a log entry proves that this very signature is in a trusted transparency log, and since when.
//
// A valid entry of another signature proves nothing: the entry is compared with the signature, or made again from it.
// Forms: hashedrekord 0.0.2 (Rekor v2, by its inclusion proof); hashedrekord 0.0.1, dsse 0.0.1 and intoto 0.0.2 (Rekor
// v1, by its promise, its inclusion proof, or both, of which each has to hold).
//
// Sources: https://github.com/sigstore/rekor-tiles (hashedrekord.proto),
// https://github.com/sigstore/rekor/tree/main/pkg/types; RFC 8785 for the canonical JSON. Pure; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/trust/log_entry.hpp>
#include <pinhook/trust/public_key.hpp>
#include <pinhook/trust/signature.hpp>
#include <pinhook/trust/trusted_root.hpp>

#include <optional>
#include <string>
#include <vector>

namespace pinhook::trust {

/// The key that made a signature.
struct signer {
  public_key key;
  hash by = hash::sha256;
  /// DER; empty: the key alone is known.
  std::string certificate;
};

struct log_proof {
  /// The log's address.
  std::string log;
  /// When the entry was added; no value in Rekor v2, which has no time of its own.
  std::optional<wall_time> time;
};

/// denied: the entry is of another signature, its path or promise does not hold, or its log is not trusted; malformed:
/// it cannot be read; unsupported: another form.
[[nodiscard]] result<log_proof> verify_log_entry(const log_entry& entry, const signature& of, const signer& by,
                                                 const std::vector<trusted_log>& logs);

}  // namespace pinhook::trust
