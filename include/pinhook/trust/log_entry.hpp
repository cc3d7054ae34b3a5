// An entry of a transparency log (Rekor) as a signature brings it along, with the proofs that it is in the log.
//
// Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pinhook::trust {

/// A path in the log's tree (RFC 6962 §2.1.1) and the head that it leads to.
struct inclusion_proof {
  /// Among the entries of the checkpoint's tree.
  std::int64_t index = 0;
  /// 32 bytes each.
  std::vector<std::string> hashes;
  /// A signed note with the tree's size and root (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint).
  std::string checkpoint;
};

struct log_entry {
  /// Of the log: 32 bytes.
  std::string log_id;
  /// "hashedrekord", "dsse", "intoto", and the version of that form.
  std::string kind;
  std::string version;
  /// Over all trees of the log.
  std::int64_t index = 0;
  /// Seconds since 1970; 0: none. Only `promise` makes it credible.
  std::int64_t integrated_time = 0;
  /// The signed entry timestamp of Rekor v1; empty: none.
  std::string promise;
  std::optional<inclusion_proof> proof;
  /// True: its bundle is of a version in which a promise alone is not enough.
  bool needs_proof = false;
  /// The entry itself, JSON in its canonical form.
  std::string body;
};

}  // namespace pinhook::trust
