#include <pinhook/http/network.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/core.h>

#include <charconv>

namespace pinhook::http {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned mapped_bits = 96;

// The address with the bits after the prefix set to zero.
ip::address masked(const ip::address& address, unsigned prefix) {
  const auto bits = static_cast<unsigned short>(prefix);
  if (address.is_v4()) return ip::network_v4(address.to_v4(), bits).network();
  return ip::network_v6(address.to_v6(), bits).network();
}

unsigned width(const ip::address& address) { return address.is_v4() ? 32 : 128; }

}  // namespace

bool network::contains(const ip::address& address) const {
  return address.is_v4() == first.is_v4() && masked(address, prefix) == first;
}

std::string network::to_string() const {
  return prefix == width(first) ? first.to_string() : fmt::format("{}/{}", first.to_string(), prefix);
}

result<network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code no_address;
  auto address = ip::make_address(std::string(text.substr(0, slash)), no_address);
  if (no_address || (address.is_v6() && address.to_v6().scope_id() != 0))
    return fail(error_code::invalid_input,
                fmt::format("{} is not a network: it must be an address (10.1.2.3) or a range (10.0.0.0/8, fd00::/8)",
                            quoted(text, 60)));
  unsigned prefix = width(address);
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto read = std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
    if (bits.empty() || read.ec != std::errc() || read.ptr != bits.data() + bits.size() || prefix > width(address))
      return fail(error_code::invalid_input, fmt::format("{} is not a network: the prefix must be a number up to {}",
                                                         quoted(text, 60), width(address)));
  }
  if (address.is_v6() && address.to_v6().is_v4_mapped() && prefix >= mapped_bits) {
    address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
    prefix -= mapped_bits;
  }
  network out{masked(address, prefix), prefix};
  if (out.first != address)
    return fail(error_code::invalid_input, fmt::format("{} has bits after its prefix: {} is the range, {} the address",
                                                       quoted(text, 60), out.to_string(), address.to_string()));
  return out;
}

}  // namespace pinhook::http
