// The address and port that a server listens on.
//
// Plain values; any thread.
#pragma once

#include <pinhook/base/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pinhook::server {

struct listen_address {
  boost::asio::ip::address ip;
  /// 0: any free port.
  std::uint16_t port = 0;

  /// "0.0.0.0:8443", "[::]:8443": as `parse_address` reads it.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const listen_address&, const listen_address&) = default;
};

/// "0.0.0.0:8443", "[::]:8443", "127.0.0.1:0". invalid_input for anything else: names are not looked up.
[[nodiscard]] result<listen_address> parse_address(std::string_view text);

}  // namespace pinhook::server
