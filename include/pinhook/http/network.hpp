// A range of addresses: "10.0.0.0/8", "fd00::/8", "10.1.2.3".
//
// Values; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>

namespace pinhook::http {

struct network {
  /// The bits after the prefix are zero.
  boost::asio::ip::address first;
  /// 0–32 or 0–128.
  unsigned prefix = 0;

  /// Of the same family only: an IPv4 network does not hold "::ffff:10.0.0.1"; see `unwrapped`.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
  /// "10.0.0.0/8"; a single address without its prefix.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const network&, const network&) = default;
};

/// An IPv4-mapped range ("::ffff:10.0.0.0/104") is the IPv4 range in it, as addresses are unwrapped before they are
/// compared. invalid_input, with the reason: not an address, a prefix that is not a number or is too long, bits after
/// the prefix (the message suggests the range).
[[nodiscard]] result<network> parse_network(std::string_view text);

}  // namespace pinhook::http
