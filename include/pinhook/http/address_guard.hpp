// Which addresses a connection may go to, decided on the resolved address at the moment of connecting: that covers DNS
// rebinding, odd spellings of numbers ("0x7f.1") and redirects in one place (registry.md §6).
//
// Pure functions; any thread.
#pragma once

#include <pinhook/http/message.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string_view>

namespace pinhook::http {

enum class address_kind : std::uint8_t {
  global,           // the public internet
  private_network,  // RFC 1918, unique local, carrier-grade NAT, benchmarking, class E
  loopback,         // 127.0.0.0/8, ::1
  link_local,       // 169.254.0.0/16, fe80::/10: holds most clouds' metadata services
  metadata,         // metadata services outside the link-local ranges
  unspecified,      // 0.0.0.0/8, ::
  multicast,        // 224.0.0.0/4, ff00::/8
  broadcast,        // 255.255.255.255
};

/// For people: "a link-local address".
[[nodiscard]] std::string_view to_string(address_kind kind) noexcept;

/// The kind of the address that packets end up at: an IPv4 address inside an IPv6 one (mapped, compatible, NAT64
/// 64:ff9b::/96 and 64:ff9b:1::/48, 6to4 2002::/16) is looked at instead of its wrapping.
[[nodiscard]] address_kind classify(const boost::asio::ip::address& address);

/// Global always; loopback and private networks as `r` says; the rest never.
[[nodiscard]] bool is_allowed(address_kind kind, const reach& r) noexcept;

}  // namespace pinhook::http
