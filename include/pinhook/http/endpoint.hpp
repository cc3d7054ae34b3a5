// The endpoint of a URL: scheme, host and port. Messages name it, and address and proxy rules check it.
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pinhook::http {

struct endpoint {
  bool is_https = true;
  /// Lower case; an IPv6 address without brackets; odd spellings of IPv4 ("0x7f.1") as plain dotted decimals.
  std::string host;
  std::uint16_t port = 443;

  /// "example.com:443", "[::1]:5000".
  [[nodiscard]] std::string to_string() const;
  /// As in a Host header: without the scheme's own port.
  [[nodiscard]] std::string url_authority() const;
  /// The host when it is an address and not a name.
  [[nodiscard]] std::optional<boost::asio::ip::address> address() const;
  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// invalid_input: not an absolute http or https URL, a user name in it, or invalid characters. The message does not
/// repeat the URL (its query may be signed).
[[nodiscard]] result<endpoint> parse_endpoint(const std::string& url);

/// The same URL with another host, which is written as in a URL ("one.example", "[::1]"). `url` must be valid.
[[nodiscard]] std::string with_host(const std::string& url, const std::string& host);

}  // namespace pinhook::http
