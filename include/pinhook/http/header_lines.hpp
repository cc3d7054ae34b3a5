// The header lines of a request as libcurl takes them.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>
#include <pinhook/http/message.hpp>

#include <curl/curl.h>

#include <cstddef>
#include <string>

namespace pinhook::http {

/// curl's list of lines, wiped on destruction because some hold credentials.
class header_lines {
 public:
  header_lines() = default;
  ~header_lines();
  header_lines(header_lines&& other) noexcept;
  header_lines& operator=(header_lines&& other) noexcept;

  /// "Name: value"; curl's spelling of an empty value is "Name;", for a header that it must not add itself "Name:".
  void add(const std::string& line);
  [[nodiscard]] curl_slist* get() const { return first_; }

 private:
  curl_slist* first_ = nullptr;
};

/// Bytes of a signed request's body. Those of clouds' APIs are a few KiB; from 1 MiB on curl would announce them with
/// Expect, and wait for an answer to that.
inline constexpr std::size_t max_signed_body = std::size_t{256} * 1024;

/// The request's own headers, its Authorization and the session token of its signature; curl's own additions are
/// switched off. invalid_input: a header that would break the framing, or a signed request that libcurl 7.88 would sign
/// wrongly or not at all: with an Authorization of its own, an empty header, a body without Content-Type or beyond the
/// limit, or two headers where one's name begins with the other's ("X-A", "X-A-B": curl sorts them by the text after
/// the name).
[[nodiscard]] result<header_lines> make_header_lines(const request& r);

}  // namespace pinhook::http
