// Options of the cache of verdicts on images (proofs/verdict_cache).
//
// Plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>

namespace pinhook::signatures {

struct verdict_options {
  /// Answers of each of the two kinds, some 500 bytes each; the one that was used longest ago goes first. Images
  /// without a signature that counts take no place from those with one. Raise it when more images than that are in use.
  std::size_t capacity = 20'000;
  /// Longer: a signer who is no longer trusted counts for longer where that is not a change of a verifier. What a
  /// certificate or a file of Content Trust proves ends with it, whatever this is.
  std::chrono::nanoseconds accepted_for = std::chrono::hours(24);
  /// Longer: an image that was signed meanwhile is refused for longer.
  std::chrono::nanoseconds refused_for = std::chrono::minutes(1);
};

}  // namespace pinhook::signatures
