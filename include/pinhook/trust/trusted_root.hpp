// The roots of trust for signatures: the keys of logs and the certificates of authorities, as Sigstore's
// trusted_root.json lists them.
//
//   const auto root = trusted_root::parse(text);
//
// Source: https://github.com/sigstore/protobuf-specs (sigstore_trustroot.proto, media type
// application/vnd.dev.sigstore.trustedroot+json;version=0.1). Immutable values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/trust/public_key.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::trust {

/// Bytes of a trusted root that are read; that of the public Sigstore instance has 7,000.
inline constexpr std::size_t max_trusted_root_bytes = std::size_t{4} * 1024 * 1024;

/// From `start` to `end`, both included; without an end: still.
struct validity {
  wall_time start{};
  std::optional<wall_time> end;
  [[nodiscard]] bool holds_at(wall_time when) const { return start <= when && (!end || when <= *end); }
};

/// A transparency log (Rekor), or a log of certificates.
struct trusted_log {
  /// 32 bytes.
  std::string id;
  public_key key;
  /// The host of its address: the first line of its checkpoints, in Rekor v2.
  std::string origin;
  validity valid;
};

/// An authority for signers' certificates, or for timestamps.
struct trusted_authority {
  /// DER; the last one is the anchor. A timestamp authority's begins with the certificate that signs.
  std::vector<std::string> chain;
  validity valid;
};

struct trusted_root {
  std::vector<trusted_log> logs;
  std::vector<trusted_log> certificate_logs;
  std::vector<trusted_authority> authorities;
  std::vector<trusted_authority> timestamp_authorities;

  /// invalid_input: not JSON, another media type, or an entry that is damaged; the message names it. A log with a key
  /// of a kind that is not supported is passed over: a fact that only it could prove is not proven.
  [[nodiscard]] static result<trusted_root> parse(std::string_view text);
};

}  // namespace pinhook::trust
