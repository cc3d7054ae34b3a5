// Decides which addresses a connection may go to, on the resolved address at the moment of connecting: that covers DNS
// rebinding, odd spellings of numbers ("0x7f.1") and redirects in one place. go-containerregistry,
// which compares the text of a host, was open to names (#2440), numbers (#2425) and 0.0.0.0 (#2284).
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

/// For messages: "a link-local address".
[[nodiscard]] std::string_view to_string(address_kind kind) noexcept;

/// The kind of the address that packets finally reach: an IPv4 address inside an IPv6 one (mapped, compatible, NAT64
/// 64:ff9b::/96 and 64:ff9b:1::/48, 6to4 2002::/16) counts instead of its wrapping.
[[nodiscard]] address_kind classify(const boost::asio::ip::address& address);

/// The address that packets finally reach, as in `classify`: the IPv4 address inside an IPv6 one, or the address
/// itself.
[[nodiscard]] boost::asio::ip::address unwrapped(const boost::asio::ip::address& address);

/// Global is always allowed, loopback and private networks as in `r`, the rest never.
[[nodiscard]] bool is_allowed(address_kind kind, const reach& r) noexcept;

/// True for an address that no reach and no rule allows, and for the names of metadata services.
[[nodiscard]] bool is_never_allowed(std::string_view host);

/// The operator's rules for addresses, beyond each request's `reach`.
struct address_rules {
  /// Never connected to.
  std::vector<network> deny;
  /// When not empty, only these are allowed. A private address in it is allowed even without `private_networks` or the
  /// reach; nothing in it opens loopback without the reach, or the addresses that are never allowed (metadata,
  /// link-local, unspecified, multicast, broadcast).
  std::vector<network> allow;
  /// False: no private network, even within a request's reach.
  bool private_networks = true;
};

/// The reason against `address`, for the end of a sentence ("it is a loopback address", "networks.deny has
/// 10.0.0.0/8"); no value when it is allowed.
[[nodiscard]] std::optional<std::string> address_fault(const boost::asio::ip::address& address, const reach& r,
                                                       const address_rules& rules);

/// The same for the host of a URL that a proxy will resolve, out of the guard's sight: literal addresses are judged
/// like any other (with a trailing dot too); names of clouds' metadata services are never allowed, names below
/// "localhost" only within the reach.
[[nodiscard]] std::optional<std::string> host_fault(std::string_view host, const reach& r, const address_rules& rules);

}  // namespace pinhook::http
