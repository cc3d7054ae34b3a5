// Which addresses a connection may go to, decided on the resolved address at the moment of connecting: that covers DNS
// rebinding, odd spellings of numbers ("0x7f.1") and redirects in one place (registry.md §6).
//
// Pure functions; any thread.
#pragma once

#include <pinhook/http/message.hpp>
#include <pinhook/http/network.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// The address that packets end up at, as `classify` sees it: the IPv4 address inside an IPv6 one, or the address
/// itself.
[[nodiscard]] boost::asio::ip::address unwrapped(const boost::asio::ip::address& address);

/// Global always; loopback and private networks as `r` says; the rest never.
[[nodiscard]] bool is_allowed(address_kind kind, const reach& r) noexcept;

/// What an operator says of addresses, beyond what each request's `reach` does.
struct address_rules {
  /// Never connected to.
  std::vector<network> deny;
  /// When not empty, only these are. A private address in it may be asked although `private_networks` or the reach says
  /// no; nothing in it opens loopback without the reach, or what is never asked (metadata, link-local, unspecified,
  /// multicast, broadcast).
  std::vector<network> allow;
  /// False: no private network, whatever a request's reach says.
  bool private_networks = true;
};

/// Why `address` may not be asked, for the end of a sentence ("it is a loopback address", "networks.deny has
/// 10.0.0.0/8"); nothing when it may be.
[[nodiscard]] std::optional<std::string> address_fault(const boost::asio::ip::address& address, const reach& r,
                                                       const address_rules& rules);

/// The same for the host of a URL that a proxy will resolve, out of our sight: literal addresses are judged like any
/// other (with a trailing dot too); names that clouds give their metadata services are never asked, names below
/// "localhost" as the reach says.
[[nodiscard]] std::optional<std::string> host_fault(std::string_view host, const reach& r, const address_rules& rules);

}  // namespace pinhook::http
