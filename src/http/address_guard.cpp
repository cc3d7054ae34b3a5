#include <pinhook/http/address_guard.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

namespace pinhook::http {
namespace {

namespace ip = boost::asio::ip;

template <class Address>
struct range {
  Address network;
  unsigned bits;
  address_kind kind;
};

template <class Address>
bool is_within(const Address& address, const range<Address>& r) {
  const auto a = address.to_bytes();
  const auto n = r.network.to_bytes();
  unsigned left = r.bits;
  for (std::size_t i = 0; i < a.size() && left != 0; ++i) {
    const unsigned bits = left < 8 ? left : 8;
    if ((a[i] ^ n[i]) >> (8 - bits) != 0) return false;
    left -= bits;
  }
  return true;
}

// The first match wins, so single addresses come before the ranges that hold them.
const auto& v4_ranges() {
  static const auto ranges = [] {
    const auto v4 = [](const char* network, unsigned bits, address_kind kind) {
      return range<ip::address_v4>{ip::make_address_v4(network), bits, kind};
    };
    return std::array{
        v4("100.100.100.200", 32, address_kind::metadata),  // Alibaba Cloud
        v4("168.63.129.16", 32, address_kind::metadata),    // Azure's wire server
        v4("192.0.0.192", 32, address_kind::metadata),      // Oracle Cloud, old
        v4("0.0.0.0", 8, address_kind::unspecified),         v4("127.0.0.0", 8, address_kind::loopback),
        v4("169.254.0.0", 16, address_kind::link_local),     v4("224.0.0.0", 4, address_kind::multicast),
        v4("255.255.255.255", 32, address_kind::broadcast),  v4("10.0.0.0", 8, address_kind::private_network),
        v4("172.16.0.0", 12, address_kind::private_network), v4("192.168.0.0", 16, address_kind::private_network),
        v4("100.64.0.0", 10, address_kind::private_network),  // RFC 6598, carrier-grade NAT
        v4("192.0.0.0", 24, address_kind::private_network),   // RFC 6890, protocol assignments
        v4("198.18.0.0", 15, address_kind::private_network),  // RFC 2544, benchmarking
        v4("240.0.0.0", 4, address_kind::private_network),    // class E: some clouds use it inside
    };
  }();
  return ranges;
}

const auto& v6_ranges() {
  static const auto ranges = [] {
    const auto v6 = [](const char* network, unsigned bits, address_kind kind) {
      return range<ip::address_v6>{ip::make_address_v6(network), bits, kind};
    };
    return std::array{
        v6("::", 128, address_kind::unspecified),        v6("::1", 128, address_kind::loopback),
        v6("fd00:ec2::", 32, address_kind::metadata),     // AWS
        v6("fd20:ce::254", 128, address_kind::metadata),  // Google
        v6("fe80::", 10, address_kind::link_local),      v6("ff00::", 8, address_kind::multicast),
        v6("fc00::", 7, address_kind::private_network),   // RFC 4193, unique local
        v6("fec0::", 10, address_kind::private_network),  // RFC 3879, slot-local of old
    };
  }();
  return ranges;
}

template <class Address, class Ranges>
std::optional<address_kind> find_kind(const Address& address, const Ranges& ranges) {
  for (const auto& r : ranges)
    if (is_within(address, r)) return r.kind;
  return std::nullopt;
}

// The places of an IPv4 address inside an IPv6 one.
struct wrapping {
  const char* network;
  unsigned bits;
  std::size_t offset;
};
constexpr std::array wrappings{
    wrapping{"::ffff:0:0", 96, 12},    // RFC 4291 §2.5.5.2, mapped
    wrapping{"::ffff:0:0:0", 96, 12},  // RFC 2765, translated
    wrapping{"64:ff9b::", 96, 12},     // RFC 6052, NAT64
    wrapping{"64:ff9b:1::", 48, 12},   // RFC 8215, NAT64 of a local network
    wrapping{"2002::", 16, 2},         // RFC 3056, 6to4
    wrapping{"::", 96, 12},            // RFC 4291 §2.5.5.1, compatible; after :: and ::1
};

std::optional<ip::address_v4> find_wrapped(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  for (const auto& w : wrappings) {
    if (!is_within(address, range<ip::address_v6>{ip::make_address_v6(w.network), w.bits, address_kind::global}))
      continue;
    return ip::address_v4({bytes[w.offset], bytes[w.offset + 1], bytes[w.offset + 2], bytes[w.offset + 3]});
  }
  return std::nullopt;
}

// The names of the metadata services of clouds and their agents.
constexpr std::array<std::string_view, 8> metadata_names{
    "metadata",                      // Google, by the search domain
    "metadata.google.internal",      // Google
    "metadata.goog",                 // Google
    "instance-data",                 // AWS, by the search domain
    "instance-data.ec2.internal",    // AWS
    "metadata.tencentyun.com",       // Tencent
    "metadata.platformequinix.com",  // Equinix
    "rancher-metadata",              // Rancher
};

}  // namespace

std::string_view to_string(address_kind kind) noexcept {
  constexpr std::array<std::string_view, 8> names{
      "a public address",           "an address of a private network", "a loopback address",  "a link-local address",
      "a cloud's metadata service", "the unspecified address",         "a multicast address", "the broadcast address"};
  const auto index = static_cast<std::size_t>(kind);
  return index < names.size() ? names[index] : "an unknown kind of address";
}

address_kind classify(const ip::address& address) {
  if (address.is_v4()) return find_kind(address.to_v4(), v4_ranges()).value_or(address_kind::global);
  const auto v6 = address.to_v6();
  if (const auto kind = find_kind(v6, v6_ranges())) return *kind;
  if (const auto v4 = find_wrapped(v6)) return classify(*v4);
  return address_kind::global;
}

ip::address unwrapped(const ip::address& address) {
  if (address.is_v4()) return address;
  const auto v6 = address.to_v6();
  // :: and ::1 are addresses of their own, not IPv4 ones in 96 zeros.
  if (find_kind(v6, v6_ranges())) return address;
  if (const auto v4 = find_wrapped(v6)) return *v4;
  return address;
}

bool is_allowed(address_kind kind, const reach& r) noexcept {
  switch (kind) {
    case address_kind::global:
      return true;
    case address_kind::private_network:
      return r.private_networks;
    case address_kind::loopback:
      return r.loopback;
    default:
      return false;
  }
}

std::optional<std::string> address_fault(const ip::address& address, const reach& r, const address_rules& rules) {
  const ip::address target = unwrapped(address);
  const auto find_in = [&](const std::vector<network>& networks) {
    return std::find_if(networks.begin(), networks.end(),
                        [&](const network& n) { return n.contains(address) || n.contains(target); });
  };
  const address_kind kind = classify(address);
  if (!is_allowed(kind, {.loopback = r.loopback, .private_networks = true}))
    return fmt::format("it is {}", to_string(kind));
  if (const auto found = find_in(rules.deny); found != rules.deny.end())
    return fmt::format("networks.deny has {}", found->to_string());
  const bool is_listed = find_in(rules.allow) != rules.allow.end();
  if (!rules.allow.empty() && !is_listed) return "networks.allow does not have it";
  if (kind != address_kind::private_network || is_listed) return std::nullopt;
  if (!rules.private_networks) return fmt::format("it is {}, and networks.private is false", to_string(kind));
  if (!r.private_networks) return fmt::format("it is {}", to_string(kind));
  return std::nullopt;
}

bool is_never_allowed(std::string_view host) {
  while (host.ends_with('.')) host.remove_suffix(1);
  boost::system::error_code is_a_name;
  const auto address = ip::make_address(std::string(host), is_a_name);
  if (is_a_name) return std::find(metadata_names.begin(), metadata_names.end(), host) != metadata_names.end();
  return !is_allowed(classify(unwrapped(address)), {.loopback = true, .private_networks = true});
}

std::optional<std::string> host_fault(std::string_view host, const reach& r, const address_rules& rules) {
  while (host.ends_with('.')) host.remove_suffix(1);
  // An IPv4 address with a trailing dot is a name to curl, and an address to some resolvers.
  boost::system::error_code is_a_name;
  const auto address = ip::make_address(std::string(host), is_a_name);
  if (!is_a_name) return address_fault(address, r, rules);
  if (!r.loopback && (host == "localhost" || host.ends_with(".localhost")))
    return fmt::format("it is {}", to_string(address_kind::loopback));
  if (std::find(metadata_names.begin(), metadata_names.end(), host) != metadata_names.end())
    return fmt::format("it is {}", to_string(address_kind::metadata));
  return std::nullopt;
}

}  // namespace pinhook::http
