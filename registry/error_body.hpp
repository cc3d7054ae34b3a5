// What a registry says when it says no, made into our error: distribution-spec "Error Codes", and what else comes with
// 4xx and 5xx (plain text, HTML of a proxy, the JSON of token servers).
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

/// A peer's explanation, fit for a message.
struct peer_words {
  /// Codes of errors[]: "MANIFEST_UNKNOWN", at most `max_errors`.
  std::vector<std::string> codes;
  /// One bounded line, the peer's own text quoted: `MANIFEST_UNKNOWN: "manifest unknown"`. Empty: it said nothing.
  std::string text;

  static constexpr std::size_t max_errors = 3;
  /// Bytes of each of the peer's texts that are kept.
  static constexpr std::size_t max_text = 160;

  [[nodiscard]] bool has_code(std::string_view code) const;
};

/// Lenient: whatever the body is, something short comes out. Secrets that were sent must have been removed from it.
[[nodiscard]] peer_words read_error_body(std::string_view body);

/// The texts of `Warning: 299` headers, for the log alone (distribution-spec "Warnings"): repeated ones once, at most
/// `max_warning_bytes` in all. They point into `r`.
inline constexpr std::size_t max_warning_bytes = 4096;
[[nodiscard]] std::vector<std::string_view> read_warnings(const http::response& r);

/// What was asked, for the message.
struct refused_request {
  /// Whom the person knows: "registry ghcr.io".
  std::string peer;
  /// What for: `"acme/api:v2"`.
  std::string subject;
  /// credential::source, or empty when nobody was named ("anonymous").
  std::string credentials;
  /// True when a token was asked for, not the manifest.
  bool token = false;
  /// Asked in plain HTTP: what to write where the peer turns out to want TLS. Empty: it was asked by TLS.
  std::string if_https = {};
};

/// The error behind a status that is not success, with the peer's words, Retry-After, and what a person can do.
/// 401 unauthorized · 403 denied · 404 not_found · 429 rate_limited · 408, 499, 5xx unavailable · others malformed.
[[nodiscard]] error from_status(const refused_request& what, const http::response& r, wall_time now);

}  // namespace pinhook::registry
