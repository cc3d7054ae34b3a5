// The client at the other end of a connection, as far as the server knows it.
//
// Plain values; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace pinhook::server {

enum class client_certificate : std::uint8_t {
  not_requested,  // the server has no authorities to check one by
  none,           // it was requested, and the client has sent none
  invalid,        // the authorities do not vouch for it, or it is not valid now
  verified,
};

struct client {
  /// Of the connection: that of a proxy or a NAT where one is between. The unspecified one: not known.
  boost::asio::ip::address address;
  client_certificate certificate = client_certificate::not_requested;
  /// Of a certificate that is verified: its common name first, then its DNS names, addresses and URIs.
  std::vector<std::string> names;
  /// The reason, for one that is invalid.
  std::string fault;
};

}  // namespace pinhook::server
