// The result of verifying one signature.
//
// A plain value; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>

#include <optional>
#include <string>

namespace pinhook::trust {

struct verdict {
  /// No value: verified. denied, malformed or unsupported, with the reason as a sentence about the signature: "it was
  /// not made by the key".
  std::optional<error> failure;
  /// For people: "key sha256:…", the certificate's identity or subject; empty: not known.
  std::string signer;
  /// The OIDC issuer of the certificate; empty: none.
  std::string issuer;
  /// The earliest proven time.
  std::optional<wall_time> signed_at;
  /// Until when it holds, where that rests on the moment of verification: the end of a certificate without a proof of
  /// time, or of the signature itself. No value: it holds without an end.
  std::optional<wall_time> good_until{};
  [[nodiscard]] bool is_verified() const { return !failure; }
};

}  // namespace pinhook::trust
