// Turns a registry's error response into an error: distribution-spec "Error Codes", and the other bodies of 4xx and 5xx
// (plain text, HTML of a proxy, the JSON of token servers).
//
// Pure functions on values; any thread.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinhook::registry {

/// A peer's explanation, ready for a message.
struct peer_message {
  /// Codes of errors[]: "MANIFEST_UNKNOWN", at most `max_errors`.
  std::vector<std::string> codes;
  /// One bounded line, the peer's own text quoted: `MANIFEST_UNKNOWN: "manifest unknown"`. Empty: the peer gave none.
  std::string text;

  static constexpr std::size_t max_errors = 3;
  /// Bytes of each of the peer's texts that are kept.
  static constexpr std::size_t max_text = 160;

  [[nodiscard]] bool has_code(std::string_view code) const;
};

/// Lenient: any body gives a short text. The caller must have removed the secrets that it sent from the body.
[[nodiscard]] peer_message read_error_body(std::string_view body);

/// The texts of `Warning: 299` headers, for the log alone (distribution-spec "Warnings"): repeated ones once, at most
/// `max_warning_bytes` in all. They point into `r`.
inline constexpr std::size_t max_warning_bytes = 4096;
[[nodiscard]] std::vector<std::string_view> read_warnings(const http::response& r);

/// The request, for the message.
struct refused_request {
  /// The peer as users know it: "registry ghcr.io".
  std::string peer;
  /// The requested image: `"acme/api:v2"`.
  std::string subject;
  /// credential::source; empty means "anonymous".
  std::string credentials;
  /// True when a token was requested, not the manifest.
  bool token = false;
  /// For a request in plain HTTP: the advice when the peer turns out to require TLS. Empty: the request used TLS.
  std::string tls_advice = {};
};

/// The error for a status that is not success, with the peer's text and Retry-After. 401 unauthorized · 403 denied ·
/// 404 not_found · 429 rate_limited · 408, 499, 5xx unavailable · others malformed.
[[nodiscard]] error from_status(const refused_request& request, const http::response& r, wall_time now);

/// The message without the statuses and texts of peers that `from_status` puts into it, ` (404: MANIFEST_UNKNOWN:
/// "manifest unknown")`: for a reader with little room, who needs the other words more.
[[nodiscard]] std::string without_answers(std::string_view message);

}  // namespace pinhook::registry
