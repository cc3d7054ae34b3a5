// The bytes of a response: head and body in one piece, so that they leave in one write and one TLS record.
//
// Thread rule: pure functions.
#pragma once

#include <pinhook/base/clock.hpp>
#include <pinhook/server/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::server {

struct response_form {
  /// `Connection: close` is written.
  bool closes = false;
  /// For HEAD: the Content-Length of the body, and no body.
  bool without_body = false;
  /// The value of the Date header; empty: no header.
  std::string_view date;
};

/// Appends the response to `out`.
void append_response(std::string& out, const response& r, const response_form& form);

/// "OK", "Not Found", …; "Unknown" for a status without a name here.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(wall_time when);

inline constexpr std::string_view continue_response = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace pinhook::server
