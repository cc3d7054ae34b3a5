// A valid URL that a peer named: absolute, http or https, without user information or fragment.
//
//   auto realm = web_url::parse("https://auth.example.com/token?tenant=7");
//   realm->where().authority()   // "auth.example.com"
//
// An immutable value; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::registry {

/// The security context of a URL: when it changes, credentials must be left behind.
struct origin {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address in brackets
  std::uint16_t port = 0;

  /// "host", or "host:port" when the port is not the scheme's own.
  [[nodiscard]] std::string authority() const;
  /// "https://host:port", the port always spelt out: for cache keys.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const origin&, const origin&) = default;
};

/// True for "localhost", 127.0.0.0/8 as four decimal numbers, and "[::1]"; `host` without a port.
[[nodiscard]] bool is_loopback_name(std::string_view host);

/// The host of "host" or "host:port", IPv6 brackets kept.
[[nodiscard]] std::string_view host_of(std::string_view authority);

class web_url {
 public:
  /// Longer URLs are refused. Signed storage URLs reach 2 KiB.
  static constexpr std::size_t max_size = 8192;

  /// malformed: not an absolute URL of http or https, too long, user information before the host, or a host with
  /// characters that are invalid in a registry's name (percent-encoding included: parsers disagree about it).
  [[nodiscard]] static result<web_url> parse(std::string_view text);

  /// Resolves `relative` against this URL (RFC 3986 §5); an absolute URL means itself. A fragment is dropped.
  [[nodiscard]] result<web_url> join(std::string_view relative) const;

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const origin& where() const { return where_; }
  /// The path as in the text, with its percent-encoding, without the query.
  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] bool has_query() const { return text_.find('?') != std::string::npos; }

 private:
  web_url() = default;
  std::string text_;
  origin where_;
};

}  // namespace pinhook::registry
